"""A peer: llama.cpp's server, asked as llama.vim asks it, on a GGUF file.

From https://github.com/ggml-org/llama.vim: 256 lines before the cursor and 64 after it, a ring of
16 chunks of 64 lines from files that were visited, and two chunks of the open file from beyond.
Kinder to it than real use in four ways: answers are greedy, there is no time limit, the visited
files are all of the same language, and the ring has been read before the clock starts, as it is in
the background there. The answer's cleaning is that plugin's too.
"""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx2

from benchmarks.cases import Case
from benchmarks.systems import Prediction, context_of
from indexer.index import WorkspaceIndex
from indexer.languages import language_of
from indexer.walk import Unreadable, read, walk
from lsp_server.engine.context import Context

_PREFIX_LINES, _SUFFIX_LINES = 256, 64
_CHUNKS, _CHUNK_LINES = 16, 64
_SCOPE_LINES = 1024  # around the cursor, where chunks of the open file are from
_MOST_TOKENS = 256

# As that plugin's page says to start the server.
_SERVER = ("--ctx-size", "0", "--batch-size", "1024", "--ubatch-size", "1024")
_CACHE = ("--cache-reuse", "256", "--parallel", "1", "--metrics")
PATIENCE = 1800.0  # seconds to load a model, or to read a ring and answer

Chunk = dict[str, str]


class PeerError(Exception):
    """The peer cannot be asked; the message says what to do."""


@contextmanager
def llama_vim(server: Path, gguf: Path, model: str, threads: int) -> Iterator["LlamaVim"]:
    """The running peer. `model` is what the weights are called in Bowerbird.

    Raises PeerError when it cannot be started.
    """
    with (
        llama_server(server, gguf, threads) as (url, _),
        httpx2.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client,
    ):
        yield LlamaVim(client, model)


@contextmanager
def llama_server(server: Path, gguf: Path, threads: int) -> Iterator[tuple[str, int]]:
    """llama.cpp's server, ready to be asked: its address, and the id of its process.

    Raises PeerError when it cannot be started.
    """
    for path in (server, gguf):
        if not path.is_file():
            raise PeerError(f"There is no {path}; build llama.cpp's server or name another file.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = ("--host", "127.0.0.1", "--port", str(port), "--threads", str(threads))
    command = [str(server), "--model", str(gguf), *place, *_SERVER, *_CACHE]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + PATIENCE
    with httpx2.Client(trust_env=False) as client:
        while time.monotonic() < ends and process.poll() is None:
            try:
                if client.get(f"{url}/health").is_success:
                    return
            except httpx2.TransportError:
                pass  # it does not listen yet
            time.sleep(0.2)
    raise PeerError("llama.cpp's server did not start; start it by hand to see why.")


class LlamaVim:
    """Asks the server for one place after another."""

    arm = "llama.vim"

    def __init__(self, client: httpx2.Client, model: str) -> None:
        self.model = model
        self._client = client
        self._read: list[Chunk] = []  # what the server has in its cache

    def predict(self, case: Case, index: WorkspaceIndex) -> Prediction:
        """Answers a case with a ring of its repository."""
        context = context_of(case)
        ring = compose_ring(index.root, context)
        if ring != self._read:
            nothing = {"input_prefix": "", "input_suffix": "", "prompt": "", "n_predict": 0}
            self._ask(nothing | {"input_extra": ring})
            self._read = ring
        started = time.perf_counter()
        content = self._ask(compose_request(context) | {"input_extra": ring})
        latency = (time.perf_counter() - started) * 1000
        text = trim(content, context)
        return Prediction(latency, text, shown=text)

    def _ask(self, request: dict[str, Any]) -> str:
        response = self._client.post("/infill", json=request | {"cache_prompt": True})
        if response.is_error:
            raise PeerError(f"llama.cpp's server answered {response.status_code}: {response.text}")
        return str(response.json().get("content", ""))


def compose_ring(root: Path, context: Context) -> list[Chunk]:
    """Chunks of other files of the repository, the same at every place but for the open file, and
    of the open file beyond what is sent of it anyway.
    """
    chance = Random(root.name)
    files = [path for path in walk(root) if isinstance(path, Path)]
    files = [path for path in files if _language(path) == context.language]
    chance.shuffle(files)
    ring: list[Chunk] = []
    for path in files:
        name = path.relative_to(root).as_posix()
        try:
            chunk = _chunk(name, read(path).split("\n"), chance)
        except Unreadable:
            continue
        if chunk and name != context.path and len(ring) < _CHUNKS - 2:
            ring.append(chunk)
    lines, here = context.text.split("\n"), context.line
    beyond = (
        lines[max(0, here - _SCOPE_LINES) : max(0, here - _PREFIX_LINES)],
        lines[here + _SUFFIX_LINES + 1 : here + _SUFFIX_LINES + _CHUNK_LINES],
    )
    return ring + [chunk for part in beyond if (chunk := _chunk(context.path, part, chance))]


def _chunk(name: str, lines: list[str], chance: Random) -> Chunk | None:
    """Some lines in a row, as many as a chunk has; three are the least."""
    start = chance.randint(0, max(0, len(lines) - _CHUNK_LINES))
    text = "\n".join(lines[start : start + _CHUNK_LINES]) + "\n"
    return {"filename": name, "text": text} if len(lines) >= 3 else None


def _language(path: Path) -> str | None:
    language = language_of(path)
    return language.name if language else None


def compose_request(context: Context) -> dict[str, Any]:
    """What is asked at a place, but for the ring; on an empty line, for all of the line."""
    above = context.before.split("\n")[:-1]
    below = context.after.split("\n")
    return {
        "input_prefix": "\n".join(above[-_PREFIX_LINES:]) + "\n",
        "prompt": context.typed if context.typed.strip() else "",
        "input_suffix": context.rest + "\n" + "\n".join(below[:_SUFFIX_LINES]) + "\n",
        "n_predict": _MOST_TOKENS,
        "n_indent": len(context.typed) - len(context.typed.lstrip())
        if context.typed.strip()
        else 0,
        "samplers": ["top_k"],
        "top_k": 1,
    }


def trim(content: str, context: Context) -> str:
    """The answer without the indentation that is there; nothing where it repeats what follows."""
    lines = content.rstrip("\n").split("\n")
    if not context.typed.strip():
        blank = len(lines[0]) - len(lines[0].lstrip())
        lines[0] = lines[0][min(blank, len(context.typed)) :]
    below = context.after.split("\n")
    if len(lines) > 1 and not lines[0] and lines[1:] == below[: len(lines) - 1]:
        return ""
    if lines == [context.rest]:
        return ""
    while len(below) > 1 and not below[0].strip():
        below = below[1:]
    if context.typed + lines[0] == below[0]:
        second = len(lines) == 2 and below[1:2] and below[1].startswith(lines[1])
        if len(lines) == 1 or second or (len(lines) > 2 and lines[1:] == below[1 : len(lines)]):
            return ""
    return "\n".join(lines)
