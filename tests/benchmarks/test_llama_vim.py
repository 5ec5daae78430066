"""What llama.cpp's server is asked, and what of its answer is shown."""

from pathlib import Path

import pytest

from benchmarks.llama_vim import PeerError, compose_request, compose_ring, llama_vim, trim
from lsp_server.context import Context, read_context


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


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(PeerError, match="llama-server"),
        llama_vim(tmp_path / "llama-server", tmp_path / "weights.gguf", "qwen", 2),
    ):
        pass
