"""From opening a file to the first suggestion, and what becomes of it then.

    python -m benchmarks.opening --model qwen2.5-coder-0.5b --model nestling

Lines of real files are cut as in `benchmarks.completion`. Each file is opened once, in a server
that has indexed the workspace and knows nothing else of it, and a suggestion is asked for at once.
At every other place the user then waits for what the server says is better; at the others they
type what stood there.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.cases import Case, draw
from benchmarks.script import BETWEEN_KEYS
from benchmarks.sources import CLICK, STARLETTE, source
from benchmarks.typists import Bowerbird, Document, Shown, bowerbird
from lsp_server.commands.terminal import JsonFile, progress_bar, write_json
from lsp_server.machine import describe
from model.providers import physical_cores

REPOSITORIES = (STARLETTE, CLICK, "zod@4.6.7")

_DRAWN = 6  # times as many cases as places, since each file is opened once and no body is wanted
_KEYS = 6  # typed at a place
_BETWEEN_KEYS = sum(BETWEEN_KEYS) / 2  # seconds


@dataclass(frozen=True)
class Answer:
    """What was shown at a place, and when, in milliseconds from opening the file."""

    milliseconds: float
    text: str
    quick: bool  # by what is read quickly
    agreed: bool  # what stood there goes on so


@dataclass(frozen=True)
class Looked:
    """A place where the user looks on; the second answer is what the server says is better."""

    place: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Typed:
    """A place where the user types on."""

    place: str
    along: int  # keys that were what was shown
    changed: int  # of these, those with which another text came than the rest of what was shown


def main(
    model: Annotated[list[str], typer.Option(help="An installed model; repeatable.")],
    places: Annotated[int, typer.Option(min=2, help="How many, in all.")] = 60,
    seed: Annotated[int, typer.Option(help="Of the drawing.")] = 0,
    repositories: Annotated[
        list[str] | None, typer.Option(help="Pins as in sources.py. [default: three]")
    ] = None,
    threads: Annotated[int, typer.Option(help="Of the model; 0: one a core.", min=0)] = 0,
    json: JsonFile = None,
) -> None:
    """Opens the same files with each model in turn and prints a table."""
    pins = repositories or REPOSITORIES
    cases = of_different_files(draw([source(pin) for pin in pins], _DRAWN * places, seed), places)
    results = {}
    for name in model:
        settings = {"model": {"name": name, "threads": threads or physical_cores()}}
        looked, typed = asyncio.run(_run(cases, settings))
        results[name] = {
            **figures(looked, typed),
            "looked": [asdict(each) for each in looked],
            "typed": [asdict(each) for each in typed],
        }
    show(results)
    about = {"seed": seed, "threads": threads or physical_cores(), "repositories": pins}
    write_json(json, {**about, "models": results, "machine": describe()})


def of_different_files(cases: Sequence[Case], count: int) -> list[Case]:
    """The first cases whose line was cut, one of each file."""
    first: dict[tuple[Path, str], Case] = {}
    for case in cases:
        if not case.is_body:
            first.setdefault((case.root, case.path), case)
    return list(first.values())[:count]


async def _run(cases: Sequence[Case], settings: dict[str, Any]) -> tuple[list[Looked], list[Typed]]:
    looked: list[Looked] = []
    typed: list[Typed] = []
    for root in dict.fromkeys(case.root for case in cases):
        with _workspace(root, cases) as (here, home), progress_bar() as progress:
            async with bowerbird(here[0].root, settings, home, progress) as editor:
                for number, case in enumerate(here):
                    if number % 2:
                        typed.append(await type_on(editor, case))
                    else:
                        looked.append(await look_on(editor, case))
    return looked, typed


@contextmanager
def _workspace(root: Path, cases: Sequence[Case]) -> Iterator[tuple[list[Case], Path]]:
    """A copy of a repository without what is cut, its cases, and a home for its server."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        copy = Path(folder) / root.name
        shutil.copytree(root, copy)
        here = [replace(case, root=copy) for case in cases if case.root == root]
        for case in here:
            (copy / case.path).write_text(case.document, encoding="utf-8")
        yield here, Path(home)


