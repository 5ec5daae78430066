"""The completion list and hover: how fast, and side by side with jedi-language-server.

    python -m benchmarks.lists --hover-in FOLDER
    python -m benchmarks.lists --jedi PATH/jedi-language-server --environment ENVIRONMENT \
        --page benchmarks/results/lists.md --json benchmarks/results/lists.json

Both servers are given the same environment, with what the repositories import:

    python -m venv ENVIRONMENT
    ENVIRONMENT/bin/pip install starlette click rich flask httpx python-multipart

Places are names in Python repositories, drawn by a seed, half of them behind a dot. The list is
asked for where a line breaks off, behind the dot or behind two letters; hover and definitions in
the finished file.
"""

import asyncio
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.language_servers import BOWERBIRD, LanguageServer, language_server
from benchmarks.list_page import page
from benchmarks.name_places import NamePlace, choose
from benchmarks.sources import CLICK, RICH, STARLETTE, source
from lsp_server.commands.terminal import JsonFile, write_json
from lsp_server.machine import describe

REPOSITORIES = (STARLETTE, CLICK, RICH, "flask==3.1.3", "httpx==0.28.1")

_MOST_NAMES = 50  # as many as Bowerbird lists
_POINTING = 0.15  # seconds from opening a file until the pointer rests on a name


@dataclass(frozen=True)
class Answer:
    """What one server says at a place."""

    names: list[str]
    hover: str
    definitions: list[tuple[str, int]]  # paths and lines, as hover or the server tells
    milliseconds: float  # of hover


@dataclass(frozen=True)
class Compared:
    """A place and what both servers say there."""

    place: NamePlace
    ours: Answer
    jedi: Answer | None


