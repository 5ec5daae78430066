"""Search by words: BM25 over the terms of each snippet, in SQLite's FTS5."""

import sqlite3

from indexer.snippets import Snippet
from indexer.terms import terms

# A query is often the code around a cursor. Its rarest terms say what it is about; common ones
# only cost time.
_MOST_TERMS = 16

# Terms that are in more snippets than this share are left out, if any others are known.
_COMMON = 0.2

# How much a term in the path, the name, the signature or docstring, and the text counts.
_WEIGHTS = "1.0, 4.0, 2.0, 1.0"


def add(connection: sqlite3.Connection, number: int, snippet: Snippet) -> None:
    """Make a snippet findable under its number."""
    connection.execute(
        "INSERT INTO terms (rowid, path, name, head, text) VALUES (?, ?, ?, ?, ?)",
        (number, *_columns(snippet)),
    )


def remove(connection: sqlite3.Connection, number: int, snippet: Snippet) -> None:
    """Undo `add`, with the very same snippet."""
    connection.execute(
        "INSERT INTO terms (terms, rowid, path, name, head, text) VALUES ('delete', ?, ?, ?, ?, ?)",
        (number, *_columns(snippet)),
    )


def search(connection: sqlite3.Connection, query: str, limit: int) -> list[int]:
    """The numbers of the snippets that hold the rarest terms of `query`, best first."""
    chosen = _informative(connection, query)
    if not chosen:
        return []
    match = " OR ".join(f'"{term}"' for term in chosen)
    rows = connection.execute(
        f"SELECT rowid FROM terms WHERE terms MATCH ? ORDER BY bm25(terms, {_WEIGHTS}) LIMIT ?",
        (match, limit),
    )
    return [number for (number,) in rows]


def holding(connection: sqlite3.Connection, word: str, limit: int) -> list[int]:
    """The numbers of snippets whose text holds `word`, whatever its case."""
    whole = next(terms(word), None)
    if whole is None:
        return []
    rows = connection.execute(
        "SELECT rowid FROM terms WHERE terms MATCH ? LIMIT ?", (f'text : "{whole}"', limit)
    )
    return [number for (number,) in rows]


def _informative(connection: sqlite3.Connection, query: str) -> list[str]:
    """The terms of `query` that are in the index, rarest first, as many as are worth it."""
    counted = []
    for term in dict.fromkeys(terms(query)):
        row = connection.execute("SELECT doc FROM vocabulary WHERE term = ?", (term,)).fetchone()
        if row:
            counted.append((row[0], term))
    (total,) = connection.execute("SELECT count(*) FROM snippets").fetchone()
    most = _COMMON * total
    rare = [each for each in counted if each[0] <= most] or counted
    return [term for _, term in sorted(rare)[:_MOST_TERMS]]


def _columns(snippet: Snippet) -> tuple[str, ...]:
    head = f"{snippet.signature} {snippet.docstring}"
    return tuple(" ".join(terms(part)) for part in (snippet.path, snippet.name, head, snippet.text))
