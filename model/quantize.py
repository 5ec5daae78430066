"""Quantization of weight matrices, in the layouts of ONNX Runtime's products."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.recipes import Precision

_LEAST_SCALE = float(np.finfo(np.float16).smallest_normal)
_MULTIPLES, _SLACK = 255, 1e-3  # what a byte holds, and what rounding may add to a multiple


@dataclass(frozen=True)
class BlockMatrix:
    """A [rows, columns] matrix: weight = (code - zero point) * scale in blocks along columns."""

    rows: int
    columns: int
    bits: int
    block: int
    codes: NDArray[np.uint8]  # [rows, blocks, block * bits / 8], low bits first
    scales: NDArray[np.floating[Any]] | NDArray[np.uint8]  # [rows, blocks]
    zero_points: NDArray[np.uint8]  # [rows, ceil(blocks * bits / 8)], low bits first
    row_scales: NDArray[np.float16] | None = None
    """[rows, 1]: what scales of 8 bits are multiples of."""

    @property
    def centred(self) -> bool:
        """Whether the middle code is the zero point of every block."""
        zeros = _unpack(self.zero_points, self.bits, self.scales.shape[1])
        return bool(np.all(zeros == 2 ** (self.bits - 1)))


@dataclass(frozen=True)
class ChannelMatrix:
    """A [rows, columns] matrix: weight = code * scale of the row."""

    codes: NDArray[np.int8]  # [columns, rows]
    scales: NDArray[np.float32]  # [rows]


Matrix = BlockMatrix | ChannelMatrix | NDArray[np.float16] | NDArray[np.float32]


def stored_as(weight: NDArray[np.float32], precision: Precision) -> Matrix:
    """A [rows, columns] matrix rounded to a precision."""
    if precision.layout == "blocks":
        return quantize(weight, bits=precision.bits, block=precision.block(weight.shape[1]))
    if precision.layout == "channels":
        return quantize_channels(weight)
    return weight.astype(np.float16) if precision.bits == 16 else weight


def quantize_channels(weight: NDArray[np.float32]) -> ChannelMatrix:
    """Quantizes each row to 8 bits, symmetrically up to its largest magnitude."""
    scales = np.maximum(np.abs(weight).max(axis=1) / 127, _LEAST_SCALE).astype(np.float32)
    codes = np.rint(weight / scales[:, None]).astype(np.int8)
    return ChannelMatrix(np.ascontiguousarray(codes.T), scales)


def quantize(weight: NDArray[np.float32], *, bits: int, block: int) -> BlockMatrix:
    """Rounds each row in blocks of `block` columns to `bits` (4 or 8), between min and max.

    Columns are padded with zeros to whole blocks.
    """
    values = in_blocks(weight, block)
    scales, zeros = block_grid(values.min(axis=2), values.max(axis=2), bits)
    codes = np.rint(values / scales[..., None]) + zeros[..., None]
    return packed(codes.reshape(len(weight), -1), scales, zeros, weight.shape[1], bits)


def in_blocks(weight: NDArray[np.float32], block: int) -> NDArray[np.float32]:
    """[rows, columns] as [rows, blocks, block], padded with zeros to whole blocks."""
    rows, columns = weight.shape
    return np.pad(weight, ((0, 0), (0, -columns % block))).reshape(rows, -1, block)


def block_grid(
    low: NDArray[np.float32], high: NDArray[np.float32], bits: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scales, exact in fp16, and zero points of blocks whose weights go from `low` to `high`.

    The range always holds zero, so that the zero point is a code and padding stays exact.
    """
    low, high = np.minimum(low, 0), np.maximum(high, 0)
    scales = np.maximum((high - low) / (2**bits - 1), _LEAST_SCALE)
    scales = scales.astype(np.float16).astype(np.float32)
    return scales, np.clip(np.rint(-low / scales), 0, 2**bits - 1)


def packed(
    codes: NDArray[np.float32],
    scales: NDArray[np.float32],
    zeros: NDArray[np.float32],
    columns: int,
    bits: int,
    row_scales: NDArray[np.float16] | None = None,
) -> BlockMatrix:
    """Packs codes, whole numbers [rows, blocks * block] as far out of range as they may be.

    `scales` are exact in fp16, or multiples of `row_scales` (`multiples`).
    """
    rows, blocks = scales.shape
    codes = np.clip(codes, 0, 2**bits - 1).reshape(rows, blocks, -1)
    return BlockMatrix(
        rows=rows,
        columns=columns,
        bits=bits,
        block=codes.shape[2],
        codes=_pack(codes.astype(np.uint8), bits),
        scales=(
            scales.astype(np.float16)
            if row_scales is None
            else np.rint(scales / row_scales.astype(np.float32)).astype(np.uint8)
        ),
        zero_points=_pack(zeros.astype(np.uint8), bits),
        row_scales=row_scales,
    )


def multiples(
    scales: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
    """Scales [rows, blocks] near these, each 1 to 255 times a number of its row; and these numbers.

    They are larger rather than smaller, so that no weight is out of reach.
    """
    least = scales.max(axis=1, keepdims=True) / _MULTIPLES
    of_row = np.maximum(least, np.finfo(np.float16).smallest_subnormal).astype(np.float16)
    codes = np.clip(np.ceil(scales / of_row.astype(np.float32) - _SLACK), 1, _MULTIPLES)
    return codes * of_row.astype(np.float32), of_row


def dequantize(matrix: Matrix) -> NDArray[np.float32]:
    """The [rows, columns] matrix in fp32 that a stored one stands for."""
    if isinstance(matrix, ChannelMatrix):
        return matrix.codes.T * matrix.scales[:, None]
    if not isinstance(matrix, BlockMatrix):
        return matrix.astype(np.float32)
    blocks = matrix.scales.shape[1]
    codes = _unpack(matrix.codes, matrix.bits, matrix.block).astype(np.float32)
    zeros = _unpack(matrix.zero_points, matrix.bits, blocks).astype(np.float32)
    scales = matrix.scales.astype(np.float32)
    if matrix.row_scales is not None:
        scales = scales * matrix.row_scales.astype(np.float32)
    values = (codes - zeros[..., None]) * scales[..., None]
    return values.reshape(matrix.rows, -1)[:, : matrix.columns]


def _pack(codes: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    if bits == 8:
        return codes
    if codes.shape[-1] % 2:
        codes = np.concatenate([codes, np.zeros_like(codes[..., :1])], axis=-1)
    return codes[..., 0::2] + codes[..., 1::2] * np.uint8(16)


def _unpack(packed: NDArray[np.uint8], bits: int, count: int) -> NDArray[np.uint8]:
    if bits == 8:
        return packed
    pairs = np.stack([packed & 0xF, packed >> 4], axis=-1)
    return pairs.reshape(*packed.shape[:-1], -1)[..., :count]
