"""What of a decoder is kept, and which parts of it at 8 bits, where the others have 4."""

from collections.abc import Mapping
from dataclasses import replace

from model.checkpoint import DecoderShape
from model.graph import LONGEST_CONTEXT
from model.recipes import INT8, Precision, Recipe

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


def narrowed(shape: DecoderShape, recipe: Recipe) -> DecoderShape:
    """The shape with the columns of the feed-forward parts that the recipe keeps."""
    if recipe.width == 1:
        return shape
    block = recipe.down.longest_block
    whole_blocks = int(shape.feed_forward * recipe.width) // block * block
    return replace(shape, feed_forward=whole_blocks or shape.feed_forward)


def room(recipe: Recipe, whole: DecoderShape, kept: DecoderShape) -> float:
    """Bytes that are left for parts at 8 bits when all have 4.

    The file may have the recipe's share of the bytes that the whole decoder has in fp16. `kept` is
    the shape of what is converted of it.
    """
    least = sum(_bytes(recipe, kept).values()) + _tables(kept)
    return (recipe.share or 0) * _HALF * weights_of(whole) - least


def extra(recipe: Recipe, kept: DecoderShape) -> dict[str, float]:
    """Bytes that each part takes more at 8 bits than as the recipe has it."""
    least, sizes = _bytes(recipe, kept), part_sizes(kept)
    return {name: bytes_of(part, INT8) - least[name] for name, part in sizes.items()}


def planned(
    recipe: Recipe, whole: DecoderShape, kept: DecoderShape, sensitivity: Mapping[str, float]
) -> Recipe:
    """The recipe with the parts that lose most by 4 bits, for each byte saved, kept at 8.

    As many as there is `room` for.
    """
    left, more = room(recipe, whole, kept), extra(recipe, kept)
    finer = set()
    for name in sorted(more, key=lambda part: sensitivity[part] / more[part], reverse=True):
        if more[name] <= left:
            finer.add(name)
            left -= more[name]
    return replace(recipe, finer=frozenset(finer))


def _bytes(recipe: Recipe, shape: DecoderShape) -> dict[str, float]:
    """Of each part, as the recipe has it."""
    sizes = part_sizes(shape).items()
    return {name: bytes_of(part, recipe.precision(name)) for name, part in sizes}


def _tables(shape: DecoderShape) -> int:
    """Bytes of what is kept in fp32 whatever the recipe: norms, biases, positions."""
    norms = (2 * shape.layers + 1) * shape.hidden
    biases = shape.layers * (shape.heads + 2 * shape.key_value_heads) * shape.head_size
    rotary = min(shape.context, LONGEST_CONTEXT) + shape.head_size // 2  # tables are made at load
    return 4 * (norms + biases + rotary)
