"""What each engine for vectors costs, and finds, with ten thousand to a million snippets.

    python -m benchmarks.engines INDEX --json benchmarks/results/engines.json

INDEX is what `large.py` makes. Each engine and size runs in a process of its own: vectors are read
from its database and added as an index does after a change of engine, saved, opened again and
searched. What was measured is kept under `.work/engines`, where an interrupted run goes on.
"""

import json as json_format
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_args

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.changes import KEPT
from benchmarks.tree import REAL
from indexer import catalogue
from indexer.database import Database
from indexer.vectors import VectorStore
from indexer.vectors.engines import Engine, EngineName, Place, open_vectors
from lsp_server.commands.terminal import JsonFile, megabytes, write_json
from lsp_server.machine import describe, peak_memory
from model.embed import Embedder, load_embedder

FOLDER = Path(__file__).parents[1] / ".work" / "engines"

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 5
DEPTH = 50
"""How many are asked for, as search by meaning and words does; the first ten are judged."""

QUERY_LINES = 12
QUERIES = 100  # of each kind

NEAREST = 10
_EQUAL = 2e-3  # float16's error: the same code may lie in two files

Figures = dict[str, Any]


def main(
    index: Annotated[Path, typer.Argument(help="Folder of the index.", exists=True)],
    engine: Annotated[list[str] | None, typer.Option(help="Only these engines.")] = None,
    size: Annotated[list[int] | None, typer.Option(help="Only so many snippets.")] = None,
    patience: Annotated[int, typer.Option(help="Seconds after which a run is given up.")] = 3_600,
    alone: Annotated[bool, typer.Option(hidden=True)] = False,
    json: JsonFile = None,
) -> None:
    """Prints the figures of everything that was measured so far, as a table."""
    engines, sizes = engine or list(get_args(EngineName)), size or list(SIZES)
    if alone:
        (name,), (count,) = engines, sizes
        print(json_format.dumps(measure(index, Engine(name), count)))  # type: ignore[arg-type]
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    database = opened(index)
    vectors = queries(database, load_embedder())
    for count in sizes:
        exact(database, vectors, count)
        for name in engines:
            if not _kept(name, count).exists():
                figures = _run(index, name, count, patience)
                _kept(name, count).write_text(json_format.dumps(figures))
    rows = [
        json_format.loads(_kept(name, count).read_text())
        for name in get_args(EngineName)
        for count in SIZES
        if _kept(name, count).exists()
    ]
    show(rows)
    results = {"real_snippets": real_snippets(database), "queries": len(vectors), "engines": rows}
    write_json(json, {**results, "machine": describe()})


def opened(index: Path) -> Database:
    """The database of an index, as it was first made."""
    return Database(index / KEPT, read_only=True)


def first_numbers(database: Database, count: int) -> NDArray[np.int64]:
    """The numbers of the first `count` snippets that have a vector."""
    with database.reading() as connection:
        return catalogue.embedded_numbers(connection)[:count]


def real_snippets(database: Database) -> int:
    """How many snippets are of real code; these come first."""
    with database.reading() as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM snippets JOIN files ON files.id = file WHERE path LIKE ?",
            (f"{REAL}/%",),
        ).fetchone()
    return int(count)


