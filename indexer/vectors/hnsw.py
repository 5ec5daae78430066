"""The default vector store: a graph of small worlds in memory (Malkov and Yashunin 2018)."""

import errno
import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

import hnswlib
import numpy as np
from numpy.typing import NDArray

from indexer.vectors import Numbers
from indexer.vectors.files import checksum, is_as_saved, written_whole

log = logging.getLogger(__name__)

# Neighbours of each vector, and how many candidates are looked at when it is added: 0.3 ms each.
_NEIGHBOURS = 16
_CANDIDATES = 100

# How many candidates a search looks at: among a million vectors, 100 find 88 % of the ten nearest
# and 400 find 96 %, for half a millisecond more.
_LOOKED_AT = 400

# Added in one go; a search waits no longer than this takes.
_BATCH = 16
_PAUSE = 0.0001  # seconds; without it the lock is taken again before a search wakes up

_SMALLEST_CAPACITY = 1_024


class HnswStore:
    """A `VectorStore` on hnswlib; its file is a cache that only this version of it reads."""

    def __init__(self, dimensions: int, file: Path, saved: str = "", live: Numbers = ()):
        """What was `saved` to `file`, as far as its numbers are `live`, or an empty store if the
        file is not that one."""
        self._lock = Lock()
        self._file = file
        self._index = hnswlib.Index(space="ip", dim=dimensions)
        self._numbers: set[int] = set()
        self._removed: set[int] = set()  # also those whose places others have taken since
        if is_as_saved(file, saved):
            try:
                self._index.load_index(str(file), allow_replace_deleted=True)
            except RuntimeError as error:
                log.warning("Making the vectors anew from the database: %s.", error)
            else:
                if self._index.get_current_count() <= _SMALLEST_CAPACITY + 2 * len(live):
                    self._drop_all_but(live)
                    return
                # Most are of what was removed, and would take memory for ever.
        self._index = hnswlib.Index(space="ip", dim=dimensions)
        self._index.init_index(
            max_elements=_SMALLEST_CAPACITY,
            M=_NEIGHBOURS,
            ef_construction=_CANDIDATES,
            allow_replace_deleted=True,
        )

    def numbers(self) -> NDArray[np.int64]:
        """The numbers of all vectors in the store, in any order."""
        with self._lock:
            return np.fromiter(self._numbers, np.int64, len(self._numbers))

    def add(self, numbers: Numbers, vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, [len(numbers), dimensions], under numbers that are not in the store."""
        numbers = [int(number) for number in numbers]
        for start in range(0, len(numbers), _BATCH):
            some = numbers[start : start + _BATCH]
            rows = vectors[start : start + _BATCH]
            with self._lock:
                self._make_room(len(some))
                back = np.array([self._is_brought_back(number) for number in some])
                for which, in_place_of_others in ((back, False), (~back, True)):
                    if which.any():
                        self._index.add_items(
                            rows[which],
                            np.array(some, np.uint64)[which],
                            num_threads=1,
                            replace_deleted=in_place_of_others,
                        )
                self._numbers.update(some)
            time.sleep(_PAUSE)

    def remove(self, numbers: Numbers) -> None:
        """Remove vectors; a number that is not there is no error."""
        with self._lock:
            for number in self._numbers.intersection(numbers):
                self._index.mark_deleted(number)
                self._numbers.remove(number)
                self._removed.add(number)

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The numbers and similarities of the nearest vectors, nearest first."""
        with self._lock:
            limit = min(limit, len(self._numbers))
            self._index.set_ef(max(_LOOKED_AT, 2 * limit))
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

    def save(self) -> str:
        """Write everything to the file, whole or not at all; its checksum. Raises `OSError`."""
        with written_whole(self._file) as partial:
            with self._lock:
                self._index.save_index(str(partial))
                expected = self._index.index_file_size()
            if partial.stat().st_size < expected:  # hnswlib does not look
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(partial))
        return checksum(self._file)

    def discard(self) -> None:
        """Close the store, and remove its file."""
        self.close()
        self._file.unlink(missing_ok=True)

    def close(self) -> None:
        """Free what the store holds."""
        with self._lock:
            self._numbers.clear()
            self._index = None

    def _drop_all_but(self, live: Numbers) -> None:
        """Mark as deleted what is not `live`; the file does not say what already was."""
        saved = np.asarray(self._index.get_ids_list(), np.int64)
        wanted = np.isin(saved, np.asarray(live, np.int64))
        self._numbers = set(saved[wanted].tolist())
        self._removed = set(saved[~wanted].tolist())
        for number in self._removed:
            with suppress(RuntimeError):  # it was removed before the file was written
                self._index.mark_deleted(number)

    def _is_brought_back(self, number: int) -> bool:
        """Whether the place of a number that was removed is still there, and now is its own again;
        hnswlib would lose it if it were to take the place of another one."""
        if number not in self._removed:
            return False
        self._removed.remove(number)
        try:
            self._index.unmark_deleted(number)
        except RuntimeError:
            return False
        return True

    def _make_room(self, more: int) -> None:
        capacity = self._index.get_max_elements()
        needed = self._index.get_current_count() + more
        if needed > capacity:
            self._index.resize_index(max(needed, 2 * capacity))
