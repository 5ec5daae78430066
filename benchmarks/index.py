"""What indexing a folder costs, and what searching it costs afterwards.

    python -m benchmarks.index PATH --json benchmarks/results/index.json

Begins an index in a temporary folder, updates it twice, opens it again and searches it for places
in its own code. Nothing else may run on the machine meanwhile. `engines.py` compares the engines
for vectors, with up to a million snippets.
"""

import logging
import random
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.clock import milliseconds, percentiles
from indexer.index import WorkspaceIndex
from indexer.search import Mode
from indexer.walk import Unreadable, read, walk
from lsp_server.commands.terminal import JsonFile, megabytes, progress_bar, write_json
from lsp_server.machine import describe, peak_memory
from model.embed import load_embedder

# A query is what an editor would send: the lines before a cursor.
QUERIES = 200
QUERY_LINES = 12


def main(
    path: Annotated[Path, typer.Argument(help="Folder of code.", exists=True, file_okay=False)],
    json: JsonFile = None,
) -> None:
    """Prints the figures as a table."""
    logging.disable()  # the reasons of skipped files are not asked for here
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(path, Path(folder))
    show(path, figures)
    write_json(json, {"path": path.resolve().name, **figures, "machine": describe()})


def measure(path: Path, folder: Path) -> dict[str, Any]:
    """All figures, in seconds and bytes; times of searches in milliseconds."""
    embedder = load_embedder()
    index = WorkspaceIndex.open(path, embedder, folder)
    processor = time.process_time()
    with progress_bar() as progress:
        first = index.update(progress=lambda done, total, _: progress(done, total, "Indexing"))
    processor = time.process_time() - processor
    memory = peak_memory()
    second = index.update()
    index.close()
    started = time.perf_counter()
    index = WorkspaceIndex.open(path, embedder, folder)
    reopening = time.perf_counter() - started
    places = list(cursors(path))
    queries = random.Random(1).sample(places, min(QUERIES, len(places)))
    searches = {mode: search_times(index, queries, mode) for mode in get_args(Mode)}
    status = index.status()
    index.close()
    return {
        "files": status.files,
        "snippets": status.snippets,
        "first_run_seconds": round(first.seconds, 2),
        "first_run_processor_seconds": round(processor, 2),
        "files_per_second": round(first.files_read / first.seconds, 1),
        "peak_memory_bytes": memory,
        "bytes_on_disk": status.bytes_on_disk,
        "second_run_seconds": round(second.seconds, 3),
        "second_run_files_read": second.files_read,
        "reopening_seconds": round(reopening, 3),
        "search_milliseconds": searches,
        "embedder": embedder.name,
    }


def cursors(path: Path) -> Iterator[str]:
    """Pieces of the code in a folder, as they stand before a cursor."""
    for file in walk(path):
        if not isinstance(file, Path):
            continue
        try:
            lines = read(file).splitlines()
        except Unreadable:
            continue
        for end in range(QUERY_LINES, len(lines), 50):
            yield "\n".join(lines[end - QUERY_LINES : end])


def search_times(index: WorkspaceIndex, queries: list[str], mode: Mode) -> dict[str, float]:
    """Percentiles of searching, in milliseconds."""
    return percentiles(
        [
            milliseconds(partial(index.search, query, mode=mode))
            for query in track(queries, f"Searching, {mode}", transient=True)
        ]
    )


def show(path: Path, figures: dict[str, Any]) -> None:
    """The figures as a table."""
    table = Table(title=f"Index of {path}", show_header=False)
    first, second = figures["first_run_seconds"], figures["second_run_seconds"]
    table.add_row("files", f"{figures['files']:,}")
    table.add_row("snippets", f"{figures['snippets']:,}")
    table.add_row("first run", f"{first:.1f} s, {figures['files_per_second']:.0f} files/s")
    table.add_row("processor time of it", f"{figures['first_run_processor_seconds']:.1f} s")
    table.add_row("peak memory", megabytes(figures["peak_memory_bytes"]))
    table.add_row("size on disk", megabytes(figures["bytes_on_disk"]))
    table.add_row("second run", f"{second:.2f} s, {figures['second_run_files_read']} files read")
    table.add_row("opening again", f"{figures['reopening_seconds']:.2f} s")
    for mode, times in figures["search_milliseconds"].items():
        table.add_row(
            f"search, {mode}",
            f"p50 {times['p50']:.1f} ms, p95 {times['p95']:.1f} ms;"
            f" of the processor {times['processor_p50']:.1f} and {times['processor_p95']:.1f} ms",
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
