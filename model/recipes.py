"""The precisions a decoder can be converted to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Precision:
    """How a matrix is kept: 4 or 8 bits in blocks of columns, or 32 bits as they are."""

    bits: int
    block: int = 0


@dataclass(frozen=True)
class Recipe:
    """The precision of each part of a decoder; the embedding table is also the head."""

    attention: Precision
    feed_forward: Precision
    head: Precision


# In `int4` three quarters of the layers' weights take 4 bits. Attention and the head stay at 8:
# in bits per byte of Python, SmolLM2-135M has 0.63 in fp32, 0.66 so, 0.70 with attention at 4 bits
# too, 0.72 with all at 4 bits.
RECIPES = {
    "fp32": Recipe(Precision(32), Precision(32), Precision(32)),
    "int4": Recipe(Precision(8, block=32), Precision(4, block=32), Precision(8, block=32)),
}
