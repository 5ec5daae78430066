"""Leaves parts of a decoder out: tokens, layers, heads, and columns of feed-forward parts."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.checkpoint import Checkpoint
from model.fitting.cholesky import diagonal_of_inverse
from model.fitting.layerwise import Array, Layer
from model.vocabulary import kept_tokens, pruned, tokens_by_use


def with_vocabulary_of(checkpoint: Checkpoint, size: int) -> Checkpoint:
    """The decoder with at most `size` tokens, those that code uses most, renumbered.

    Raises UnsupportedModel for a vocabulary whose use was never counted.
    """
    vocabulary = checkpoint.vocabulary
    if size >= len(vocabulary.tokens):
        return checkpoint
    kept = kept_tokens(vocabulary, tokens_by_use(vocabulary).tolist(), size)
    return with_tokens(checkpoint, kept)


def with_tokens(checkpoint: Checkpoint, kept: Sequence[int]) -> Checkpoint:
    """The decoder with the tokens `kept` alone, renumbered in their order."""

    def read(name: str) -> NDArray[np.float32]:
        values = checkpoint.tensor(name)
        return values[kept] if name in ("token_embd.weight", "output.weight") else values

    return replace(
        checkpoint,
        shape=replace(checkpoint.shape, vocabulary=len(kept)),
        vocabulary=pruned(checkpoint.vocabulary, kept),
        read=read,
    )


def without_layers(checkpoint: Checkpoint, dropped: Collection[int]) -> Checkpoint:
    """The decoder without some of its layers."""
    kept = [layer for layer in range(checkpoint.shape.layers) if layer not in dropped]
    original = {f"blk.{new}.": f"blk.{old}." for new, old in enumerate(kept)}

    def renamed(name: str) -> str:
        if not name.startswith("blk."):
            return name
        stem = name[: name.index(".", 4) + 1]
        return original[stem] + name.removeprefix(stem)

    current = {old: new for new, old in original.items()}
    names = set()
    for name in checkpoint.names:
        stem = name[: name.index(".", 4) + 1] if name.startswith("blk.") else ""
        if not stem or stem in current:
            names.add(current.get(stem, "") + name.removeprefix(stem))
    return replace(
        checkpoint,
        shape=replace(checkpoint.shape, layers=len(kept)),
        names=frozenset(names),
        read=lambda name: checkpoint.tensor(renamed(name)),
    )


def without_groups(checkpoint: Checkpoint, dropped: Sequence[Collection[int]]) -> Checkpoint:
    """The decoder without some groups of heads: those that share a key and a value.

    `dropped`: the groups to leave out of each layer, as many of each. Raises ValueError when they
    are not as many, or all.
    """
    shape = checkpoint.shape
    counts = {len(set(groups)) for groups in dropped}
    if len(dropped) != shape.layers or len(counts) != 1 or counts == {shape.key_value_heads}:
        raise ValueError("As many groups have to be left out of every layer, and one has to stay.")
    left = shape.key_value_heads - counts.pop()

    def read(name: str) -> NDArray[np.float32]:
        values = checkpoint.tensor(name)
        if not name.startswith("blk.") or ".attn_" not in name or "attn_norm" in name:
            return values
        layer = int(name.split(".")[1])
        kept = [group for group in range(shape.key_value_heads) if group not in dropped[layer]]
        outputs = values.T if "attn_output" in name else values
        by_group = outputs.reshape(shape.key_value_heads, -1, *outputs.shape[1:])[kept]
        result = by_group.reshape(-1, *outputs.shape[1:])
        return np.ascontiguousarray(result.T) if "attn_output" in name else result

    heads = shape.heads // shape.key_value_heads * left
    return replace(checkpoint, shape=replace(shape, heads=heads, key_value_heads=left), read=read)


def kept_columns(weight: Array, gram: Array, count: int) -> NDArray[np.int64]:
    """Which `count` columns of a [rows, columns] matrix are kept, ascending.

    Those go whose product the others can least ill make up for: w^2 / (G^-1)_ii for the gram matrix
    G = X^T X of its inputs (Hassibi and Stork 1993, "Optimal Brain Surgeon").
    """
    loss = np.square(weight).sum(axis=0) / diagonal_of_inverse(gram)
    return np.sort(np.argsort(loss)[len(loss) - count :])


def with_columns(layer: Layer, kept: NDArray[np.int64]) -> Layer:
    """The layer with some columns of its feed-forward part alone; the others' weights stay."""
    down, both = f"{layer.stem}.ffn_down", f"{layer.stem}.ffn_gate_up"
    gate, up = np.split(layer.weights[both], 2)
    fewer = {down: layer.weights[down][:, kept], both: np.concatenate([gate[kept], up[kept]])}
    return replace(layer, weights=layer.weights | fewer)
