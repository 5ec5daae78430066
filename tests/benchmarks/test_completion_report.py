"""The figures of several systems together, and how they are kept as JSON."""

import json
from pathlib import Path

import pytest

from benchmarks.cases import Case
from benchmarks.report import merge, results_of, show
from benchmarks.systems import Prediction, System
from indexer.index import WorkspaceIndex


class Named:
    """A system that is known by its name only."""

    def __init__(self, model: str, arm: str) -> None:
        self.model, self.arm = model, arm

    def predict(self, case: Case, index: WorkspaceIndex) -> Prediction:
        raise NotImplementedError


TEXT = "total = first + second\nreturn total\n"
LINE = Case(Path("zoo-1"), "a.py", "python", TEXT, 8, 22, "after =")
BODY = Case(Path("zoo-1"), "b.py", "python", TEXT, 0, len(TEXT) - 1, "body")

Answers = list[tuple[System, list[Prediction]]]


def answers(**texts: str) -> Answers:
    """What each model answers to a line and a body, the latter always the same."""
    return [
        (Named(model, "lexical"), [said(text), said("total = 0\nreturn total")])
        for model, text in texts.items()
    ]


def said(text: str) -> Prediction:
    return Prediction(5.0, text, shown=text, confidence=0.9, bits=14.0)


def test_of_a_line_the_first_line_counts_and_of_a_body_all() -> None:
    results = results_of([LINE, BODY], answers(a="first + second\nand = more"))
    figures = results["systems"]["a, lexical"]
    assert figures["lines"]["exact"]["value"] == 1
    assert figures["lines"]["bits_per_character"]["value"] == 1
    assert figures["bodies"]["exact"]["value"] == 0
    assert figures["exact_by_kind"]["after ="]["value"] == 1


def test_systems_that_differ_in_one_thing_are_compared() -> None:
    found = [
        *answers(a="first + second", b="nothing"),
        (Named("a", "none"), [said("x"), said("y")]),
        (Named("c", "alone"), [said("x"), said("y")]),
    ]
    differences = results_of([LINE, BODY], found)["differences"]
    assert {frozenset(name.split(" - ")) for name in differences} == {
        frozenset({"a, lexical", "b, lexical"}),
        frozenset({"a, lexical", "a, none"}),
    }
    assert differences["b, lexical - a, lexical"]["lines"]["exact"]["value"] == -1


def test_results_of_another_run_stay(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    merge(path, results_of([LINE, BODY], answers(a="x")), {"seed": 0})
    merge(path, results_of([LINE, BODY], answers(b="x")), {"seed": 0})
    written = json.loads(path.read_text())
    assert set(written["systems"]) == {"a, lexical", "b, lexical"}
    assert written["seed"] == 0


def test_tables_show_every_system_with_its_interval(capsys: pytest.CaptureFixture[str]) -> None:
    show(results_of([LINE, BODY], answers(a="first + second", b="nothing")))
    printed = capsys.readouterr().out
    assert "a, lexical" in printed and "b, lexical - a, lexical" in printed
    assert "1.000 (1.000 to 1.000)" in printed


def test_without_bodies_nothing_is_said_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    show(results_of([LINE], [(system, given[:1]) for system, given in answers(a="first")]))
    assert "bodies" not in capsys.readouterr().out
