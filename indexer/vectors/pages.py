"""Reads the numbers that Qdrant has, page by page."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAGE = 10_000  # numbers asked for at once


def numbers_of_pages(page: Callable[[Any], tuple[Sequence[Any], Any]]) -> NDArray[np.int64]:
    """The numbers of all points, in any order.

    `page` gives up to `PAGE` points from a place on, at first None, and the next place or None.
    """
    found: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    after: Any = None
    while True:
        points, after = page(after)
        found.append(np.fromiter((point.id for point in points), np.int64, len(points)))
        if after is None:
            return np.concatenate(found)
