"""Chroma, embedded or as a server that the user named.

Only numbers and vectors are given to it. Its reports to its makers are off, and so are settings in
a `.env` file, which could come with a repository.
"""

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromadb
import numpy as np
from chromadb.config import Settings
from numpy.typing import NDArray

from indexer.vectors import Numbers, explained

_GRAPH = {
    "hnsw": {
        "space": "ip",
        "max_neighbors": 16,
        "ef_construction": 100,
        "ef_search": 400,
        "num_threads": 1,
    }
}
_PAGE = 10_000  # numbers asked for at once


def embedded(dimensions: int, folder: Path) -> "ChromaStore":
    """The store in `folder`, which only this process may use. Raises `Unavailable`."""
    with explained(f"Chroma in {folder}"):
        folder.mkdir(mode=0o700, exist_ok=True)
        client = chromadb.PersistentClient(folder, _private())
        return ChromaStore(client, f"snippets-{dimensions}", folder)


def on_server(dimensions: int, url: str, name: str, key: str) -> "ChromaStore":
    """The store called `name` on the server at `url`; `key` may be "". Raises `Unavailable`."""
    place = urlsplit(url)
    with explained(f"Chroma at {url}"):
        client = chromadb.HttpClient(
            place.hostname or "",
            place.port or (443 if place.scheme == "https" else 8000),
            ssl=place.scheme == "https",
            headers={"x-chroma-token": key} if key else None,
            settings=_private(),
        )
        return ChromaStore(client, f"{name}-{dimensions}", url)


class ChromaStore:
    """A `VectorStore` on a collection of Chroma's, which keeps what changes at once."""

    def __init__(self, client: Any, collection: str, place: Path | str):
        self._client = client
        self._place = place
        self._what = f"Chroma in {place}" if isinstance(place, Path) else f"Chroma at {place}"
        self._most = client.get_max_batch_size()
        self._collection: Any = client.get_or_create_collection(
            collection, embedding_function=None, configuration=_GRAPH
        )

    def numbers(self) -> NDArray[np.int64]:
        """The numbers of all vectors in the store, in any order."""
        found: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
        with explained(self._what):
            total = self._collection.count()
            for start in range(0, total, _PAGE):
                page = self._collection.get(include=[], limit=_PAGE, offset=start)
                found.append(np.asarray(page["ids"], np.int64))
        return np.concatenate(found)

    def add(self, numbers: Numbers, vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, [len(numbers), dimensions], under numbers that are not in the store."""
        with explained(self._what):
            for start in range(0, len(numbers), self._most):
                some = slice(start, start + self._most)
                ids = [str(number) for number in numbers[some]]
                self._collection.upsert(ids=ids, embeddings=vectors[some])

    def remove(self, numbers: Numbers) -> None:
        """Remove vectors; a number that is not there is no error."""
        with explained(self._what):
            for start in range(0, len(numbers), self._most):
                ids = [str(number) for number in numbers[start : start + self._most]]
                self._collection.delete(ids=ids)

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The numbers and similarities of the nearest vectors, nearest first."""
        with explained(self._what):
            found = self._collection.query(
                query_embeddings=vector[np.newaxis], n_results=limit, include=["distances"]
            )
            pairs = zip(found["ids"][0], found["distances"][0], strict=True)
            return [(int(number), 1.0 - float(distance)) for number, distance in pairs]

    def save(self) -> str:
        """Does nothing: it is on disk."""
        return ""

    def discard(self) -> None:
        """Close the store, and remove the collection, or the folder of an embedded one."""
        with explained(self._what):
            self._client.delete_collection(self._collection.name)
        self.close()
        if isinstance(self._place, Path):
            shutil.rmtree(self._place, ignore_errors=True)

    def close(self) -> None:
        """Free what the store holds."""
        with explained(self._what):
            self._client.close()


def _private() -> Settings:
    return Settings(
        _env_file=None,
        anonymized_telemetry=False,
        chroma_otel_collection_endpoint="",
    )
