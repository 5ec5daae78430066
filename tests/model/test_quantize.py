import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.quantize import (
    dequantize,
    multiples,
    packed,
    quantize,
    quantize_channels,
    stored_as,
)
from model.recipes import FP16, FP32, INT4, Precision

matrices = st.builds(
    lambda rows, columns, seed: (
        np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)
    ),
    st.integers(1, 5),
    st.integers(1, 100),
    st.integers(0, 1000),
)


@given(weight=matrices, bits=st.sampled_from([4, 8]), block=st.sampled_from([16, 32]))
def test_no_value_is_off_by_more_than_a_step(weight: np.ndarray, bits: int, block: int) -> None:
    """Half a step by rounding, and half a step by rounding the zero point."""
    matrix = quantize(weight, bits=bits, block=block)
    step = np.repeat(matrix.scales, block, axis=1)[:, : weight.shape[1]]
    assert (np.abs(dequantize(matrix) - weight) <= step * 1.01).all()


@given(weight=matrices)
def test_by_channels_no_value_is_off_by_more_than_half_a_step(weight: np.ndarray) -> None:
    matrix = quantize_channels(weight)
    assert (np.abs(dequantize(matrix) - weight) <= 0.501 * matrix.scales[:, None]).all()


@given(
    rows=st.integers(1, 4),
    blocks=st.integers(1, 5),
    bits=st.sampled_from([4, 8]),
    seed=st.integers(0, 1000),
)
def test_codes_come_out_of_their_packing_as_they_went_in(
    rows: int, blocks: int, bits: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 2**bits, (rows, blocks * 32)).astype(np.float32)
    zeros = random.integers(0, 2**bits, (rows, blocks)).astype(np.float32)
    scales = np.full((rows, blocks), 0.5, np.float32)
    found = dequantize(packed(codes, scales, zeros, blocks * 32, bits))
    np.testing.assert_array_equal(found, (codes - np.repeat(zeros, 32, axis=1)) / 2)


@given(
    rows=st.integers(1, 4),
    blocks=st.integers(1, 9),
    size=st.sampled_from([1e-2, 1.0, 10.0]),
    seed=st.integers(0, 1000),
)
def test_scales_of_8_bits_are_kept_as_they_are(
    rows: int, blocks: int, size: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    wanted = (size * random.uniform(0.2, 1, (rows, blocks))).astype(np.float32)
    scales, row_scales = multiples(wanted)
    largest = wanted.max(axis=1, keepdims=True)
    assert (scales >= wanted * 0.98).all()
    assert (scales <= wanted + largest / 100).all()
    codes, zeros = np.ones((rows, blocks * 32), np.float32), np.zeros((rows, blocks), np.float32)
    matrix = packed(codes, scales, zeros, blocks * 32, 4, row_scales)
    assert matrix.scales.nbytes == rows * blocks
    found = dequantize(matrix).reshape(rows, blocks, 32)[..., 0]
    np.testing.assert_allclose(found, scales, rtol=1e-6)


@pytest.mark.parametrize("precision", [INT4, FP16, FP32])
def test_zeros_stay_zeros(precision: Precision) -> None:
    assert not dequantize(stored_as(np.zeros((2, 40), np.float32), precision)).any()


def test_weights_too_small_for_fp16_scales_stay_finite() -> None:
    weight = np.full((2, 64), 1e-9, np.float32)
    assert np.abs(dequantize(quantize(weight, bits=4, block=32))).max() < 1e-4


@pytest.mark.parametrize(("bits", "bytes_a_row"), [(4, 32), (8, 64)])
def test_codes_take_the_bits_they_should(bits: int, bytes_a_row: int) -> None:
    matrix = quantize(np.ones((3, 64), np.float32), bits=bits, block=32)
    assert matrix.codes.nbytes == 3 * bytes_a_row
    assert matrix.scales.nbytes == 3 * 2 * 2