def main(
    places: Annotated[int, typer.Option(help="Places to compare at.")] = 30,
    seed: Annotated[int, typer.Option(help="Draws the places.")] = 1,
    model: Annotated[str, typer.Option(help="Model that ranks the list.")] = "nestling",
    jedi: Annotated[str | None, typer.Option(help="The peer's command.")] = None,
    environment: Annotated[
        Path | None, typer.Option(help="Virtual environment of the repositories.", exists=True)
    ] = None,
    page_file: Annotated[
        Path | None, typer.Option("--page", help="Where to write the page to judge by.")
    ] = None,
    hover_in: Annotated[
        Path | None, typer.Option(help="Only measure hover, on the names of this folder.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Prints the figures."""
    if environment is not None:
        os.environ["VIRTUAL_ENV"] = str(environment.resolve())
    if hover_in is not None:
        result = asyncio.run(_time_hover(hover_in.resolve(), max(places, 200), seed))
        _show({"hover": result})
    else:
        found = asyncio.run(_compare_all(places, seed, model, jedi))
        result = figures(found)
        _show(result)
        if page_file:
            page_file.write_text(page(found))
    write_json(
        json,
        {
            **result,
            "seed": seed,
            "model": model,
            "with_environment": bool(environment),
            "machine": describe(),
        },
    )


async def _time_hover(root: Path, count: int, seed: int) -> dict[str, Any]:
    """Milliseconds of hover on names of a folder, as the editor sees them."""
    times = []
    settings = {"model": {"name": "index"}}
    async with language_server(BOWERBIRD, root, settings) as server:
        for place in choose(root, root.name, count, seed):
            server.open(place.path, place.text)
            await asyncio.sleep(_POINTING)
            text, milliseconds = await server.hover(place.path, place.line, place.column)
            server.close(place.path)
            if text:
                times.append(milliseconds)
    times.sort()
    return {
        "answered": len(times),
        "p50_ms": round(statistics.median(times), 1) if times else None,
        "p99_ms": round(times[int(len(times) * 0.99)], 1) if times else None,
    }


async def _compare_all(count: int, seed: int, model: str, jedi: str | None) -> list[Compared]:
    found = []
    share = -(-count // len(REPOSITORIES))
    settings = {"model": {"name": model}, "completion": {"deadline_ms": 0}}
    for repository in track(REPOSITORIES, "Repositories", console=Console(stderr=True)):
        root = source(repository).resolve()
        places = choose(root, repository, share, seed)
        async with language_server(BOWERBIRD, root, settings) as server:
            ours = [await _ask(server, place, ghost_text=True) for place in places]
        theirs: Sequence[Answer | None] = [None] * len(places)
        if jedi is not None:
            async with language_server([jedi], root) as server:
                theirs = [await _ask(server, place) for place in places]
        found += [Compared(*each) for each in zip(places, ours, theirs, strict=True)]
    return found[:count]


async def _ask(server: LanguageServer, place: NamePlace, *, ghost_text: bool = False) -> Answer:
    server.open(place.path, place.unfinished)
    cursor = place.column + place.typed
    if ghost_text:
        await server.suggest(place.path, place.line, cursor)
    names = await server.names(place.path, place.line, cursor)
    server.close(place.path)
    server.open(place.path, place.text)
    hover, milliseconds = await server.hover(place.path, place.line, place.column)
    if ghost_text:
        definitions = defined_in(server.relative(hover))
    else:
        definitions = await server.definitions(place.path, place.line, place.column)
    server.close(place.path)
    return Answer(names, server.relative(hover), definitions, milliseconds)


def defined_in(hover: str) -> list[tuple[str, int]]:
    """Where Bowerbird's hover says that a symbol is defined: path and line from zero.

    Nowhere for a variable of which it only tells the class.
    """
    is_variable = hover.startswith("`") and not hover.startswith("```")
    if is_variable and "\n\nVariable `" not in hover:
        return []
    _, _, rest = hover.partition("defined in [")
    path, _, line = rest.partition("]")[0].rpartition(":")
    return [(path, int(line) - 1)] if path else []


def figures(found: Sequence[Compared]) -> dict[str, Any]:
    """What can be judged without reading: for names behind a dot, elsewhere, and for hover."""
    result: dict[str, Any] = {}
    for kind, behind_dot in (("behind a dot", True), ("elsewhere", False)):
        here = [each for each in found if each.place.behind_dot == behind_dot]
        result[kind] = {"places": len(here)} | {
            who: _ranks([(each.place.name, answer.names) for each, answer in answers])
            for who, answers in _by_server(here)
        }
    result["hover"] = _hover_figures(found)
    return result


def _by_server(
    found: Sequence[Compared],
) -> list[tuple[str, list[tuple[Compared, Answer]]]]:
    return [
        ("bowerbird", [(each, each.ours) for each in found]),
        ("jedi", [(each, each.jedi) for each in found if each.jedi]),
    ]


def _ranks(answers: Sequence[tuple[str, list[str]]]) -> dict[str, float]:
    """How often the name that stood there is in the list, and how far up."""
    if not answers:
        return {"asked": 0}
    ranks = [names.index(name) for name, names in answers if name in names[:_MOST_NAMES]]
    return {
        "asked": len(answers),
        "listed": len(ranks),
        "first": sum(rank == 0 for rank in ranks),
        "of_first_five": sum(rank < 5 for rank in ranks),
        "mean_reciprocal_rank": round(sum(1 / (rank + 1) for rank in ranks) / len(answers), 2),
        "empty": sum(not names for _, names in answers),
    }


def _hover_figures(found: Sequence[Compared]) -> dict[str, int]:
    """Whether our hover shows a definition that jedi finds, where that lies in the workspace."""
    compared = [(each.ours, each.jedi) for each in found if each.jedi]
    inside = [
        (ours, theirs)
        for ours, theirs in compared
        if theirs.definitions and not theirs.definitions[0][0].startswith("/")
    ]
    same = sum(
        any(each in theirs.definitions for each in ours.definitions) for ours, theirs in inside
    )
    other = sum(bool(ours.definitions) for ours, _ in inside) - same
    outside = [ours for ours, theirs in compared if (ours, theirs) not in inside]
    return {
        "places": len(found),
        "answered_by_bowerbird": sum(bool(each.ours.hover) for each in found),
        "answered_by_jedi": sum(bool(theirs.hover) for _, theirs in compared),
        "defined_in_the_workspace": len(inside),
        "same_definition": same,
        "another_definition": other,
        "class_of_a_variable": sum(bool(ours.hover) for ours, _ in inside) - same - other,
        "quiet": sum(not ours.hover for ours, _ in inside),
        "shown_for_what_is_defined_elsewhere": sum(bool(ours.hover) for ours in outside),
    }


def _show(result: dict[str, Any]) -> None:
    table = Table("of", "figure", "value")
    for title, values in result.items():
        for name, value in values.items():
            if isinstance(value, dict):
                shown = ", ".join(f"{number} {what}" for what, number in value.items())
            else:
                shown = str(value)
            table.add_row(title, name, shown)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
