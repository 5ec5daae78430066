"""A server that the user named, on this machine."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from vector_stores import DIMENSIONS, unit

from indexer.vectors import Unavailable
from indexer.vectors.engines import Engine, Place, open_vectors
from lsp_server.cli import app

chromadb = pytest.importorskip("chromadb")


def place(folder: Path) -> Place:
    return Place(folder, "bowerbird-test", "", (), lambda _numbers: iter(()))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def chroma(folder: Path, port: int) -> Iterator[str]:
    """A Chroma server that keeps what it has in `folder`; its URL."""
    command = [Path(sys.executable).with_name("chroma"), "run", "--path", folder]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            for _ in range(300):
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()  # asked to end, it waits for its clients first


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A Chroma server of its own."""
    with chroma(tmp_path / "server", free_port()) as url:
        yield url


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


def run(*arguments: object) -> str:
    """What the command line prints."""
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_an_index_keeps_its_vectors_on_the_chroma_server_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    root, kept, port = tmp_path / "shop", tmp_path / "server", free_port()
    root.mkdir()
    for name in ("invoice", "order", "customer"):
        text = f"def total_of_{name}({name}):\n    return sum({name}.lines)\n"
        (root / f"{name}.py").write_text(text)
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BOWERBIRD_INDEX_ENGINE", "chroma")
    monkeypatch.setenv("BOWERBIRD_INDEX_SERVER", f"http://127.0.0.1:{port}")
    search = ("search", "total of an invoice", "--path", root, "--mode", "vectors")

    def on_server() -> dict[str, Any]:
        """What the one collection there holds."""
        client = chromadb.HttpClient("127.0.0.1", port)
        (collection,) = client.list_collections()
        return dict(collection.get(include=["documents", "metadatas", "uris", "embeddings"]))

    with chroma(kept, port):
        run("index", root)
        assert "invoice.py" in run(*search)
        held = on_server()
        assert len(held["embeddings"]) == 3
        assert all(number.isdigit() for number in held["ids"])
        for what in ("documents", "metadatas", "uris"):  # numbers and vectors alone
            assert held[what] == [None] * 3
    assert "invoice.py" in run(*search)  # hnswlib stands in for the server that is gone
    (root / "invoice.py").unlink()
    run("index", root)
    with chroma(kept, port):  # it is back, and behind
        run("index", root)
        assert len(on_server()["ids"]) == 2
        assert "invoice.py" not in run(*search)


def test_a_server_that_ends_is_said(tmp_path: Path):
    with pytest.raises(Unavailable, match="Chroma at http://127.0.0.1:9 cannot be used"):
        open_vectors(Engine("chroma", "http://127.0.0.1:9"), DIMENSIONS, place(tmp_path))
