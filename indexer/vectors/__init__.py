"""Nearest neighbours among the vectors of snippets, behind one interface."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class VectorStore(Protocol):
    """Vectors by number, searched by the cosine of their angle.

    All methods may be called from several threads at once. The vectors are also in the database,
    so a store may be lost at any time without harm.
    """

    def numbers(self) -> set[int]:
        """The numbers of all vectors in the store."""

    def add(self, numbers: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, [len(numbers), dimensions], under numbers that are not yet used."""

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove vectors; a number that is not there is no error."""

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The numbers and similarities of the nearest vectors, nearest first."""

    def save(self, path: Path) -> None:
        """Write everything to `path`, whole or not at all. Raises `OSError`."""

    def close(self) -> None:
        """Free what the store holds."""
