import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.quantize import dequantize, quantize


@given(
    rows=st.integers(1, 5),
    columns=st.integers(1, 100),
    bits=st.sampled_from([4, 8]),
    block=st.sampled_from([16, 32]),
    seed=st.integers(0, 1000),
)
def test_no_value_is_off_by_more_than_a_step(
    rows: int, columns: int, bits: int, block: int, seed: int
) -> None:
    """Half a step by rounding, and half a step by rounding the zero point."""
    weight = np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)
    matrix = quantize(weight, bits=bits, block=block)
    step = np.repeat(matrix.scales, block, axis=1)[:, :columns]
    assert (np.abs(dequantize(matrix) - weight) <= step * 1.001).all()


def test_zeros_stay_zeros() -> None:
    assert not dequantize(quantize(np.zeros((2, 40), np.float32), bits=4, block=32)).any()


@pytest.mark.parametrize(("bits", "bytes_a_row"), [(4, 32), (8, 64)])
def test_codes_take_the_bits_they_should(bits: int, bytes_a_row: int) -> None:
    matrix = quantize(np.ones((3, 64), np.float32), bits=bits, block=32)
    assert matrix.codes.nbytes == 3 * bytes_a_row
