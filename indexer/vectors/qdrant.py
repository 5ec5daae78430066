"""Qdrant within this process (Qdrant Edge): graphs over float16 vectors in mapped files."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as edge
from numpy.typing import NDArray

from indexer.vectors import Numbers, explained
from indexer.vectors.pages import PAGE, numbers_of_pages

_NEIGHBOURS = 16
_CANDIDATES = 100  # looked at when one is added
_LOOKED_AT = 400  # by a search
_PLAIN = 10_000  # kilobytes of vectors that are compared one by one rather than by a graph
_BATCH = 1_000  # added in one go


class QdrantStore:
    """A `VectorStore` on a shard of Qdrant's in a folder, which only this process may use.

    What was added since `save` is searched without a graph.
    """

    def __init__(self, dimensions: int, folder: Path):
        """What was saved in `folder`, or an empty store. Raises `Unavailable`."""
        self._folder = folder
        self._what = f"Qdrant in {folder}"
        config = edge.EdgeConfig(
            vectors=edge.EdgeVectorParams(
                dimensions, edge.Distance.Dot, datatype=edge.VectorStorageDatatype.Float16
            ),
            hnsw_config=edge.HnswIndexConfig(
                _NEIGHBOURS, _CANDIDATES, full_scan_threshold=_PLAIN, max_indexing_threads=1
            ),
            optimizers=edge.EdgeOptimizersConfig(
                default_segment_number=1, indexing_threshold=_PLAIN
            ),
            max_search_threads=1,
            wal_enabled=False,  # what is lost comes back from the database
        )
        with explained(self._what):
            self._shard = _opened(folder, config)

    def numbers(self) -> NDArray[np.int64]:
        """The numbers of all vectors in the store, in any order."""

        def page(after: Any) -> tuple[list[Any], Any]:
            request = edge.ScrollRequest(
                offset=after, limit=PAGE, with_payload=False, with_vector=False
            )
            return self._shard.scroll(request)

        with explained(self._what):
            return numbers_of_pages(page)

    def add(self, numbers: Numbers, vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, [len(numbers), dimensions], under numbers that are not in the store."""
        with explained(self._what):
            for start in range(0, len(numbers), _BATCH):
                some = slice(start, start + _BATCH)
                points = [
                    edge.Point(int(number), row)
                    for number, row in zip(numbers[some], vectors[some].tolist(), strict=True)
                ]
                self._shard.update(edge.UpdateOperation.upsert_points(points))

    def remove(self, numbers: Numbers) -> None:
        """Remove vectors; a number that is not there is no error."""
        if not len(numbers):
            return
        with explained(self._what):
            ids: list[edge.PointId] = [int(number) for number in numbers]
            self._shard.update(edge.UpdateOperation.delete_points(ids))

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The numbers and similarities of the nearest vectors, nearest first."""
        with explained(self._what):
            found = self._shard.search(
                edge.SearchRequest(
                    edge.Query.Nearest(vector.tolist()),
                    limit,
                    params=edge.SearchParams(hnsw_ef=max(_LOOKED_AT, 2 * limit)),
                    with_vector=False,
                    with_payload=False,
                )
            )
            return [(int(point.id), float(point.score)) for point in found]

    def save(self) -> str:
        """Build the graph of what is new, and write everything to disk."""
        with explained(self._what):
            self._shard.optimize()
            self._shard.flush()
        return ""

    def discard(self) -> None:
        """Close the store, and remove its folder."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Free what the store holds."""
        with explained(self._what):
            self._shard.close()


def _opened(folder: Path, config: edge.EdgeConfig) -> edge.EdgeShard:
    if folder.exists():
        try:
            return edge.EdgeShard.load(str(folder), config)
        except Exception:  # noqa: BLE001 - damaged, or never saved: it is made anew
            shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    return edge.EdgeShard.create(str(folder), config)
