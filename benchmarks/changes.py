"""What changes to the files of a large index cost, and whether it is right after them."""

import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.index import QUERIES
from benchmarks.renaming import names_in, renaming
from benchmarks.tree import COPIES, REAL, write
from indexer.index import WorkspaceIndex
from indexer.store import DATABASE
from lsp_server.machine import peak_memory
from model.embed import load_embedder

Figures = dict[str, Any]

KEPT = "first.sqlite"
"""The database as the first update left it."""


def changes(tree: Path, folder: Path, switched: int, switches: int) -> Figures:
    """Change files as people and tools do, undo it all, and compare."""
    index = WorkspaceIndex.open(tree, load_embedder(), folder)
    figures = {
        "edit": _edit(index, tree),
        "folder": _remove_folder(index, tree),
        "branches": _switch(index, tree, switched, switches),
    }
    started = time.perf_counter()
    index.compact(lambda: False)
    figures["compaction"] = {
        "seconds": round(time.perf_counter() - started, 1),
        "resident_bytes": resident(),
    }
    index.close()
    figures["bytes_on_disk"] = size_of(folder) - (folder / KEPT).stat().st_size
    figures["peak_memory_bytes"] = peak_memory()
    figures["differences"] = differences(folder / KEPT, folder / DATABASE)
    reopened = WorkspaceIndex.open(tree, load_embedder(), folder)
    figures["found_by_own_text"] = _own_texts_found(reopened, folder)
    reopened.close()
    return figures


def _edit(index: WorkspaceIndex, tree: Path) -> Figures:
    """A function that is written into a file is found; the file is then as it was."""
    file = next((tree / COPIES).glob("*/*.py"))
    text = file.read_text(encoding="utf-8")
    write(file, f"{text}\n\ndef zebra_of_the_quagga():\n    return 'striped'\n")
    seconds = _seconds(lambda: index.update_files([file]))
    hits = index.search("zebra of the quagga", limit=1)
    found = bool(hits) and hits[0].snippet.name == "zebra_of_the_quagga"
    write(file, text)
    index.update_files([file])
    return {"seconds": seconds, "found": found}


def _remove_folder(index: WorkspaceIndex, tree: Path) -> Figures:
    """A folder of a thousand files goes, and comes back."""
    folder = sorted((tree / COPIES).iterdir())[1]
    away = tree.parent / f"{tree.name}-removed"
    before = index.status().files
    folder.rename(away)
    removing = _seconds(lambda: index.update_files([folder]))
    removed = before - index.status().files
    away.rename(folder)
    bringing_back = _seconds(lambda: index.update_files([folder]))
    return {
        "files": removed,
        "seconds": removing,
        "seconds_to_bring_back": bringing_back,
        "resident_bytes": resident(),
    }


def _switch(index: WorkspaceIndex, tree: Path, switched: int, switches: int) -> Figures:
    """Files that differ between two branches change again and again."""
    everything = sorted((tree / REAL).rglob("*.py"))
    files = random.Random(1).sample(everything, switched)
    here = [file.read_text(encoding="utf-8") for file in files]
    names = names_in(here)
    there = [renaming(names, number)(text) for number, text in enumerate(here)]
    seconds: list[float] = []
    memory: list[int] = []
    for number in range(switches):
        for file, text in zip(files, here if number % 2 else there, strict=True):
            write(file, text)
        seconds.append(_seconds(lambda: index.update_files(files)))
        memory.append(resident())
        print(f"switch {number + 1}: {seconds[-1]} s, {memory[-1]:,} bytes", flush=True)
    for file, text in zip(files, here, strict=True):
        write(file, text)
    index.update_files(files)
    third = len(memory) // 3
    return {
        "files": switched,
        "switches": switches,
        "seconds_p50": round(median(seconds), 1),
        "resident_bytes_middle_third": int(median(memory[third : 2 * third])),
        "resident_bytes_last_third": int(median(memory[-third:])),
    }


def differences(one: Path, other: Path) -> Figures:
    """What differs between two databases of one tree, but for numbers and times."""
    connection = sqlite3.connect(f"file:{one}?mode=ro", uri=True)
    connection.execute("ATTACH ? AS other", (str(other),))
    file = "path, language, imports, skipped, digest, size"
    snippet = (
        "path, kind, name, signature, docstring, start, end, start_line, end_line, name_line,"
        " name_column, {0}snippets.digest, vector"
    )
    parts = {
        "files": f"SELECT {file} FROM {{0}}files",
        "snippets": f"SELECT {snippet} FROM {{0}}snippets JOIN {{0}}files"
        " ON {0}files.id = {0}snippets.file",
    }
    found = {}
    for what, select in parts.items():
        sides = select.format("main."), select.format("other.")
        found[what] = sum(
            connection.execute(f"SELECT count(*) FROM ({a} EXCEPT {b})").fetchone()[0]
            for a, b in (sides, sides[::-1])
        )
    connection.close()
    return found


def _own_texts_found(index: WorkspaceIndex, folder: Path) -> float:
    """The share of snippets that a search with their own text finds among the first ten."""
    connection = sqlite3.connect(folder / DATABASE)
    (last,) = connection.execute("SELECT max(id) FROM snippets").fetchone()
    chance = random.Random(1)
    hits = asked = 0
    while asked < QUERIES:
        row = connection.execute(
            "SELECT text FROM snippets WHERE id >= ? LIMIT 1", (chance.randrange(last),)
        ).fetchone()
        if row is None:
            continue
        (text,) = row
        asked += 1
        found = index.search(text, limit=10)
        hits += any(hit.snippet.text == text for hit in found)
    connection.close()
    return round(hits / asked, 3)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return round(time.perf_counter() - started, 2)


def resident() -> int:
    """Bytes of memory that this process has now."""
    return int(psutil.Process().memory_info().rss)


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(file.stat().st_size for file in folder.iterdir())
