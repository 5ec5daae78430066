"""Factors by halves, beside those of numpy."""

import numpy as np
import pytest

from model.fitting.cholesky import diagonal_of_inverse, factored, solved


@pytest.mark.parametrize("size", [1, 256, 257, 700])
def test_factors_are_those_of_numpy(size: int) -> None:
    random = np.random.default_rng(size)
    inputs = random.standard_normal((2 * size, size)).astype(np.float32)
    matrix = inputs.T @ inputs + 0.2 * size * np.eye(size, dtype=np.float32)
    lower, inverse = factored(matrix)
    assert lower.dtype == inverse.dtype == np.float32
    np.testing.assert_allclose(lower, np.linalg.cholesky(matrix), atol=1e-3)
    np.testing.assert_allclose(inverse @ lower, np.eye(size), atol=1e-4)
    rows = random.standard_normal((3, size)).astype(np.float32)
    np.testing.assert_allclose(solved(matrix, rows) @ matrix, rows, atol=1e-4)
    expected = np.diag(np.linalg.inv(matrix))
    np.testing.assert_allclose(diagonal_of_inverse(matrix), expected, rtol=1e-3)


def test_what_has_no_factor_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        factored(-np.eye(600, dtype=np.float32))
