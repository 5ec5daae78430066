"""A whole index of a hundred thousand files: made, opened again, searched, changed.

    python -m benchmarks.large TREE INDEX --json benchmarks/results/large.json

`tree.py` makes TREE. Each step runs in a process of its own, so that its memory is its own:
`first` indexes everything, in pieces of `--minutes` if that is given (run it again until it says
that it is done); `again` opens the index, looks at all files, searches and looks names up;
`changes` edits a file, removes a folder and switches branches many times, and then compares the
index with what it was, since the tree is what it was.
"""

import json as json_format
import logging
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.changes import KEPT, Figures, changes, resident, size_of
from benchmarks.clock import milliseconds, percentiles
from benchmarks.index import QUERIES, QUERY_LINES
from benchmarks.lookups import lookup_times
from indexer.index import WorkspaceIndex
from indexer.search import Mode
from indexer.store import DATABASE
from indexer.vectors.engines import Engine, EngineName
from lsp_server.commands.terminal import JsonFile, write_json
from lsp_server.machine import describe, peak_memory
from model.embed import load_embedder

_EVERY = 2_000  # files between two looks at how it goes
_ROUNDS = 3


def main(
    tree: Annotated[Path, typer.Argument(help="Folder of code.", exists=True, file_okay=False)],
    index: Annotated[Path, typer.Argument(help="Folder for the index; what is there is used.")],
    engine: Annotated[EngineName | None, typer.Option(help="What keeps the vectors.")] = None,
    step: Annotated[list[str] | None, typer.Option(help="Only these steps.")] = None,
    minutes: Annotated[float, typer.Option(help="How long `first` may go on; 0: to the end.")] = 0,
    switched: Annotated[int, typer.Option(help="Files that differ between branches.")] = 1_000,
    switches: Annotated[int, typer.Option(help="How often the branch is switched.")] = 50,
    alone: Annotated[bool, typer.Option(hidden=True)] = False,
    json: JsonFile = None,
) -> None:
    """Prints the figures of all steps so far."""
    steps: dict[str, Callable[[], Figures]] = {
        "first": lambda: first(tree, index, minutes, engine and Engine(engine)),
        "again": lambda: again(tree, index),
        "changes": lambda: changes(tree, index, switched, switches),
    }
    if alone:
        logging.disable()
        (name,) = step or ()
        _note(index, name, steps[name]())
        return
    index.mkdir(parents=True, exist_ok=True)
    for name in step or steps:
        options = ["--engine", engine] if engine else []
        options += ["--minutes", minutes, "--switched", switched, "--switches", switches]
        command = [sys.executable, "-m", "benchmarks.large", tree, index, "--alone", "--step", name]
        subprocess.run([*map(str, command), *map(str, options)], check=True)
    figures = _noted(index)
    for name, found in figures.items():
        show(name, found)
    write_json(json, {**figures, "machine": describe()})


def first(tree: Path, folder: Path, minutes: float, engine: Engine | None) -> Figures:
    """Index everything, or go on with it; what it takes, and how that grows."""
    before = _noted(folder).get("first", {})
    earlier = before.get("processor_seconds", 0.0)
    growth: list[Figures] = before.get("growth", [])
    started, processor = time.perf_counter(), time.process_time()
    stopped = False
    index = WorkspaceIndex.open(tree, load_embedder(), folder, engine)

    def taken() -> float:
        return round(earlier + time.process_time() - processor, 1)

    def progress(done: int, total: int, _: str) -> None:
        if done % _EVERY == 0 or done == total:
            moment = {"snippets": _count(folder), "processor_seconds": taken()}
            growth.append(
                {**moment, "resident_bytes": resident(), "bytes_on_disk": size_of(folder)}
            )
            print(f"{done:,} of {total:,}: {growth[-1]}", flush=True)

    def cancelled() -> bool:
        nonlocal stopped
        stopped = 0 < minutes * 60 < time.perf_counter() - started
        return stopped

    report = index.update(progress=progress, cancelled=cancelled)
    status = index.status()
    index.close()
    if not stopped:
        shutil.copy(folder / DATABASE, folder / KEPT)
    return {
        "done": not stopped,
        "engine": index.engine.name,
        "files": status.files,
        "skipped": len(status.skipped),
        "snippets": status.snippets,
        "seconds": round(before.get("seconds", 0.0) + report.seconds, 1),
        "processor_seconds": taken(),
        "peak_memory_bytes": max(before.get("peak_memory_bytes", 0), peak_memory()),
        "bytes_on_disk": status.bytes_on_disk,
        "growth": growth,
    }


def again(tree: Path, folder: Path) -> Figures:
    """Open the index, look at all files, search for places in its own code, look names up."""
    started = time.perf_counter()
    index = WorkspaceIndex.open(tree, load_embedder(), folder)
    opening, opened = time.perf_counter() - started, resident()
    report = index.update()
    updated = resident()
    times = {mode: _search_times(index, _queries(tree), mode) for mode in get_args(Mode)}
    lookups = lookup_times(index, folder)
    figures = {
        "opening_seconds": round(opening, 2),
        "resident_bytes_opened": opened,
        "update_seconds": round(report.seconds, 2),
        "files_read": report.files_read,
        "resident_bytes_updated": updated,
        "resident_bytes_searched": resident(),
        "peak_memory_bytes": peak_memory(),
        "search_milliseconds": times,
        "lookup_milliseconds": lookups,
    }
    index.close()
    return figures


def _queries(tree: Path) -> list[str]:
    """Pieces of code as they stand before a cursor, from all over the tree."""
    files = sorted(tree.rglob("*.py"))
    found = []
    for number, file in enumerate(random.Random(1).sample(files, min(len(files), 2 * QUERIES))):
        lines = file.read_text(encoding="utf-8").splitlines()
        if len(lines) > QUERY_LINES:
            end = random.Random(number).randrange(QUERY_LINES, len(lines))
            found.append("\n".join(lines[end - QUERY_LINES : end]))
    return found[:QUERIES]


def _search_times(index: WorkspaceIndex, queries: list[str], mode: Mode) -> dict[str, float]:
    """Percentiles of searching; a first round fills caches and does not count."""
    times = []
    for number in range(1 + _ROUNDS):
        for query in queries:
            taken = milliseconds(partial(index.search, query, mode=mode))
            if number:
                times.append(taken)
    return percentiles(times)


def _count(folder: Path) -> int:
    connection = sqlite3.connect(folder / DATABASE)
    (count,) = connection.execute("SELECT count(*) FROM snippets").fetchone()
    connection.close()
    return int(count)


def _noted(folder: Path) -> Figures:
    file = folder / "figures.json"
    figures: Figures = json_format.loads(file.read_text()) if file.exists() else {}
    return figures


def _note(folder: Path, step: str, figures: Figures) -> None:
    (folder / "figures.json").write_text(json_format.dumps({**_noted(folder), step: figures}))


def show(step: str, figures: Figures) -> None:
    """The figures of a step as a table."""
    table = Table(title=step, show_header=False)
    for name, value in figures.items():
        if name != "growth":
            table.add_row(
                name.replace("_", " "), f"{value:,}" if isinstance(value, int) else f"{value}"
            )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
