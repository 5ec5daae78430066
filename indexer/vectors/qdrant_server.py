"""A Qdrant server, or a cluster, that the user named. Only numbers and vectors go there."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from indexer.vectors import Numbers, explained
from indexer.vectors.pages import PAGE, numbers_of_pages

_TIMEOUT = 10  # seconds
_BATCH = 1_000  # sent in one go
_LOOKED_AT = 400  # candidates of a search


def connected(dimensions: int, url: str, name: str, key: str) -> "QdrantServerStore":
    """The store called `name` on the server at `url`; `key` may be "". Raises `Unavailable`."""
    with explained(f"Qdrant at {url}"):
        client = QdrantClient(
            url=url, api_key=key or None, timeout=_TIMEOUT, check_compatibility=False
        )
        return QdrantServerStore(client, dimensions, f"{name}-{dimensions}", url)


class QdrantServerStore:
    """A `VectorStore` on a collection of Qdrant's: int8 in memory, the whole vectors on disk."""

    def __init__(self, client: QdrantClient, dimensions: int, collection: str, place: str):
        self._client = client
        self._collection = collection
        self._what = f"Qdrant at {place}"
        if not client.collection_exists(collection):
            client.create_collection(
                collection,
                vectors_config=models.VectorParams(
                    size=dimensions,
                    distance=models.Distance.DOT,
                    on_disk=True,
                    datatype=models.Datatype.FLOAT16,
                ),
                quantization_config=models.ScalarQuantization(
                    scalar=models.ScalarQuantizationConfig(
                        type=models.ScalarType.INT8, always_ram=True
                    )
                ),
            )

    def numbers(self) -> NDArray[np.int64]:
        """The numbers of all vectors in the store, in any order."""

        def page(after: Any) -> tuple[list[models.Record], Any]:
            return self._client.scroll(
                self._collection, limit=PAGE, offset=after, with_payload=False, with_vectors=False
            )

        with explained(self._what):
            return numbers_of_pages(page)

    def add(self, numbers: Numbers, vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, [len(numbers), dimensions], under numbers that are not in the store."""
        with explained(self._what):
            for start in range(0, len(numbers), _BATCH):
                some = slice(start, start + _BATCH)
                batch = models.Batch(
                    ids=[int(number) for number in numbers[some]], vectors=vectors[some].tolist()
                )
                self._client.upsert(self._collection, batch)

    def remove(self, numbers: Numbers) -> None:
        """Remove vectors; a number that is not there is no error."""
        with explained(self._what):
            for start in range(0, len(numbers), _BATCH):
                some = [int(number) for number in numbers[start : start + _BATCH]]
                self._client.delete(self._collection, models.PointIdsList(points=list(some)))

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The numbers and similarities of the nearest vectors, nearest first."""
        with explained(self._what):
            found = self._client.query_points(
                self._collection,
                query=vector.tolist(),
                limit=limit,
                search_params=models.SearchParams(hnsw_ef=max(_LOOKED_AT, 2 * limit)),
                with_payload=False,
            )
            return [(int(point.id), point.score) for point in found.points]

    def save(self) -> str:
        """Does nothing: the server keeps it."""
        return ""

    def discard(self) -> None:
        """Close the connection, and remove the collection from the server."""
        with explained(self._what):
            self._client.delete_collection(self._collection)
        self.close()

    def close(self) -> None:
        """Close the connection."""
        with explained(self._what):
            self._client.close()
