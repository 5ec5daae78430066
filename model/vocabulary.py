"""Cuts a vocabulary to the tokens that code uses; any other text falls back to shorter ones.

The tokens of a byte-level BPE (Sennrich et al. 2016) are built by merges from its 256 bytes, so a
token can be left out wherever no kept token is merged from it: text that used it is spelled with
its parts, and nothing is lost. `vocabularies/` lists the tokens of the vocabularies we know in the
order of how often code uses them (`model/training/token_use.py` counts).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.checkpoint import UnsupportedModel, Vocabulary

_ORDERS = Path(__file__).parent / "vocabularies"


def tokens_by_use(vocabulary: Vocabulary) -> NDArray[np.int64]:
    """Ids of the tokens that code uses, most used first.

    Raises UnsupportedModel for a vocabulary that was never counted.
    """
    path = _ORDERS / f"{vocabulary.pre_tokenizer}.npz"
    if not path.exists():
        raise UnsupportedModel(
            f"No counts of tokens are known for the vocabulary {vocabulary.pre_tokenizer}: "
            "convert the model with a recipe that keeps its vocabulary whole."
        )
    with np.load(path) as file:
        order: NDArray[np.int64] = file["order"].astype(np.int64)
    return order


def kept_tokens(vocabulary: Vocabulary, order: Sequence[int], size: int) -> list[int]:
    """Ids of at most `size` tokens to keep, ascending: the first of `order` that fit.

    Special tokens and all single bytes are always among them, and with each token those that it is
    merged from.
    """
    ids = {token: index for index, token in enumerate(vocabulary.tokens)}
    parts = _parts(vocabulary, ids)
    kept = set(vocabulary.special)
    kept.update(index for index, token in enumerate(vocabulary.tokens) if len(token) == 1)
    for index in order:
        needed = _with_parts(int(index), parts) - kept
        if len(kept) + len(needed) <= size:
            kept |= needed
    return sorted(kept)


def pruned(vocabulary: Vocabulary, kept: Sequence[int]) -> Vocabulary:
    """The vocabulary of the tokens `kept` alone, renumbered in their order.

    Only the merges that lead from kept tokens to a kept token stay.
    """
    tokens = tuple(vocabulary.tokens[index] for index in kept)
    known = set(tokens)
    merges = []
    for pair in vocabulary.merges:
        left, _, right = pair.partition(" ")
        if left in known and right in known and left + right in known:
            merges.append(pair)
    return Vocabulary(
        tokens=tokens,
        special=frozenset(new for new, old in enumerate(kept) if old in vocabulary.special),
        merges=tuple(merges),
        pre_tokenizer=vocabulary.pre_tokenizer,
    )


def _parts(vocabulary: Vocabulary, ids: dict[str, int]) -> dict[int, tuple[int, int]]:
    """For each merged token the two that its best merge joins."""
    parts: dict[int, tuple[int, int]] = {}
    for pair in vocabulary.merges:
        left, _, right = pair.partition(" ")
        whole = ids.get(left + right)
        if whole is not None and left in ids and right in ids:
            parts.setdefault(whole, (ids[left], ids[right]))
    return parts


def _with_parts(index: int, parts: dict[int, tuple[int, int]]) -> set[int]:
    """A token and all that it is built from."""
    found: set[int] = set()
    pending = [index]
    while pending:
        token = pending.pop()
        if token not in found:
            found.add(token)
            pending.extend(parts.get(token, ()))
    return found
