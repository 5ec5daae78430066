"""What llama.cpp's server is asked, and what of its answer is shown."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cases import Case
from benchmarks.completion import ask
from benchmarks.llama_vim import PeerError, compose_request, compose_ring, llama_vim, trim
from lsp_server.engine.context import Context, read_context


def context(text: str) -> Context:
    """The context at the `|` of a file."""
    found = read_context("open.py", "python", text.replace("|", ""), text.index("|"))
    assert found is not None
    return found


LONG = "".join(f"before_{number} = {number}\n" for number in range(2000))
MANY = "".join(f"after_{number} = {number}\n" for number in range(500))


def test_it_sees_256_lines_before_and_64_after() -> None:
    request = compose_request(context(f"{LONG}total = |\n{MANY}"))
    assert request["input_prefix"].startswith("before_1744 =")
    assert request["input_prefix"].endswith("before_1999 = 1999\n")
    assert request["prompt"] == "total = "
    assert request["input_suffix"].startswith("\nafter_0 =")
    assert request["input_suffix"].endswith("after_63 = 63\n")


def test_an_empty_line_is_asked_for_from_its_start() -> None:
    here = context("def total():\n    |\n")
    assert compose_request(here)["prompt"] == ""
    assert trim("    return 1\n", here) == "return 1"


def test_the_ring_has_sixteen_chunks_and_nothing_near_the_cursor(tmp_path: Path) -> None:
    for number in range(30):
        lines = "".join(f"file_{number}_line_{line} = 0\n" for line in range(200))
        (tmp_path / f"module_{number}.py").write_text(lines)
    (tmp_path / "open.py").write_text(f"{LONG}total = 1\n{MANY}")
    (tmp_path / "notes.md").write_text("# Notes\n\n" * 50)
    here = context(f"{LONG}total = |\n{MANY}")
    ring = compose_ring(tmp_path, here)
    assert len(ring) == 16
    assert all(chunk["text"].count("\n") <= 64 for chunk in ring)
    others, own = ring[:14], ring[14:]
    assert len({chunk["filename"] for chunk in others}) == 14
    assert {chunk["filename"] for chunk in own} == {"open.py"}
    assert not any("total" in chunk["text"] or "after_63 " in chunk["text"] for chunk in ring)
    elsewhere = context(f"{LONG}other = |\n{MANY}")
    assert compose_ring(tmp_path, elsewhere)[:14] == others


def test_what_repeats_the_next_lines_is_not_shown() -> None:
    here = context("a = 1\n|\nb = 2\nc = 3\n")
    assert trim("\nb = 2\nc = 3", here) == ""
    assert trim("b = 2", here) == ""
    assert trim("d = 4", here) == "d = 4"


SERVER = f"""#!{sys.executable}
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(dict(status="ok"))

    def do_POST(self):
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with Path(__file__).with_name("asked.jsonl").open("a") as file:
            file.write(request + "\\n")
        self.answer(dict(content="feed(7)\\nreturn"))

    def answer(self, content):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_):
        pass

HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Answers).serve_forever()
"""


def test_the_ring_is_read_before_the_clock_starts_and_once_for_all_its_cases(
    tmp_path: Path,
) -> None:
    root = tmp_path / "zoo-1"
    root.mkdir()
    for name in ("okapi", "zebra", "gnu"):
        (root / f"{name}.py").write_text(f"def visit_{name}(keeper):\n    return keeper.feed(7)\n")
    text = (root / "okapi.py").read_text()
    starts = [text.index(piece) for piece in ("feed(", "keeper.")]
    cases = [Case(root, "okapi.py", "python", text, at, len(text) - 1, "after .") for at in starts]
    server, weights = tmp_path / "llama-server", tmp_path / "weights.gguf"
    server.write_text(SERVER)
    server.chmod(0o755)
    weights.touch()
    with llama_vim(server, weights, "qwen", 2) as peer:
        ((first, second),) = ask([peer], cases, keep=None)
    assert first.text == second.text == "feed(7)\nreturn"
    assert first.shown and first.latency_ms > 0
    lines = (tmp_path / "asked.jsonl").read_text().splitlines()
    asked: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert [request["n_predict"] for request in asked] == [0, 256, 256]
    assert asked[0]["input_extra"] == asked[1]["input_extra"] == asked[2]["input_extra"]
    assert {chunk["filename"] for chunk in asked[0]["input_extra"]} == {"zebra.py", "gnu.py"}
    assert asked[1]["prompt"] == "    return keeper."
    assert "feed" not in asked[1]["input_suffix"] + asked[1]["prompt"] + asked[1]["input_prefix"]


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(PeerError, match="llama-server"),
        llama_vim(tmp_path / "llama-server", tmp_path / "weights.gguf", "qwen", 2),
    ):
        pass