def originals(
    database: Database, numbers: NDArray[np.int64]
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """The vectors of these snippets, some at a time."""
    with database.reading() as connection:
        yield from catalogue.vectors(connection, numbers)


def queries(database: Database, embedder: Embedder) -> NDArray[np.float32]:
    """Vectors of what is searched for: a hundred pieces of real code as they stand before a cursor,
    and a hundred docstrings."""
    file = FOLDER / "queries.npy"
    if not file.exists():
        chance = random.Random(1)
        with database.reading() as connection:
            texts, docstrings = (
                sorted(
                    text
                    for (text,) in connection.execute(
                        f"SELECT DISTINCT {column} FROM snippets WHERE id % 101 = 0"
                        f" AND length({column}) > 40 AND id <= ?",
                        (real_snippets(database),),
                    )
                )
                for column in ("text", "docstring")
            )
        found = chance.sample(docstrings, QUERIES)
        for lines in map(str.splitlines, chance.sample(texts, len(texts))):
            if len(lines) > QUERY_LINES and len(found) < 2 * QUERIES:
                end = chance.randrange(QUERY_LINES, len(lines))
                found.append("\n".join(lines[end - QUERY_LINES : end]))
        np.save(file, embedder.embed_queries(found))
    vectors: NDArray[np.float32] = np.load(file)
    return vectors


def measure(index: Path, engine: Engine, count: int) -> Figures:
    """Everything about an engine with the first `count` snippets."""
    database = opened(index)
    numbers = first_numbers(database, count)
    vectors = np.load(FOLDER / "queries.npy")
    folder = FOLDER / f"{engine.name}-{count}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    saved = ""

    def open_store() -> VectorStore:
        place = Place(folder, "benchmark", saved, numbers, partial(originals, database))
        return open_vectors(engine, vectors.shape[1], place)

    started = time.perf_counter()
    store = open_store()
    for some, rows in originals(database, numbers):
        store.add(some, rows)
    saved = store.save()
    adding = time.perf_counter() - started
    store.close()
    started = time.perf_counter()
    store = open_store()
    reopening = time.perf_counter() - started
    found, times = searched(store, vectors)
    figures = {
        "engine": engine.name,
        "snippets": count,
        "seconds_to_add": round(adding, 1),
        "snippets_per_second": round(count / adding),
        "seconds_to_open": round(reopening, 2),
        "peak_memory_bytes": peak_memory(),
        "bytes_on_disk": sum(path.stat().st_size for path in folder.rglob("*")),
        "recall_at_10": round(recall(database, vectors, found, exact(database, vectors, count)), 4),
        "query_milliseconds": {
            "p50": round(float(np.percentile(times, 50)), 3),
            "p99": round(float(np.percentile(times, 99)), 3),
        },
    }
    store.discard()
    shutil.rmtree(folder, ignore_errors=True)
    return figures


def searched(
    store: VectorStore, vectors: NDArray[np.float32]
) -> tuple[list[list[int]], list[float]]:
    """What is found for each query, and the milliseconds of each search, but for a first round."""
    times: list[float] = []
    found = [[number for number, _ in store.search(vector, DEPTH)] for vector in vectors]
    for _ in range(ROUNDS):
        for vector in vectors:
            started = time.perf_counter()
            store.search(vector, DEPTH)
            times.append(1000 * (time.perf_counter() - started))
    return found, times


def exact(database: Database, vectors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """The similarities of the nearest of the first `count` snippets to each query, best first."""
    file = FOLDER / f"nearest-{count}.npy"
    if not file.exists():
        best = np.full((len(vectors), NEAREST), -1, np.float32)
        for _, rows in originals(database, first_numbers(database, count)):
            both = np.concatenate([best, vectors @ rows.T], axis=1)
            best = -np.partition(-both, NEAREST, axis=1)[:, :NEAREST]
        np.save(file, -np.sort(-best, axis=1))
    nearest: NDArray[np.float32] = np.load(file)
    return nearest


def recall(
    database: Database,
    vectors: NDArray[np.float32],
    found: list[list[int]],
    nearest: NDArray[np.float32],
) -> float:
    """The share of the first ten found that are as near as the tenth-nearest."""
    hits = 0
    for vector, numbers, best in zip(vectors, found, nearest, strict=True):
        for _, rows in originals(database, np.asarray(numbers[:NEAREST], np.int64)):
            hits += int((rows @ vector >= best[-1] - _EQUAL).sum())
    return hits / (NEAREST * len(found))


def show(rows: list[Figures]) -> None:
    """The figures as a table, and how query time grows with ten times as many snippets."""
    table = Table(title="Engines for vectors")
    for heading in (
        *("engine", "snippets", "to add", "snippets/s", "to open"),
        *("peak memory", "disk", "recall@10", "query p50", "p99"),
    ):
        table.add_column(heading, justify="left" if heading == "engine" else "right")
    for row in rows:
        if "given_up_after_seconds" in row:
            given_up = f"> {row['given_up_after_seconds']} s"
            table.add_row(row["engine"], f"{row['snippets']:,}", given_up)
            continue
        times = row["query_milliseconds"]
        table.add_row(
            row["engine"],
            f"{row['snippets']:,}",
            f"{row['seconds_to_add']:.1f} s",
            f"{row['snippets_per_second']:,}",
            f"{row['seconds_to_open']:.2f} s",
            megabytes(row["peak_memory_bytes"]),
            megabytes(row["bytes_on_disk"]),
            f"{row['recall_at_10']:.3f}",
            f"{times['p50']:.2f} ms",
            f"{times['p99']:.2f} ms",
        )
    Console().print(table)
    medians = {
        (row["engine"], row["snippets"]): row["query_milliseconds"]["p50"]
        for row in rows
        if "query_milliseconds" in row
    }
    for name in get_args(EngineName):
        few, many = (medians.get((name, size)) for size in SIZES[1:])
        if few and many:
            print(
                f"{name}: from 100,000 to 1,000,000, a query takes {many / few:.1f} times as long"
            )


def _kept(name: str, count: int) -> Path:
    return FOLDER / f"{name}-{count}.json"


def _run(index: Path, name: str, count: int, patience: int) -> Figures:
    command = [sys.executable, "-m", "benchmarks.engines", str(index), "--alone"]
    command += ["--engine", name, "--size", str(count)]
    try:
        result = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=patience, check=True
        )
    except subprocess.TimeoutExpired:
        shutil.rmtree(FOLDER / f"{name}-{count}", ignore_errors=True)
        return {"engine": name, "snippets": count, "given_up_after_seconds": patience}
    figures: Figures = json_format.loads(result.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    typer.run(main)
