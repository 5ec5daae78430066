"""Block-wise quantization of weight matrices, in the layout of ONNX Runtime's MatMulNBits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class QuantizedMatrix:
    """A [rows, columns] matrix: weight = (code - zero point) * scale in blocks along columns."""

    rows: int
    columns: int
    bits: int
    block: int
    codes: NDArray[np.uint8]  # [rows, blocks, block * bits / 8], low bits first
    scales: NDArray[np.float32]  # [rows, blocks]
    zero_points: NDArray[np.uint8]  # [rows, ceil(blocks * bits / 8)], low bits first


def quantize(weight: NDArray[np.float32], *, bits: int, block: int) -> QuantizedMatrix:
    """Quantizes each row in blocks of `block` columns to `bits` (4 or 8), between min and max.

    Columns are padded with zeros to whole blocks. The range of a block always holds zero, so
    that the zero point is a code and padding stays exact.
    """
    rows, columns = weight.shape
    blocks = -(-columns // block)
    padded = np.zeros((rows, blocks * block), np.float32)
    padded[:, :columns] = weight
    values = padded.reshape(rows, blocks, block)
    highest_code = 2**bits - 1
    low = np.minimum(values.min(axis=2), 0)
    high = np.maximum(values.max(axis=2), 0)
    scales = (high - low) / highest_code
    scales[scales == 0] = 1
    zeros = np.rint(-low / scales)
    codes = np.clip(np.rint(values / scales[..., None]) + zeros[..., None], 0, highest_code)
    return QuantizedMatrix(
        rows=rows,
        columns=columns,
        bits=bits,
        block=block,
        codes=_pack(codes.astype(np.uint8), bits),
        scales=scales.astype(np.float32),
        zero_points=_pack(zeros.astype(np.uint8), bits),
    )


def dequantize(matrix: QuantizedMatrix) -> NDArray[np.float32]:
    """The [rows, columns] matrix that the codes stand for."""
    blocks = matrix.scales.shape[1]
    codes = _unpack(matrix.codes, matrix.bits, matrix.block).astype(np.float32)
    zeros = _unpack(matrix.zero_points, matrix.bits, blocks).astype(np.float32)
    values = (codes - zeros[..., None]) * matrix.scales[..., None]
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
