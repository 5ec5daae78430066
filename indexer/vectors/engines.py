"""Which engines there are for vectors, and what opens them."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from indexer.engine_name import EngineName
from indexer.vectors import Numbers, Originals, Unavailable, VectorStore
from indexer.vectors.hnsw import HnswStore

AS_IT_IS = "auto"
"""Stands for the engine that an index is in; a new one is in hnswlib."""

SERVER_KEY = "BOWERBIRD_SERVER_KEY"
"""The environment's variable with the key that a server asks for, if it does."""

_EXTRAS = {
    "faiss": "faiss",
    "chromadb": "chroma",
    "qdrant_edge": "qdrant",
    "qdrant_client": "qdrant",
}
_SERVERS = ("chroma", "qdrant")


@dataclass(frozen=True)
class Engine:
    """What keeps the vectors of an index."""

    name: EngineName = "hnswlib"
    server: str = ""
    """URL of the server that has them, by the user's own choice; else they are beside the index."""

    @property
    def is_shared(self) -> bool:
        """Whether several processes can have it open."""
        return bool(self.server) or self.name in ("hnswlib", "faiss")

    def __str__(self) -> str:
        return f"{self.name} at {self.server}" if self.server else self.name


def chosen(name: str, server: str) -> Engine | None:
    """The engine that the settings name; none if they leave an index in the one that it is in."""
    return None if name == AS_IT_IS else Engine(name, server)  # type: ignore[arg-type]


def noted(engine: Engine) -> str:
    """An engine as the database has it."""
    return f"{engine.name} {engine.server}".rstrip()


def from_note(note: str) -> Engine:
    """The engine that was noted; hnswlib if none was."""
    name, _, server = note.partition(" ")
    return Engine(name or "hnswlib", server)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Place:
    """Where the vectors of one index are, and what of them is known."""

    folder: Path
    collection: str
    """Names them on a server."""
    saved: str
    """What `save` returned last."""
    live: Numbers
    """The numbers of all vectors in the database."""
    originals: Originals


def open_vectors(engine: Engine, dimensions: int, place: Place) -> VectorStore:
    """The vectors in an engine, as far as they are there. Raises `Unavailable`."""
    _check_server(engine)
    try:
        return _opened(engine, dimensions, place)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(str(error.name).partition(".")[0])
        if extra is None:
            raise
        raise Unavailable(
            f"{engine.name} is not installed: pip install 'bowerbird[{extra}]'."
        ) from error


def _opened(engine: Engine, dimensions: int, place: Place) -> VectorStore:
    key = os.environ.get(SERVER_KEY, "")
    match engine.name:
        case "hnswlib":
            return HnswStore(dimensions, place.folder / "vectors.hnsw", place.saved, place.live)
        case "faiss":
            from indexer.vectors.faiss import FaissStore

            file = place.folder / "vectors.faiss"
            return FaissStore(dimensions, file, place.originals, place.saved)
        case "chroma":
            from indexer.vectors.chroma import embedded, on_server

            if engine.server:
                return on_server(dimensions, engine.server, place.collection, key)
            return embedded(dimensions, place.folder / "vectors.chroma")
        case "qdrant":
            if engine.server:
                from indexer.vectors.qdrant_server import connected

                return connected(dimensions, engine.server, place.collection, key)
            from indexer.vectors.qdrant import QdrantStore

            return QdrantStore(dimensions, place.folder / "vectors.qdrant")


def _check_server(engine: Engine) -> None:
    if not engine.server:
        return
    if engine.name not in _SERVERS:
        raise Unavailable(f"A server can have vectors for {' or '.join(_SERVERS)} alone.")
    place = urlsplit(engine.server)
    if place.scheme not in ("http", "https") or not place.hostname:
        raise Unavailable(f"{engine.server} is no server: it begins with http:// or https://.")
    if place.scheme == "http" and os.environ.get(SERVER_KEY) and not _is_here(place.hostname):
        raise Unavailable(f"{SERVER_KEY} goes to another machine over https:// alone.")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
