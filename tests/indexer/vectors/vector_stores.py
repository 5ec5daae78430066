"""Every engine that is installed, opened alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from indexer.vectors import VectorStore

DIMENSIONS = 16

Truth = dict[int, np.ndarray]
Open = Callable[[Path, str, Truth], VectorStore]
"""Opens the store in a folder, of which is known what `save` returned and what it should hold."""


def unit(rows: int, seed: int = 0) -> np.ndarray:
    """So many unit vectors."""
    vectors = np.random.default_rng(seed).normal(size=(rows, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def originals(truth: Truth) -> Callable[[np.ndarray], Iterator[tuple[list[int], np.ndarray]]]:
    """The vectors as a database has them."""

    def of(numbers: np.ndarray) -> Iterator[tuple[list[int], np.ndarray]]:
        some = [int(number) for number in numbers if int(number) in truth]
        for start in range(0, len(some), 500):
            part = some[start : start + 500]
            yield part, np.stack([truth[number] for number in part])

    return of


def hnswlib(folder: Path, saved: str, truth: Truth) -> VectorStore:
    from indexer.vectors.hnsw import HnswStore

    return HnswStore(DIMENSIONS, folder / "vectors.hnsw", saved, list(truth))


def faiss(folder: Path, saved: str, truth: Truth) -> VectorStore:
    pytest.importorskip("faiss")
    from indexer.vectors.faiss import FaissStore

    return FaissStore(DIMENSIONS, folder / "vectors.faiss", originals(truth), saved)


def trained_faiss(folder: Path, saved: str, truth: Truth) -> VectorStore:
    """As it is with very many vectors."""
    pytest.importorskip("faiss")
    from indexer.vectors.faiss import FaissStore

    file = folder / "vectors.faiss"
    return FaissStore(DIMENSIONS, file, originals(truth), saved, trained_from=300)


def chroma(folder: Path, saved: str, truth: Truth) -> VectorStore:
    pytest.importorskip("chromadb")
    from indexer.vectors.chroma import embedded

    return embedded(DIMENSIONS, folder / "vectors.chroma")


def qdrant(folder: Path, saved: str, truth: Truth) -> VectorStore:
    pytest.importorskip("qdrant_edge")
    from indexer.vectors.qdrant import QdrantStore

    return QdrantStore(DIMENSIONS, folder / "vectors.qdrant")


def qdrant_client(folder: Path, saved: str, truth: Truth) -> VectorStore:
    """The client that talks to a server, with what it has in place of one."""
    pytest.importorskip("qdrant_client")
    from qdrant_client import QdrantClient

    from indexer.vectors.qdrant_server import QdrantServerStore

    return QdrantServerStore(QdrantClient(":memory:"), DIMENSIONS, "test", "nowhere")


PERSISTENT = (hnswlib, faiss, trained_faiss, chroma, qdrant)
"""Those that keep their vectors on this machine."""
