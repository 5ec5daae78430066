"""How long an index takes to find things by their names, as hover and the list of names ask."""

import random
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath

from benchmarks.clock import milliseconds, percentiles
from benchmarks.index import QUERIES
from indexer.index import WorkspaceIndex
from indexer.store import DATABASE

_LATEST = 200  # as many as a server turns into tokens when it starts
_TYPED = 2  # letters of a name that the list is asked for


def lookup_times(index: WorkspaceIndex, folder: Path) -> dict[str, dict[str, float]]:
    """Percentiles in milliseconds of each question, asked about names from all over the index in
    `folder`; what is asked first has no caches of SQLite's to help."""
    asked: dict[str, Callable[[str, str], object]] = {
        "definitions": lambda name, _: index.definitions(name),
        "names": lambda name, path: index.names(name[:_TYPED], near=path),
        "usages": lambda name, path: index.usages(name, near=path),
        "files_ending": lambda _, path: index.files_ending(PurePosixPath(path).name),
        "latest": lambda _name, _path: index.latest(_LATEST),
        "count_files": lambda _name, _path: index.count_files(),
    }
    places = _places(folder)
    return {
        what: percentiles([milliseconds(partial(ask, name, path)) for name, path in places])
        for what, ask in asked.items()
    }


def _places(folder: Path) -> list[tuple[str, str]]:
    """Names that are defined in an index, drawn by chance, and where."""
    connection = sqlite3.connect(folder / DATABASE)
    (last,) = connection.execute("SELECT max(id) FROM snippets").fetchone()
    chance = random.Random(2)
    found = [
        connection.execute(
            "SELECT last_name, path FROM snippets JOIN files ON files.id = file"
            " WHERE snippets.id >= ? AND last_name IS NOT NULL ORDER BY snippets.id LIMIT 1",
            (chance.randrange(last),),
        ).fetchone()
        for _ in range(QUERIES)
    ]
    connection.close()
    return [each for each in found if each]
