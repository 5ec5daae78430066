"""A server that the user named, on this machine."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from vector_stores import DIMENSIONS, unit

from indexer.vectors import Unavailable
from indexer.vectors.engines import Engine, Place, open_vectors

pytest.importorskip("chromadb")


def place(folder: Path) -> Place:
    return Place(folder, "bowerbird-test", "", (), lambda _numbers: iter(()))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A Chroma server of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    chroma = Path(sys.executable).with_name("chroma")
    command = [chroma, "run", "--path", tmp_path / "server", "--host", "127.0.0.1"]
    with subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url
        process.terminate()


def test_a_chroma_server_keeps_vectors(server: str, tmp_path: Path):
    engine, vectors = Engine("chroma", server), unit(300)
    store = open_vectors(engine, DIMENSIONS, place(tmp_path))
    store.add(range(1, 301), vectors)
    store.remove([7, 999])
    store.close()
    again = open_vectors(engine, DIMENSIONS, place(tmp_path))
    assert sorted(again.numbers().tolist()) == [n for n in range(1, 301) if n != 7]
    assert again.search(vectors[41], 1)[0][0] == 42
    again.discard()
    assert len(open_vectors(engine, DIMENSIONS, place(tmp_path)).numbers()) == 0


def test_a_server_that_ends_is_said(tmp_path: Path):
    with pytest.raises(Unavailable, match="Chroma at http://127.0.0.1:9 cannot be used"):
        open_vectors(Engine("chroma", "http://127.0.0.1:9"), DIMENSIONS, place(tmp_path))