async def look_on(editor: Bowerbird, case: Case) -> Looked:
    """Opens a file, asks, and asks again if the server has something better before it rests."""
    better = asyncio.Event()
    editor.on_better = better.set
    document, opened = _open(editor, case), time.perf_counter()
    answers = [_answer(await editor.ask(document, case.start), opened, case)]
    rests = asyncio.create_task(editor.rests())
    told = asyncio.create_task(better.wait())
    await asyncio.wait((rests, told), return_when=asyncio.FIRST_COMPLETED)
    if better.is_set():
        answers.append(_answer(await editor.ask(document, case.start), opened, case))
    told.cancel()
    await rests
    editor.close(document)
    return Looked(case.name, tuple(answers))


async def type_on(editor: Bowerbird, case: Case) -> Typed:
    """Opens a file and types what stood there, looking at what is shown after each key."""
    document, at = _open(editor, case), case.start
    asks = [asyncio.create_task(editor.ask(document, at))]
    editor.on_better = lambda: asks.append(asyncio.create_task(editor.ask(document, at)))
    shown, along, changed = "", 0, 0
    for key in case.expected[:_KEYS]:
        await asyncio.sleep(_BETWEEN_KEYS)
        for ask in asks:
            now = ask.result().text if ask.done() else ""
            changed += bool(now) and not now.startswith(shown)
            shown = now or shown
            ask.cancel()
        shown = shown[1:] if shown.startswith(key) else ""
        along += bool(shown)
        editor.change(document, at, at, key)
        at += 1
        asks[:] = [asyncio.create_task(editor.ask(document, at))]
    await asyncio.wait(asks)
    await editor.rests()
    editor.close(document)
    return Typed(case.name, along, changed)


def _open(editor: Bowerbird, case: Case) -> Document:
    document = Document(case.root, case.path, case.language, case.document)
    editor.open(document)
    return document


def _answer(shown: Shown, opened: float, case: Case) -> Answer:
    took = (time.perf_counter() - opened) * 1000
    agreed = bool(shown.text) and case.expected.startswith(shown.text.partition("\n")[0])
    return Answer(took, shown.text, shown.quick, agreed)


def figures(looked: Sequence[Looked], typed: Sequence[Typed]) -> dict[str, Any]:
    """What came first, when the first text came, and what became of it."""
    firsts = [each.answers[0] for each in looked]
    texts = [next((it for it in each.answers if it.text), None) for each in looked]
    pairs = [each.answers for each in looked if len(each.answers) == 2]
    begun = [better.text.startswith(first.text) for first, better in pairs if first.text]
    return {
        "places": len(looked),
        "first_answer_ms": _ranks([each.milliseconds for each in firsts]),
        "first_with_text": sum(bool(each.text) for each in firsts),
        "first_text_ms": _ranks([each.milliseconds for each in texts if each]),
        "with_text": sum(each is not None for each in texts),
        "with_right_text": sum(each.answers[-1].agreed for each in looked),
        "better_ms": _ranks([better.milliseconds for _, better in pairs]),
        "better_where_nothing_was": sum(not first.text for first, _ in pairs),
        "better_goes_on": sum(begun),
        "better_is_another": len(begun) - sum(begun),
        "keys_along": sum(each.along for each in typed),
        "changed_while_typing": sum(each.changed for each in typed),
    }


def _ranks(values: Sequence[float]) -> dict[str, float | None]:
    """Some of the values; None of nothing."""
    found: dict[str, float | None] = {}
    for name, percent in (("p50", 50), ("p90", 90), ("most", 100)):
        value = np.percentile(values, percent, method="inverted_cdf") if values else None
        found[name] = None if value is None else round(float(value), 1)
    return found


def show(results: dict[str, dict[str, Any]]) -> None:
    """The figures as a table."""
    table = Table("", *results, box=None)
    names = [name for name in next(iter(results.values())) if name not in ("looked", "typed")]
    for name in names:
        table.add_row(name.replace("_", " "), *(_cell(each[name]) for each in results.values()))
    Console().print(table)


def _cell(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return " / ".join("-" if each is None else f"{each:,.0f}" for each in value.values())


if __name__ == "__main__":
    typer.run(main)
