"""The figures of the completion benchmark, as tables and as JSON."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from benchmarks import shown_first
from benchmarks.cases import Case
from benchmarks.names import where_names_are
from benchmarks.scores import (
    Interval,
    Score,
    comparison,
    interval,
    mean,
    precision_by_share,
    score,
    summary,
)
from benchmarks.syntax import breaks_parse
from benchmarks.systems import Prediction, System

Results = dict[str, Any]

_T = TypeVar("_T")

_WIDTH = 240  # columns of a file that tables are printed to

_COLUMNS = {
    "exact": "exact",
    "edit similarity": "edit_similarity",
    "names, F1": "name_f1",
    "first token": "first_token",
    "shown whole": "shown",
    "precision": "precision",
    "beginnings": "begun",
    "right": "begun_precision",
    "characters": "begun_characters",
    "breaks the parse": "breaks",
    "bits/char": "bits_per_character",
    "median, ms": "median_latency_ms",
}
_SHOWN_FIRST = {
    "shown": "first_shown",
    "a beginning": "beginning",
    "right": "right",
    "withdrawn": "withdrawn",
    "breaks the parse": "breaks",
}
_GROUPS = {
    "exact_by_kind": "exact match by kind",
    "exact_of_lines_by_names": "exact match of lines, by where their names stand",
}
_DIFFERENCES = {
    "exact": "exact",
    "exact, relative": "exact_relative",
    "edit similarity": "edit_similarity",
    "bits/char": "bits_per_character",
}


def name_of(system: System) -> str:
    """A system's name in tables."""
    return f"{system.model}, {system.arm}"


def scores_of(cases: Sequence[Case], answers: Sequence[Prediction]) -> list[Score]:
    """The score of each answer; where the rest of a line is wanted, that of its first line."""
    return [
        score(
            case.expected,
            answer.text if case.is_body else answer.text.split("\n")[0],
            shown="" if answer.is_beginning else answer.shown,
            begun=answer.shown if answer.is_beginning else "",
            confidence=answer.confidence,
            latency_ms=answer.latency_ms,
            bits=answer.bits,
            # A beginning leaves its line open; what the model wrote must be a way to end it.
            breaks=breaks_parse(case, answer.text if answer.is_beginning else answer.shown),
        )
        for case, answer in zip(cases, answers, strict=True)
    ]


def results_of(
    cases: Sequence[Case], answers: Sequence[tuple[System, Sequence[Prediction]]]
) -> Results:
    """Figures of each system, and differences of those that differ in one thing alone."""
    lines = [number for number, case in enumerate(cases) if not case.is_body]
    bodies = [number for number, case in enumerate(cases) if case.is_body]
    scored = [(system, scores_of(cases, given)) for system, given in answers]
    results: Results = {"systems": {}, "differences": {}}
    for (system, scores), (_, given) in zip(scored, answers, strict=True):
        results["systems"][name_of(system)] = {
            "cases": len(cases),
            "lines": _plain(summary(_at(lines, scores))),
            "lines_shown_first": _shown_first(_at(lines, cases), _at(lines, given)),
            "bodies": _plain(summary(_at(bodies, scores))),
            "exact_by_kind": _by([case.kind for case in cases], scores),
            "exact_of_lines_by_language": _by(
                [cases[number].language for number in lines], _at(lines, scores)
            ),
            "exact_of_lines_by_names": _by(
                [where_names_are(cases[number]) for number in lines], _at(lines, scores)
            ),
            "precision_of_lines_by_share": precision_by_share(_at(lines, scores)),
        }
    for (first, ours), (second, theirs) in combinations(reversed(scored), 2):
        if first.model == second.model or first.arm == second.arm:
            results["differences"][f"{name_of(first)} - {name_of(second)}"] = {
                part: _plain(comparison(_at(numbers, ours), _at(numbers, theirs)))
                for part, numbers in (("lines", lines), ("bodies", bodies))
            }
    return results


def _at(numbers: Sequence[int], values: Sequence[_T]) -> list[_T]:
    return [values[number] for number in numbers]


def _shown_first(lines: Sequence[Case], predictions: Sequence[Prediction]) -> Results:
    """Nothing of systems that do not tell how probable each token is."""
    if not any(prediction.steps for prediction in predictions):
        return {}
    return _plain(shown_first.figures(lines, predictions))


def _plain(figures: dict[str, Interval | None]) -> Results:
    """As JSON, rounded, and without those that do not exist."""
    return {
        name: {key: round(value, 4) for key, value in asdict(figure).items()}
        for name, figure in figures.items()
        if figure
    }


def _by(groups: Sequence[str], scores: Sequence[Score]) -> Results:
    """Exact match of each group."""
    rows: dict[str, list[list[float]]] = {}
    for group, each in zip(groups, scores, strict=True):
        rows.setdefault(group, []).append([each.exact])
    return _plain({group: interval(its, mean) for group, its in rows.items()})


def show(results: Results) -> None:
    """Tables of single lines, of bodies, by kind, and of differences."""
    systems, differences = results["systems"], results["differences"]
    for part in ("lines", "bodies"):
        rows = {name: system[part] for name, system in systems.items()}
        columns = _COLUMNS if part == "lines" else {"first line": "first_line_exact"} | _COLUMNS
        _show(f"{part}, with 95 % intervals", columns, rows)
    rows = {name: system.get("lines_shown_first", {}) for name, system in systems.items()}
    _show("what is shown first of lines, while the model writes", _SHOWN_FIRST, rows)
    for part, title in _GROUPS.items():
        rows = {name: system.get(part, {}) for name, system in systems.items()}
        groups = list(dict.fromkeys(group for row in rows.values() for group in row))
        _show(title, {group: group for group in groups}, rows)
    for part in ("lines", "bodies"):
        rows = {name: parts[part] for name, parts in differences.items()}
        _show(f"differences in {part}, case by case", _DIFFERENCES, rows)


def _show(title: str, columns: dict[str, str], rows: dict[str, Results]) -> None:
    """A table of the figures that `columns` names by heading; none if there are no figures."""
    table = Table("", *columns, title=title, title_justify="left")
    for name, figures in rows.items():
        if figures:
            table.add_row(name, *(_cell(figures.get(key)) for key in columns.values()))
    if table.rows:
        Console(width=None if sys.stdout.isatty() else _WIDTH).print(table)


def _cell(figure: Results | None) -> str:
    if figure is None:
        return "-"
    form = "{:.0f}" if abs(figure["value"]) >= 10 else "{:.3f}"
    value, low, high = (form.format(figure[key]) for key in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def merge(path: Path, results: Results, about: Results) -> None:
    """Writes results to a JSON file, beside those of other systems that are in it already."""
    known: Results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    parts = {key: known.get(key, {}) | results[key] for key in ("systems", "differences")}
    path.write_text(json.dumps(about | parts, indent=2) + "\n", encoding="utf-8")
