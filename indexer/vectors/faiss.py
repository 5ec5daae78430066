"""FAISS, for very many vectors: inverted lists of product-quantized vectors (Jégou et al. 2011).

A vector takes `dimensions / 4` bytes in memory. The nearest by these codes are candidates, which
are compared by the vectors in the database. Few vectors are kept whole, one after the other.
"""

import logging
import math
from pathlib import Path
from threading import Lock, RLock
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.vectors import Numbers, Originals, explained
from indexer.vectors.files import checksum, is_as_saved, written_whole

log = logging.getLogger(__name__)

TRAINED_FROM = 20_000
"""From so many vectors on they are quantized: comparing all would take milliseconds."""

_GROWTH = 4  # trained anew once there are so many times as many
_SAMPLE = 48  # vectors for each list that training looks at
_ROUNDS = 10  # of training the codes
_PROBES = 128  # lists that a search looks into, of twice the root of the number of vectors

# How many candidates are compared, for each that is asked for and at least.
_CANDIDATES = 4
_FEWEST_CANDIDATES = 100


class FaissStore:
    """A `VectorStore` on FAISS, which trains itself as it grows."""

    def __init__(
        self,
        dimensions: int,
        file: Path,
        originals: Originals,
        saved: str = "",
        trained_from: int = TRAINED_FROM,
    ):
        """What was `saved` to `file`, or an empty store if the file is not that one."""
        faiss.omp_set_num_threads(1)  # waking threads costs more than a search
        self._dimensions = dimensions
        self._file = file
        self._originals = originals
        self._trained_from = trained_from
        self._changing = RLock()  # held by who adds or removes, also while training
        self._lock = Lock()  # held while the index is looked at or changed
        self._index = self._loaded(saved)

    def numbers(self) -> NDArray[np.int64]:
        """The numbers of all vectors in the store, in any order."""
        with self._lock:
            if not _is_trained(self._index):
                return faiss.vector_to_array(self._index.id_map).astype(np.int64)
            lists = self._index.invlists
            sizes = [(each, lists.list_size(each)) for each in range(lists.nlist)]
            parts = [faiss.rev_swig_ptr(lists.get_ids(i), size).copy() for i, size in sizes if size]
            return np.concatenate([np.empty(0, np.int64), *parts])

    def add(self, numbers: Numbers, vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, [len(numbers), dimensions], under numbers that are not in the store."""
        if not len(numbers):
            return
        with self._changing:
            with self._lock:
                self._index.add_with_ids(vectors, np.asarray(numbers, np.int64))
            if self._index.ntotal >= self._trained_anew_at():
                self._train()

    def remove(self, numbers: Numbers) -> None:
        """Remove vectors; a number that is not there is no error."""
        if not len(numbers):
            return
        with self._changing, self._lock:
            self._index.remove_ids(np.asarray(numbers, np.int64))

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The numbers and similarities of the nearest vectors, nearest first."""
        with self._lock:
            trained = _is_trained(self._index)
            wanted = max(_FEWEST_CANDIDATES, _CANDIDATES * limit) if trained else limit
            wanted = min(wanted, self._index.ntotal)
            if not wanted:
                return []
            (scores,), (numbers,) = self._index.search(vector[np.newaxis], wanted)
        if trained:
            return self._compared(vector, numbers[numbers >= 0])[:limit]
        return list(zip(numbers.tolist(), scores.tolist(), strict=True))

    def save(self) -> str:
        """Write everything to the file, whole or not at all; its checksum. Raises `OSError`."""
        with written_whole(self._file) as partial, self._lock:
            try:
                faiss.write_index(self._index, str(partial))
            except RuntimeError as error:
                raise OSError(str(error)) from error
        return checksum(self._file)

    def discard(self) -> None:
        """Close the store, and remove its file."""
        self.close()
        self._file.unlink(missing_ok=True)

    def close(self) -> None:
        """Free what the store holds."""
        with self._changing, self._lock:
            self._index = _flat(self._dimensions)

    def _loaded(self, saved: str) -> Any:
        if is_as_saved(self._file, saved):
            try:
                return faiss.read_index(str(self._file))
            except RuntimeError as error:
                log.warning("Making the vectors anew from the database: %s.", error)
        return _flat(self._dimensions)

    def _compared(
        self, vector: NDArray[np.float32], numbers: NDArray[np.int64]
    ) -> list[tuple[int, float]]:
        """Candidates with their exact similarities, nearest first."""
        found: list[tuple[int, float]] = []
        for some, rows in self._originals(numbers):
            found += zip(some, (rows @ vector).tolist(), strict=True)
        return sorted(found, key=lambda each: -each[1])

    def _trained_anew_at(self) -> int:
        if not _is_trained(self._index):
            return self._trained_from
        return int(_GROWTH * (self._index.nlist // 2) ** 2)

    def _train(self) -> None:
        """Make the index anew for as many vectors as there are; searches go on meanwhile."""
        numbers = np.sort(self.numbers())
        lists = 2 * math.isqrt(len(numbers))
        with explained("FAISS"):
            description = f"IVF{lists},PQ{self._dimensions // 4}np"
            index: Any = faiss.index_factory(
                self._dimensions, description, faiss.METRIC_INNER_PRODUCT
            )
            index.pq.cp.niter = _ROUNDS
            index.pq.cp.max_points_per_centroid = index.pq.cp.min_points_per_centroid
            index.nprobe = _PROBES
            chance = np.random.default_rng(0)
            some = chance.choice(numbers, min(len(numbers), _SAMPLE * lists), replace=False)
            index.train(np.concatenate([rows for _, rows in self._originals(np.sort(some))]))
            for kept, rows in self._originals(numbers):
                index.add_with_ids(rows, np.asarray(kept, np.int64))
        with self._lock:
            self._index = index


def _flat(dimensions: int) -> Any:
    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))


def _is_trained(index: Any) -> bool:
    return isinstance(index, faiss.IndexIVF)
