"""Nearest neighbours among the vectors of snippets, behind one interface."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[int] | NDArray[np.int64]
"""The numbers of vectors, in any order."""

Originals = Callable[[NDArray[np.int64]], Iterator[tuple[list[int], NDArray[np.float32]]]]
"""The vectors of these numbers from the database, as far as they are there, some at a time."""


class Unavailable(Exception):
    """An engine that cannot be used; the message is a sentence that says why or what to do."""


class VectorStore(Protocol):
    """Vectors by number, searched by the cosine of their angle.

    All methods may be called from several threads at once, and raise `Unavailable` if the engine
    fails. The vectors are also in the database, so a store may be lost at any time without harm.
    """

    def numbers(self) -> NDArray[np.int64]:
        """The numbers of all vectors in the store, in any order."""

    def add(self, numbers: Numbers, vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, [len(numbers), dimensions], under numbers that are not in the store."""

    def remove(self, numbers: Numbers) -> None:
        """Remove vectors; a number that is not there is no error."""

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The numbers and similarities of the nearest vectors, nearest first."""

    def save(self) -> str:
        """Write everything to disk, whole or not at all; a text by which it is known when it is
        opened again. Raises `OSError`."""

    def discard(self) -> None:
        """Close the store, and remove all that it has kept."""

    def close(self) -> None:
        """Free what the store holds."""


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Raises `Unavailable` for whatever the library of an engine raises; `what` begins the
    sentence."""
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise Unavailable(f"{what} cannot be used: {reason.removesuffix('.')}.") from error
