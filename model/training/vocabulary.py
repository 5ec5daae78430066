"""Learns the word pieces of the corpus: `python -m model.training.vocabulary`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from model.embed import words
from model.training.corpus import CORPUS, load

SIZE = 28_000
"""Pieces. With 256 dimensions the whole embedding stays under 9 MB."""

_RAREST = 8  # a piece is worth a row only if the corpus gives it this many occurrences


def learn(texts: Iterable[str], size: int = SIZE) -> Tokenizer:
    """A byte-level BPE over lower-cased words, so that no text is ever out of vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=_RAREST,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_words_of(texts), trainer)
    return tokenizer


def _words_of(texts: Iterable[str]) -> Iterator[list[str]]:
    return (words(text) for text in texts)


def path(folder: Path = CORPUS) -> Path:
    """Where the vocabulary of a corpus lies."""
    return folder / "vocabulary.json"


if __name__ == "__main__":
    learn(file.text for file in load()).save(str(path()), pretty=False)
    print(path())
