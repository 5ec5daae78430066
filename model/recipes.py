"""The precisions a decoder can be converted to."""

from dataclasses import dataclass, replace
from typing import Literal

Layout = Literal["plain", "channels", "blocks"]


@dataclass(frozen=True)
class Precision:
    """How a matrix is kept.

    `plain`: numbers of 16 or 32 bits. `channels`: 8 bits and a scale for each output, multiplied
    by ONNX Runtime's DynamicQuantizeMatMul, the fastest for many tokens at once. `blocks`: 4 or 8
    bits and a scale for each block of columns, multiplied by MatMulNBits.
    """

    layout: Layout
    bits: int
    longest_block: int = 0
    scale_bits: int = 16
    """Of a block's scale: 16, or 8 where it is a multiple of one number of the row, in 16."""

    def block(self, columns: int) -> int:
        """The longest block where it divides the columns, else 32, as GGUF files have it."""
        return self.longest_block if columns % self.longest_block == 0 else 32

    def bits_a_weight(self, columns: int) -> float:
        """Bits that a weight takes on the disk, with its share of a scale and a zero point."""
        if self.layout != "blocks":
            return self.bits
        of_row = 16 / columns if self.scale_bits == 8 else 0
        return self.bits + (self.scale_bits + self.bits) / self.block(columns) + of_row


FP32 = Precision("plain", 32)
FP16 = Precision("plain", 16)
INT8_CHANNELS = Precision("channels", 8)
INT8 = Precision("blocks", 8, 128)
INT4 = Precision("blocks", 4, 128)
INT4_SHORT = Precision("blocks", 4, 32)
INT4_PACKED = Precision("blocks", 4, 128, scale_bits=8)
INT4_FINE = Precision("blocks", 4, 64, scale_bits=8)


@dataclass(frozen=True)
class Recipe:
    """The precision of each part of a decoder; the embedding table is also the head."""

    attention: Precision
    gate_and_up: Precision
    down: Precision
    head: Precision
    smoothed: bool = False
    """Outliers of the activations are taken into the weights."""
    calibrated: bool = False
    """Fitted to the inputs that code gives, which takes minutes."""
    vocabulary: int | None = None
    """How many tokens are kept, those that code uses most; None: all."""
    width: float = 1
    """Share of the feed-forward parts' columns that is kept, in whole blocks."""
    share: float | None = None
    """Share of the bytes in fp16 up to which the most sensitive parts are kept at 8 bits."""
    finer: frozenset[str] = frozenset()
    """The parts that are kept at 8 bits: "head", "blk.0.attn", "blk.0.ffn", and so on."""

    def precision(self, matrix: str) -> Precision:
        """The precision of a matrix: "head", or "blk.L." with attn_qkv, ffn_down and so on."""
        if any(matrix.startswith(part) for part in self.finer):
            return INT8
        if matrix == "head":
            return self.head
        part = matrix.rpartition(".")[2]
        if part.startswith("attn"):
            return self.attention
        return self.down if part == "ffn_down" else self.gate_and_up


_MIXED = Recipe(
    INT4_FINE, INT4_PACKED, INT4_PACKED, INT4_PACKED, calibrated=True, vocabulary=40_960, share=0.22
)

# In `int4` three quarters of the layers' weights take 4 bits. Attention and the head stay at 8: in
# bits per byte of Python, SmolLM2-135M has 0.63 in fp32 and loses 0.04 so, and 0.07 with attention
# at 4 bits too. Blocks of 128 have fewer scales to read than blocks of 32, and Qwen2.5-Coder-0.5B
# loses next to nothing by them (0.433 in fp32, 0.440 with either).
RECIPES = {
    "fp32": Recipe(FP32, FP32, FP32, FP32),
    "fp16": Recipe(FP16, FP16, FP16, FP16),
    "int8": Recipe(
        INT8_CHANNELS, INT8_CHANNELS, INT8_CHANNELS, INT8, smoothed=True, calibrated=True
    ),
    "int4": Recipe(INT8, INT4, INT4, INT8),
    "int4-b32": Recipe(INT8, INT4_SHORT, INT4_SHORT, INT8),
    "int4-gptq": Recipe(INT4, INT4, INT4, INT8, calibrated=True),
    "mixed": replace(_MIXED, vocabulary=35_840, width=0.975, share=0.2),
    "mixed-large": _MIXED,
}
