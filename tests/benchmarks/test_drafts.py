"""Drafts on real code, with the model that comes along: the same answers, in fewer passes."""

import shlex
import shutil
import textwrap
from pathlib import Path

from benchmarks.cases import draw
from benchmarks.drafts import Outcome, compare, keep, known, summary
from model.language_model import load_model


def test_drafts_change_no_answer_and_save_passes(tmp_path: Path) -> None:
    root = tmp_path / "library-1"
    root.mkdir()
    for module in (shlex, textwrap):
        shutil.copy(module.__file__, root)
    cases = draw([root], 8)
    outcomes = list(compare(load_model("nestling"), cases, 384, tmp_path / "indexes"))
    assert [outcome.case for outcome in outcomes if not outcome.same] == []
    figures = summary(outcomes)["all"]
    assert (figures["places"], figures["same"]) == (8, 8)
    file = tmp_path / "kept.jsonl"
    for outcome in outcomes[:5]:
        keep(file, outcome)
    assert known(file, "nestling", cases) == outcomes[:5]
    assert known(file, "another", cases) == known(None, "nestling", cases) == []
    assert figures["times_fewer"] > 1.2


def test_an_answer_that_differs_is_counted() -> None:
    outcomes = [
        Outcome("m", "a", False, True, "x", "x", 8, 4),
        Outcome("m", "b", False, False, "x", "y", 8, 8),
        Outcome("m", "c", True, True, "x\ny", "x\ny", 20, 10),
    ]
    figures = summary(outcomes)
    assert (figures["lines"]["same"], figures["lines"]["places"]) == (1, 2)
    assert figures["lines"]["times_fewer"] == 1.333
    assert figures["bodies"]["times_fewer"] == 2
