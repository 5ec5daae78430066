"""Files are opened, and what is told of the first suggestions is what an editor saw."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks import opening as benchmark
from benchmarks.cases import Case
from benchmarks.opening import Answer, Looked, Typed, figures, look_on, of_different_files, type_on
from benchmarks.typists import Document, Shown

TEXT = "prices = [1, 2]\ntotal = sum(prices)\n"
START = TEXT.index("sum")


def case(path: str = "a.py", kind: str = "after =") -> Case:
    return Case(Path("/shop"), path, "python", TEXT, START, len(TEXT) - 1, kind)


class Editor:
    """What the server says by how much of the line is typed, and what is better."""

    def __init__(self, answers: dict[str, str], better: str | None = None) -> None:
        self.answers, self.better = answers, better
        self.on_better: Callable[[], None] | None = None

    def open(self, document: Document) -> None:
        assert document.text == "prices = [1, 2]\ntotal = \n"

    def change(self, document: Document, start: int, end: int, text: str) -> None:
        document.text = document.text[:start] + text + document.text[end:]

    async def ask(self, document: Document, offset: int) -> Shown:
        return Shown(self.answers.get(document.text[START:offset], ""), quick=True)

    async def rests(self) -> None:
        if self.better is not None and self.on_better is not None:
            self.answers[""] = self.better
            self.on_better()
        await asyncio.sleep(0)

    def close(self, document: Document) -> None:
        """Nothing to do."""


def looked(first: str, better: str | None = None) -> Looked:
    editor: Any = Editor({"": first}, better)
    return asyncio.run(look_on(editor, case()))


def test_who_looks_on_sees_what_is_better() -> None:
    [first] = looked("sum(").answers
    assert (first.text, first.agreed, first.quick) == ("sum(", True, True)
    first, better = looked("", "sum(prices)").answers
    assert (first.text, better.text) == ("", "sum(prices)")
    assert better.milliseconds >= first.milliseconds


def typed(**answers: str) -> Typed:
    editor: Any = Editor({"": "sum(prices)"} | answers)
    return asyncio.run(type_on(editor, case()))


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "_BETWEEN_KEYS", 0.001)


def test_who_types_along_may_see_more_but_nothing_else() -> None:
    assert typed(s="um(prices)", su="m(prices)").changed == 0
    assert typed(s="um(prices) + 1").changed == 0
    assert typed(s="ub()").changed == 1
    assert typed().along == 6


def test_each_file_is_opened_once_and_no_body_is_wanted() -> None:
    cases = [case("a.py", "body"), case("a.py"), case("a.py"), case("b.py"), case("c.py")]
    assert of_different_files(cases, 2) == [cases[1], cases[3]]


def test_figures_tell_what_came_first_and_what_was_better() -> None:
    def answer(milliseconds: float, text: str) -> Answer:
        return Answer(milliseconds, text, True, text.startswith("sum"))

    places = [
        Looked("a", (answer(100.0, ""), answer(900.0, "sum(prices)"))),
        Looked("b", (answer(110.0, "sum("), answer(800.0, "sum(prices)"))),
        Looked("c", (answer(120.0, "max("), answer(700.0, "sum(prices)"))),
        Looked("d", (answer(130.0, ""),)),
    ]
    found = figures(places, [Typed("e", 3, 0), Typed("f", 2, 1)])
    assert found["first_answer_ms"] == {"p50": 110.0, "p90": 130.0, "most": 130.0}
    assert (found["first_with_text"], found["with_text"], found["with_right_text"]) == (2, 3, 3)
    assert found["first_text_ms"] == {"p50": 120.0, "p90": 900.0, "most": 900.0}
    assert found["better_ms"]["p50"] == 800.0
    better = ("better_where_nothing_was", "better_goes_on", "better_is_another")
    assert [found[name] for name in better] == [1, 1, 1]
    assert (found["keys_along"], found["changed_while_typing"]) == (5, 1)
    assert figures(places[:1], [])["first_text_ms"]["p50"] == 900.0
    assert figures(places[3:], [])["first_text_ms"]["p50"] is None


def test_the_command_opens_files_in_the_real_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "shop-1"
    shop.mkdir()
    for name in ("cart", "till"):
        text = f"def {name}_total(prices):\n    total = sum_of(prices, 2)\n    return total\n"
        (shop / f"{name}.py").write_text(text)
    monkeypatch.setattr(benchmark, "source", lambda _: shop)
    app = benchmark.typer.Typer()
    app.command()(benchmark.main)
    results = tmp_path / "opening.json"
    arguments = ["--model", "index", "--places", "2", "--repositories", "shop==1"]
    run = CliRunner().invoke(app, [*arguments, "--json", str(results)])
    assert run.exit_code == 0, run.output
    written = json.loads(results.read_text())["models"]["index"]
    assert written["places"] == len(written["looked"]) == len(written["typed"]) == 1
    assert written["first_answer_ms"]["most"] > 0
    assert "changed while typing" in run.output
    assert "sum_of(prices, 2)" in (shop / "cart.py").read_text()
