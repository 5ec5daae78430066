import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.fitting.gptq import gptq
from model.quantize import BlockMatrix, dequantize, quantize


def correlated_inputs(random: np.random.Generator, count: int, size: int) -> NDArray[np.float32]:
    """Inputs that a few directions explain, as those of a layer are."""
    directions = random.standard_normal((size // 8, size))
    noise = 0.1 * random.standard_normal((count, size))
    return (random.standard_normal((count, size // 8)) @ directions + noise).astype(np.float32)


def loss(inputs: NDArray[np.float32], weight: NDArray[np.float32], matrix: BlockMatrix) -> float:
    return float(np.square(inputs @ (dequantize(matrix) - weight).T).mean())


def test_products_with_new_inputs_are_nearer_than_by_rounding() -> None:
    random = np.random.default_rng(1)
    weight = random.standard_normal((48, 256)).astype(np.float32)
    seen, unseen = np.split(correlated_inputs(random, 2048, 256), 2)
    fitted = gptq(weight, seen.T @ seen, bits=4, block=64)
    rounded = quantize(weight, bits=4, block=64)
    assert loss(unseen, weight, fitted) < 0.065 * loss(unseen, weight, rounded)


@settings(max_examples=20, deadline=None)
@given(
    rows=st.integers(1, 6),
    columns=st.integers(1, 150),
    bits=st.sampled_from([4, 8]),
    seed=st.integers(0, 1000),
)
def test_any_shape_is_packed_as_by_rounding(rows: int, columns: int, bits: int, seed: int) -> None:
    """Also where columns are no whole blocks, and where some inputs never come."""
    random = np.random.default_rng(seed)
    weight = random.standard_normal((rows, columns)).astype(np.float32)
    inputs = random.standard_normal((40, columns)).astype(np.float32)
    inputs[:, ::3] = 0
    fitted = gptq(weight, inputs.T @ inputs, bits=bits, block=32)
    rounded = quantize(weight, bits=bits, block=32)
    for part in ("codes", "scales", "zero_points"):
        assert getattr(fitted, part).shape == getattr(rounded, part).shape
        assert getattr(fitted, part).dtype == getattr(rounded, part).dtype
    assert dequantize(fitted).shape == weight.shape
    assert loss(inputs, weight, fitted) <= 1.5 * loss(inputs, weight, rounded) + 1e-4
