"""A million snippets with their vectors, in a database as an index keeps it.

Real code first: the standard library and the packages installed beside it. Then copies of these
snippets in which three in ten names are replaced by names from elsewhere, embedded anew. Kept
under `.work/engines`; what was interrupted goes on where it stopped.
"""

import random
import re
import sqlite3
import sysconfig
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from indexer import catalogue
from indexer.catalogue import File
from indexer.database import Database
from indexer.languages import language_of
from indexer.snippets import Snippet, described, parse
from indexer.walk import Unreadable, read, walk
from model.embed import Embedder

FOLDER = Path(__file__).parents[1] / ".work" / "engines"

_BATCH = 2_000
_NAME = re.compile(r"[A-Za-z_]\w{3,}")
_REPLACED = 0.3
_QUERIES = 100  # of each kind
_QUERY_LINES = 12


def snippets(total: int, embedder: Embedder) -> tuple[Database, int]:
    """A database of `total` snippets, numbered from 1, and how many of them are real code."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    database = Database(FOLDER / "snippets.sqlite")
    about = database.about()
    if "real" not in about:
        _add_real(database, embedder, total)
        with database.reading() as connection:
            about = {"real": str(catalogue.count(connection))}
        database.note(about)
    real = int(about["real"])
    _add_copies(database, embedder, real, total)
    return database, real


def originals(
    database: Database, numbers: NDArray[np.int64]
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """The vectors of these snippets, some at a time."""
    with database.reading() as connection:
        yield from catalogue.vectors(connection, numbers)


def _add_real(database: Database, embedder: Embedder, total: int) -> None:
    with database.reading() as connection:
        known = catalogue.files(connection)
    for root in sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")}):
        files = [file for file in walk(Path(root)) if isinstance(file, Path)]
        for file in track(files, f"Reading {root}"):
            if str(file) in known:
                continue
            try:
                found = parse(read(file), language_of(file), str(file))
            except Unreadable:
                continue
            with database.writing() as connection:
                if catalogue.count(connection) >= total:
                    return
                catalogue.put_file(connection, File(str(file), 0, 0))
                _insert(connection, str(file), found, embedder)


def _add_copies(database: Database, embedder: Embedder, real: int, total: int) -> None:
    with database.reading() as connection:
        done = catalogue.count(connection)
        texts = connection.execute("SELECT text FROM snippets WHERE id % 50 = 0").fetchall()
    names = sorted({name for (text,) in texts for name in _NAME.findall(text)})
    for start in track(range(done, total, _BATCH), "Copying"):
        numbers = range(start + 1, min(start + _BATCH, total) + 1)
        with database.writing() as connection:
            sources = catalogue.load(connection, [(n - 1) % real + 1 for n in numbers])
            copies = [
                _perturbed(sources[(number - 1) % real + 1], names, random.Random(number))
                for number in numbers
            ]
            path = f"copies/{start}"
            catalogue.put_file(connection, File(path, 0, 0))
            _insert(connection, path, copies, embedder)


def _perturbed(snippet: Snippet, names: list[str], chance: random.Random) -> Snippet:
    """The snippet with some names replaced, each by the same one wherever it stands."""
    new: dict[str, str] = {}

    def renamed(match: re.Match[str]) -> str:
        old = match[0]
        if old not in new:
            new[old] = chance.choice(names) if chance.random() < _REPLACED else old
        return new[old]

    name, signature, text = (
        _NAME.sub(renamed, part) for part in (snippet.name, snippet.signature, snippet.text)
    )
    return replace(snippet, name=name, signature=signature, text=text)


def _insert(
    connection: sqlite3.Connection, path: str, found: list[Snippet], embedder: Embedder
) -> None:
    """Add snippets as `catalogue.add_snippets` does, but for the words, which are not searched."""
    (file,) = connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
    vectors = embedder.embed([described(each) for each in found]).astype(np.float16)
    connection.executemany(
        "INSERT INTO snippets (file, digest, kind, name, signature, docstring, text, start, end,"
        " start_line, end_line, name_line, name_column, vector)"
        " VALUES (?, x'', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(file, each.kind, each.name, each.signature, each.docstring, each.text),
                *(each.start, each.end, each.start_line, each.end_line),
                *(each.name_line, each.name_column, vector.tobytes()),
            )
            for each, vector in zip(found, vectors, strict=True)
        ],
    )


def queries(database: Database, embedder: Embedder) -> NDArray[np.float32]:
    """Vectors of what is searched for: a hundred pieces of code as they stand before a cursor, and
    a hundred docstrings."""
    file = FOLDER / "queries.npy"
    if not file.exists():
        chance = random.Random(1)
        with database.reading() as connection:
            paths = connection.execute("SELECT path FROM files WHERE path NOT LIKE 'copies/%'")
            files = chance.sample(sorted(path for (path,) in paths), 400)
            docstrings = connection.execute(
                "SELECT docstring FROM snippets WHERE length(docstring) > 40 AND id % 101 = 0"
            ).fetchall()
        texts = [text for (text,) in chance.sample(sorted(set(docstrings)), _QUERIES)]
        for path in files:
            lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
            if len(lines) > _QUERY_LINES and len(texts) < 2 * _QUERIES:
                end = chance.randrange(_QUERY_LINES, len(lines))
                texts.append("\n".join(lines[end - _QUERY_LINES : end]))
        np.save(file, embedder.embed_queries(texts))
    vectors: NDArray[np.float32] = np.load(file)
    return vectors
