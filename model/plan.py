"""Which parts of a decoder keep 8 bits, where the others have 4."""

from collections.abc import Mapping
from dataclasses import replace

from model.checkpoint import DecoderShape
from model.graph import LONGEST_CONTEXT
from model.recipes import INT4, INT8, Precision, Recipe

_HALF = 2  # bytes of a number in fp16


def part_sizes(shape: DecoderShape) -> dict[str, list[tuple[int, int]]]:
    """Rows and columns of the matrices of each part: "head", "blk.0.attn", "blk.0.ffn", ..."""
    queries, keys = (count * shape.head_size for count in (shape.heads, shape.key_value_heads))
    sizes = {"head": [(shape.vocabulary, shape.hidden)]}
    for layer in range(shape.layers):
        sizes[f"blk.{layer}.attn"] = [(queries + 2 * keys, shape.hidden), (shape.hidden, queries)]
        sizes[f"blk.{layer}.ffn"] = [
            (2 * shape.feed_forward, shape.hidden),
            (shape.hidden, shape.feed_forward),
        ]
    return sizes


def weights_of(shape: DecoderShape) -> int:
    """How many weights the matrices have, one table at both ends counted once."""
    return sum(rows * columns for part in part_sizes(shape).values() for rows, columns in part)


def bytes_of(matrices: list[tuple[int, int]], precision: Precision) -> float:
    """Bytes of matrices of these rows and columns on the disk."""
    return sum(rows * columns * precision.bits_a_weight(columns) / 8 for rows, columns in matrices)


def planned(
    recipe: Recipe, whole: DecoderShape, kept: DecoderShape, sensitivity: Mapping[str, float]
) -> Recipe:
    """The recipe with the parts that lose most by 4 bits, for each byte saved, kept at 8.

    The file grows up to the recipe's share of the bytes that the whole decoder has in fp16. `kept`
    is the shape of what is converted of it.
    """
    sizes = part_sizes(kept)
    least = sum(bytes_of(part, INT4) for part in sizes.values()) + _tables(kept)
    room = (recipe.share or 0) * _HALF * weights_of(whole) - least
    extra = {name: bytes_of(part, INT8) - bytes_of(part, INT4) for name, part in sizes.items()}
    finer = set()
    for name in sorted(sizes, key=lambda part: sensitivity[part] / extra[part], reverse=True):
        if extra[name] <= room:
            finer.add(name)
            room -= extra[name]
    return replace(recipe, finer=frozenset(finer))


def _tables(shape: DecoderShape) -> int:
    """Bytes of what is kept in fp32 whatever the recipe: norms, biases, positions."""
    norms = (2 * shape.layers + 1) * shape.hidden
    biases = shape.layers * (shape.heads + 2 * shape.key_value_heads) * shape.head_size
    rotary = min(shape.context, LONGEST_CONTEXT) + shape.head_size // 2  # tables are made at load
    return 4 * (norms + biases + rotary)
