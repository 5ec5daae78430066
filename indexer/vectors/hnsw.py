"""The default vector store: a graph of small worlds in memory (Malkov and Yashunin 2018)."""

import errno
import os
import time
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from pathlib import Path
from threading import Lock

import hnswlib
import numpy as np
from numpy.typing import NDArray

# Neighbours of each vector, and how many candidates are looked at when it is added: 0.3 ms each.
_NEIGHBOURS = 16
_CANDIDATES = 100

# Added in one go; a search waits no longer than this takes.
_BATCH = 16
_PAUSE = 0.0001  # seconds; without it the lock is taken again before a search wakes up

_SMALLEST_CAPACITY = 1_024


class HnswStore:
    """A `VectorStore` on hnswlib; its file is a cache that only this version of it reads."""

    def __init__(self, dimensions: int, path: Path | None = None, live: Set[int] = frozenset()):
        """An empty store, or what `save` wrote to `path` as far as its numbers are in `live`.

        Raises `RuntimeError` if the file is not one of these.
        """
        self._lock = Lock()
        self._index = hnswlib.Index(space="ip", dim=dimensions)
        if path is None:
            self._index.init_index(
                max_elements=_SMALLEST_CAPACITY,
                M=_NEIGHBOURS,
                ef_construction=_CANDIDATES,
                allow_replace_deleted=True,
            )
        else:
            self._index.load_index(str(path), allow_replace_deleted=True)
        saved = set(self._index.get_ids_list())
        self._numbers = saved & live
        for number in saved - live:
            with suppress(RuntimeError):  # it was removed before the file was written
                self._index.mark_deleted(number)

    def numbers(self) -> set[int]:
        """The numbers of all vectors in the store."""
        with self._lock:
            return set(self._numbers)

    def add(self, numbers: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, [len(numbers), dimensions], under numbers that are not yet used."""
        for start in range(0, len(numbers), _BATCH):
            some = numbers[start : start + _BATCH]
            with self._lock:
                self._make_room(len(some))
                self._index.add_items(
                    vectors[start : start + _BATCH],
                    np.asarray(some, np.uint64),
                    num_threads=1,
                    replace_deleted=True,
                )
                self._numbers.update(some)
            time.sleep(_PAUSE)

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove vectors; a number that is not there is no error."""
        with self._lock:
            for number in self._numbers.intersection(numbers):
                self._index.mark_deleted(number)
                self._numbers.remove(number)

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The numbers and similarities of the nearest vectors, nearest first."""
        with self._lock:
            limit = min(limit, len(self._numbers))
            self._index.set_ef(max(64, 2 * limit))
            while limit:
                try:
                    labels, distances = self._index.knn_query(vector, k=limit, num_threads=1)
                except RuntimeError:  # the graph, with gaps where vectors were removed, has fewer
                    limit //= 2
                    continue
                return [
                    (int(label), 1.0 - float(distance))
                    for label, distance in zip(labels[0], distances[0], strict=True)
                ]
        return []

    def save(self, path: Path) -> None:
        """Write everything to `path`, whole or not at all. Raises `OSError`."""
        partial = path.with_suffix(".partial")
        partial.touch(mode=0o600)
        try:
            with self._lock:
                self._index.save_index(str(partial))
                expected = self._index.index_file_size()
            if partial.stat().st_size < expected:  # hnswlib does not look
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(partial))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def close(self) -> None:
        """Free what the store holds."""
        with self._lock:
            self._numbers.clear()
            self._index = None

    def _make_room(self, more: int) -> None:
        capacity = self._index.get_max_elements()
        needed = self._index.get_current_count() + more
        if needed > capacity:
            self._index.resize_index(max(needed, 2 * capacity))
