"""Cholesky factors of large matrices, and what is made of them.

LAPACK's own, by way of numpy, take four times as long as the products that they come down to.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_SMALL = 256  # rows up to which LAPACK is as fast


def factored(matrix: Array) -> tuple[Array, Array]:
    """The lower triangle L of a positive definite matrix = L L^T, and the inverse of L.

    Halves at a time: [A .; B C] = [K .; M N] [K .; M N]^T for K K^T = A, M = B K^-T and
    N N^T = C - M M^T. Raises numpy.linalg.LinAlgError where the matrix is not positive definite.
    """
    size = len(matrix)
    if size <= _SMALL:
        lower = np.linalg.cholesky(matrix)
        return lower, np.linalg.inv(lower)
    half = size // 2
    first, second = slice(half), slice(half, size)
    lower, inverse = np.zeros_like(matrix), np.zeros_like(matrix)
    lower[first, first], inverse[first, first] = factored(matrix[first, first])
    below = matrix[second, first] @ inverse[first, first].T
    lower[second, first] = below
    rest = matrix[second, second] - below @ below.T
    lower[second, second], inverse[second, second] = factored(rest)
    inverse[second, first] = -inverse[second, second] @ (below @ inverse[first, first])
    return lower, inverse


def solved(matrix: Array, rows: Array) -> Array:
    """`rows` times the inverse of a positive definite matrix."""
    _, inverse = factored(matrix)
    half: Array = rows @ inverse.T
    result: Array = half @ inverse
    return result


def diagonal_of_inverse(matrix: Array) -> Array:
    """The diagonal of the inverse of a positive definite matrix."""
    _, inverse = factored(matrix)
    result: Array = (inverse**2).sum(axis=0)
    return result
