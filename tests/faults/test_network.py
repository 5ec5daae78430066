"""Nothing but a download reaches the network, and only the places listed here could."""

import ast
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from editor import SERVER, capabilities, home_of, started, until, write_project
from lsprotocol import types

import indexer
import lsp_server
import model

OPENERS = {
    "asyncio.open_connection", "asyncio.open_unix_connection", "asyncio.start_server",
    "asyncio.start_unix_server", "create_connection", "create_datagram_endpoint", "create_server",
    "sock_connect", "typer.launch",
}  # fmt: skip
"""What opens a socket, or a browser, although its module does other things, too."""

NETWORK_MODULES = {
    "aiohttp", "chromadb", "ftplib", "grpc", "http", "http.client", "http.server", "httpx",
    "httpx2", "huggingface_hub", "imaplib", "poplib", "qdrant_client", "requests", "smtplib",
    "socket", "socketserver", "ssl", "unearth", "urllib.request", "urllib3", "webbrowser",
    "websockets", "xmlrpc",
}  # fmt: skip

PLACES = {
    # `bowerbird model pull`, and the server if its user set `model.allow_download`
    "model/download.py": {"httpx2"},
    "model/fetch.py": {"httpx2"},
    "model/package_index.py": {"httpx2", "unearth"},
    # the server of `index.server`, if the user named one
    "indexer/vectors/chroma.py": {"chromadb"},
    "indexer/vectors/qdrant_server.py": {"qdrant_client"},
    # `bowerbird serve --tcp`, on this machine only
    "lsp_server/serving.py": {"asyncio.start_server"},
    # `bowerbird report` shows its page, a file, in the browser
    "lsp_server/commands/report.py": {"typer.launch"},
}
"""Every place of the packages that can open a socket, or a browser."""


def modules() -> Iterator[tuple[str, str]]:
    """Path and source of every module of the packages, from the folder that they lie in."""
    for package in (lsp_server, indexer, model):
        (folder,) = map(Path, package.__path__)
        for path in sorted(folder.rglob("*.py")):
            yield path.relative_to(folder.parent).as_posix(), path.read_text(encoding="utf-8")


def means_of_reaching_out(source: str) -> set[str]:
    """Network modules that a source imports, and openers that it calls."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {network_module(name.name) for name in names}
            case ast.ImportFrom(module=str(name), names=names):
                found.add(network_module(name))
                found |= {network_module(f"{name}.{each.name}") for each in names}
            case ast.Call(func=ast.Attribute(value=value, attr=name)):
                found |= {name, f"{ast.unparse(value)}.{name}"} & OPENERS
            case ast.Call(func=ast.Name(id="__import__")):
                found.add("__import__")
    return found - {""}


def network_module(name: str) -> str:
    """The network module that a module belongs to, or "" for any other."""
    parts = name.split(".")
    names = {".".join(parts[:length]) for length in range(1, len(parts) + 1)} & NETWORK_MODULES
    # `http` is only codes and cookies until a part of it is named.
    return max(names - {"http"}, key=len, default="")


def test_every_place_that_opens_a_socket_is_known():
    found = {path: means_of_reaching_out(source) for path, source in modules()}
    found = {path: means for path, means in found.items() if means}
    assert found == PLACES


@pytest.mark.parametrize(
    "source",
    [
        "import socket",
        "def f():\n    from urllib import request",
        "import urllib.request as web",
        "from http.client import HTTPConnection",
        "await asyncio.open_connection(host, 80)",
        "loop.create_connection(factory)",
        "__import__('socket')",
    ],
)
def test_the_search_for_such_places_finds_them(source: str):
    wrapped = f"async def main():\n    {source}" if "await" in source else source
    assert means_of_reaching_out(wrapped)


WATCHED = """
import sys

def watch(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        with open({file!r}, "a") as file:
            file.write(f"{{event}} {{arguments}}\\n")

sys.addaudithook(watch)
from lsp_server.cli import main
main()
"""
"""A server that notes whatever it does with a socket, in any library."""


async def test_a_server_at_work_uses_no_socket(tmp_path: Path):
    root = write_project(tmp_path)
    events = tmp_path / "events"
    command = [SERVER[0], "-c", WATCHED.format(file=str(events)), "serve"]
    async with started(root, command) as client:
        params = types.InitializeParams(
            capabilities=capabilities(),
            workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name)],
        )
        await client.lsp.initialize_session(params)
        await client.ready()
        await until(lambda: client.statuses[-1].model == "nestling")
        client.open("shop/checkout.py")
        await client.inline("shop/checkout.py", 6, 13)
        assert await client.hover("shop/checkout.py", 5, 20)
        assert await client.symbols("invoice")
        assert await client.command("bowerbird.status")
        assert await client.command("bowerbird.models")
    assert list(home_of(root).glob("indexes/*/index.sqlite"))
    assert not events.exists(), events.read_text()


KEEPS_VECTORS = """
from pathlib import Path
from indexer.index import WorkspaceIndex
from indexer.vectors.engines import Engine
from model.embed import load_embedder
for _ in range(2):
    engine = Engine({engine!r})
    index = WorkspaceIndex.open(Path({root!r}), load_embedder(), Path({folder!r}), engine)
    index.update()
    assert index.search("the total of an invoice", mode="vectors")
    assert index.engine == engine
    index.close()
"""


@pytest.mark.parametrize("engine", ["hnswlib", "faiss", "chroma", "qdrant"])
def test_an_engine_beside_the_index_uses_no_socket(engine: str, tmp_path: Path):
    pytest.importorskip({"chroma": "chromadb", "qdrant": "qdrant_edge"}.get(engine, engine))
    root = write_project(tmp_path)
    (root / ".env").write_text("CHROMA_OTEL_COLLECTION_ENDPOINT=http://192.0.2.1:4317\n")
    events = tmp_path / "events"
    watched = WATCHED.format(file=str(events)).partition("from lsp_server")[0]
    script = KEEPS_VECTORS.format(engine=engine, root=str(root), folder=str(tmp_path / "index"))
    subprocess.run([sys.executable, "-c", watched + script], cwd=root, check=True)
    assert not events.exists(), events.read_text()


def test_the_tests_themselves_reach_no_other_machine():
    with pytest.raises(OSError, match="a test wants to reach"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(OSError, match="a test wants to reach"):
        socket.create_connection(("example.org", 80), timeout=1)
