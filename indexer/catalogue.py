"""Files and their snippets as rows of the database."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from indexer import lexical
from indexer.only import EVERYTHING, Only
from indexer.snippets import Snippet

# Rows asked for at once; SQLite bounds the variables of a statement.
_BATCH = 500

# The fields of a snippet that are columns of its own row; the others are its file's.
_OWN = [each.name for each in fields(Snippet) if each.name not in ("path", "imports")]
_SNIPPET = "SELECT snippets.id, files.path, files.imports, " + ", ".join(
    f"snippets.{name}" for name in _OWN
)
_FROM = " FROM snippets JOIN files ON files.id = snippets.file "

_PLACES = ("start", "end", "start_line", "end_line", "name_line", "name_column")
"""What changes in a snippet when only the text above it changes."""


@dataclass(frozen=True)
class File:
    """A file as it was when it was last looked at."""

    path: str
    modified: int
    """In nanoseconds; -1 if it is to be read again although it may not have changed."""
    size: int
    digest: bytes = b""
    language: str = "text"
    imports: str = ""
    skipped: str | None = None
    """Why it has no snippets, if it was left out."""


def digest_of(*parts: str) -> bytes:
    """Tells texts apart."""
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()


def files(connection: sqlite3.Connection, within: str | None = None) -> dict[str, File]:
    """What is known, by path: of all files, or of one and of all that lie in a folder of its name.

    Files that are left out are among them.
    """
    select = f"SELECT {', '.join(each.name for each in fields(File))} FROM files"
    if within is None:
        rows = connection.execute(select)
    else:  # "0" follows "/"
        rows = connection.execute(
            select + " WHERE path = ? OR path = ? OR path > ? AND path < ?",
            (within, within + "/", within + "/", within + "0"),
        )
    return {row[0]: File(*row) for row in rows}


def digest(connection: sqlite3.Connection, path: str) -> bytes:
    """What tells the text of the file at `path` from others; b"" for a file that is not known."""
    row = connection.execute("SELECT digest FROM files WHERE path = ?", (path,)).fetchone()
    return bytes(row[0]) if row else b""


def count(connection: sqlite3.Connection) -> int:
    """How many snippets there are."""
    (number,) = connection.execute("SELECT count(*) FROM snippets").fetchone()
    return int(number)


def count_files(connection: sqlite3.Connection) -> int:
    """How many files there are that are not left out."""
    (number,) = connection.execute("SELECT count(*) FROM files WHERE skipped IS NULL").fetchone()
    return int(number)


def imports(connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
    """Language and imports of the files that have some, and how many files have the same."""
    return connection.execute(
        "SELECT language, imports, count(*) FROM files WHERE imports != ''"
        " GROUP BY language, imports"
    ).fetchall()


def last_number(connection: sqlite3.Connection) -> int:
    """The highest number that a snippet ever had."""
    (number,) = connection.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()
    return int(number or 0)


def contents(connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
    """Path, language and number of snippets of every file that is not left out, by path."""
    return connection.execute(
        "SELECT path, files.language, count(snippets.id) FROM files"
        " LEFT JOIN snippets ON snippets.file = files.id"
        " WHERE skipped IS NULL GROUP BY files.id ORDER BY path"
    ).fetchall()


def put_file(connection: sqlite3.Connection, file: File) -> None:
    """Note a file, or what has changed about it; its snippets stay as they are."""
    names = [each.name for each in fields(File)]
    connection.execute(
        f"INSERT INTO files ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        " ON CONFLICT (path) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in names),
        [getattr(file, name) for name in names],
    )


def remove_file(connection: sqlite3.Connection, path: str) -> list[int]:
    """Forget a file; the numbers of its snippets, which are gone, are returned."""
    gone = _numbers(connection, path)
    remove_snippets(connection, gone)
    connection.execute("DELETE FROM files WHERE path = ?", (path,))
    return gone


@dataclass(frozen=True)
class Difference:
    """What has to be done to turn the snippets that a file had into those that it has."""

    kept: list[tuple[int, Snippet]]
    """With their numbers; only their places may have changed."""
    gone: list[int]
    new: list[Snippet]


def difference(
    connection: sqlite3.Connection, path: str, snippets: Sequence[Snippet]
) -> Difference:
    """Compares `snippets` with those that are noted for the file at `path`."""
    rows = connection.execute(
        "SELECT snippets.digest, snippets.id FROM snippets JOIN files ON files.id = file"
        " WHERE path = ?",
        (path,),
    )
    old: dict[bytes, list[int]] = {}
    for digest, number in rows:
        old.setdefault(digest, []).append(number)
    if not old:
        return Difference([], [], list(snippets))
    kept, new = [], []
    for snippet in snippets:
        same = old.get(_digest(snippet))
        if same:
            kept.append((same.pop(), snippet))
        else:
            new.append(snippet)
    return Difference(kept, [number for numbers in old.values() for number in numbers], new)


def move_snippets(connection: sqlite3.Connection, kept: Iterable[tuple[int, Snippet]]) -> None:
    """Note where snippets stand now."""
    connection.executemany(
        f"UPDATE snippets SET {', '.join(f'{place} = ?' for place in _PLACES)} WHERE id = ?",
        [(*(getattr(snippet, place) for place in _PLACES), number) for number, snippet in kept],
    )


def add_snippets(
    connection: sqlite3.Connection,
    path: str,
    snippets: Sequence[Snippet],
    vectors: NDArray[np.float32],
    *,
    by_words: bool = True,
) -> list[int]:
    """Add snippets of the file at `path`, which is known; their numbers are returned.

    `vectors` is [len(snippets), dimensions]; a row of zeros says there is nothing to embed. Unless
    `by_words`, they are only found by their names and files.
    """
    (file,) = connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
    columns = ["file", "digest", "last_name", "vector", *_OWN]
    statement = (
        f"INSERT INTO snippets ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    )
    numbers = []
    for snippet, vector in zip(snippets, vectors, strict=True):
        packed = vector.astype(np.float16).tobytes() if vector.any() else None
        own = (getattr(snippet, name) for name in _OWN)
        row = (file, _digest(snippet), _last_name(snippet), packed, *own)
        number = connection.execute(statement, row).lastrowid
        assert number is not None  # an INSERT always gives one
        if by_words:
            lexical.add(connection, number, snippet)
        numbers.append(number)
    return numbers


def remove_snippets(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Remove snippets by their numbers."""
    for number, snippet in load(connection, numbers).items():
        lexical.remove(connection, number, snippet)
    connection.executemany("DELETE FROM snippets WHERE id = ?", [(number,) for number in numbers])


