"""The precisions a decoder can be converted to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Precision:
    """How a matrix is kept: 4 or 8 bits in blocks of columns, or 32 bits as they are."""

    bits: int
    longest_block: int = 0

    def block(self, columns: int) -> int:
        """The longest block where it divides the columns, else 32, as GGUF files have it."""
        return self.longest_block if columns % self.longest_block == 0 else 32


@dataclass(frozen=True)
class Recipe:
    """The precision of each part of a decoder; the embedding table is also the head."""

    attention: Precision
    feed_forward: Precision
    head: Precision


_BLOCK = 128  # columns that share a scale

# In `int4` three quarters of the layers' weights take 4 bits. Attention and the head stay at 8: in
# bits per byte of Python, SmolLM2-135M has 0.63 in fp32 and loses 0.04 so, and 0.07 with attention
# at 4 bits too. Blocks of 128 have fewer scales to read than blocks of 32, and Qwen2.5-Coder-0.5B
# loses next to nothing by them (0.433 in fp32, 0.440 with either).
RECIPES = {
    "fp32": Recipe(Precision(32), Precision(32), Precision(32)),
    "int4": Recipe(Precision(8, _BLOCK), Precision(4, _BLOCK), Precision(8, _BLOCK)),
}
