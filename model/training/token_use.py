"""Counts the tokens of the corpus: `python -m model.training.token_use FILE.gguf ...`.

Writes `model/vocabularies/NAME.npz` for the vocabulary of each file: the ids of the tokens that
code uses, most used first. Languages count alike, however much of the corpus they are.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from model.checkpoint import open_checkpoint
from model.tokenizer import build_tokenizer
from model.training.corpus import load

_FOLDER = Path(__file__).parents[1] / "vocabularies"

_EACH_LANGUAGE = 8_000_000  # characters: more do not change the order of the tokens in use
_BATCH = 512  # texts encoded at once, on all cores
_LONGEST = 200_000  # characters of one file


def texts_by_language() -> dict[str, list[str]]:
    """Up to `_EACH_LANGUAGE` characters of each language, from files all over the corpus."""
    texts: dict[str, list[str]] = defaultdict(list)
    for file in load():
        texts[file.language].append(file.text[:_LONGEST])
    chosen = {}
    for language, found in texts.items():
        np.random.default_rng(0).shuffle(found)
        ends = np.cumsum([len(text) for text in found])
        chosen[language] = found[: int(np.searchsorted(ends, _EACH_LANGUAGE)) + 1]
    return chosen


def use(tokenizer: Tokenizer, texts: dict[str, list[str]]) -> NDArray[np.float64]:
    """How much of each language's tokens a token is, summed over languages, by id."""
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    total = np.zeros(size)
    for of_language in texts.values():
        counts = np.zeros(size)
        for start in range(0, len(of_language), _BATCH):
            encodings = tokenizer.encode_batch_fast(of_language[start : start + _BATCH])
            for encoding in encodings:
                counts += np.bincount(encoding.ids, minlength=size)
        total += counts / counts.sum()
    return total


def write(path: Path, texts: dict[str, list[str]]) -> Path:
    """Writes the order of use for the vocabulary of a GGUF file; returns where it is."""
    vocabulary = open_checkpoint(path).vocabulary
    tokenizer = build_tokenizer(vocabulary)
    tokenizer.encode_special_tokens = True
    shares = use(tokenizer, texts)
    order = np.argsort(-shares, kind="stable")[: np.count_nonzero(shares)]
    _FOLDER.mkdir(exist_ok=True)
    target = _FOLDER / f"{vocabulary.pre_tokenizer}.npz"
    np.savez_compressed(target, order=order.astype(np.uint32))
    return target


if __name__ == "__main__":
    corpus = texts_by_language()
    for name in sys.argv[1:]:
        print(write(Path(name), corpus))