def load(
    connection: sqlite3.Connection, numbers: Sequence[int], only: Only = EVERYTHING
) -> dict[int, Snippet]:
    """The snippets of these numbers, as far as they are still there and asked for."""
    found: dict[int, Snippet] = {}
    condition, values = only.condition()
    for some in _slices(numbers):
        places = ", ".join("?" * len(some))
        found |= select(
            connection, f"WHERE snippets.id IN ({places}) AND {condition}", [*some, *values]
        )
    return found


def select(
    connection: sqlite3.Connection, condition: str, values: Sequence[object]
) -> dict[int, Snippet]:
    """The snippets that fulfil a condition in SQL, by number and in its order."""
    rows = connection.execute(_SNIPPET + _FROM + condition, values)
    return {
        number: Snippet(path=path, imports=imports, **dict(zip(_OWN, own, strict=True)))
        for number, path, imports, *own in rows
    }


def embedded_numbers(connection: sqlite3.Connection) -> NDArray[np.int64]:
    """The numbers of all snippets that have a vector, in ascending order."""
    rows = connection.execute("SELECT id FROM snippets WHERE vector IS NOT NULL ORDER BY id")
    return np.fromiter((number for (number,) in rows), np.int64)


def embedded_among(connection: sqlite3.Connection, only: Only, most: int) -> list[int]:
    """The numbers of snippets that are asked for and have a vector, or of so many of them."""
    condition, values = only.condition()
    rows = connection.execute(
        "SELECT snippets.id FROM files JOIN snippets ON snippets.file = files.id"
        f" WHERE vector IS NOT NULL AND {condition} LIMIT ?",
        [*values, most],
    )
    return [number for (number,) in rows]


def vectors(
    connection: sqlite3.Connection, numbers: Sequence[int] | NDArray[np.int64]
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """The vectors of these snippets, some at a time: numbers and [len(numbers), dimensions]."""
    ordered = np.sort(np.asarray(numbers, np.int64))
    for start in range(0, len(ordered), _BATCH):
        some = ordered[start : start + _BATCH].tolist()
        places = ", ".join("?" * len(some))
        rows = connection.execute(
            f"SELECT id, vector FROM snippets WHERE id IN ({places}) AND vector IS NOT NULL", some
        ).fetchall()
        if rows:
            packed = b"".join(vector for _, vector in rows)
            matrix = np.frombuffer(packed, np.float16).reshape(len(rows), -1)
            yield [number for number, _ in rows], matrix.astype(np.float32)


def _numbers(connection: sqlite3.Connection, path: str) -> list[int]:
    rows = connection.execute(
        "SELECT snippets.id FROM snippets JOIN files ON files.id = file WHERE path = ?", (path,)
    )
    return [number for (number,) in rows]


def _digest(snippet: Snippet) -> bytes:
    return digest_of(
        snippet.language,
        snippet.kind,
        snippet.name,
        snippet.signature,
        snippet.docstring,
        snippet.text,
    )


def _last_name(snippet: Snippet) -> str | None:
    is_definition = snippet.kind in ("function", "method", "class")
    return snippet.name.rpartition(".")[2] if is_definition else None


def _slices(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _BATCH):
        yield numbers[start : start + _BATCH]
