"""Versions of a model on the same lines: what was answered stays so, however often it is run."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import exact_match
from benchmarks.cases import Case
from benchmarks.systems import EngineSystem
from model.language_model import load_model

TEXT = "def feed_okapi(keeper):\n    return keeper.distribute_hay_bales(stable=7)\n"


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """Two lines of a repository that has each of them twice."""
    monkeypatch.setattr(exact_match, "WORK", tmp_path / "answers")
    monkeypatch.setattr(exact_match, "INDEXES", tmp_path / "indexes")
    root = tmp_path / "zoo-1"
    root.mkdir()
    (root / "okapi.py").write_text(TEXT)
    (root / "zebra.py").write_text(TEXT.replace("okapi", "zebra"))
    start = TEXT.index("distribute")
    first = Case(root, "okapi.py", "python", TEXT, start, len(TEXT) - 1, "after .")
    return [first, replace(first, path="zebra.py", text=TEXT.replace("okapi", "zebra"))]


def test_an_interrupted_run_goes_on_where_it_stopped(lines: list[Case]) -> None:
    system = EngineSystem(load_model("nestling", threads=1), "lexical", 256)
    long_ago, much_later = time.monotonic() - 1, time.monotonic() + 600
    assert exact_match.scores([system], lines, long_ago) == {"nestling": []}
    (begun,) = exact_match.scores([system], lines[:1], much_later)["nestling"]
    assert exact_match.scores([system], lines, long_ago) == {"nestling": [begun]}
    both = exact_match.scores([system], lines, much_later)["nestling"]
    assert both[0] == begun
    assert [score.exact for score in both] == [1, 1]
