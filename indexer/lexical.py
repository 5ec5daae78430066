"""Search by words: BM25 over the terms of each snippet, in SQLite's FTS5."""

import json
import math
import sqlite3
from collections.abc import Mapping, Set

from indexer.only import EVERYTHING, Only
from indexer.snippets import Snippet
from indexer.terms import spelled_out, terms

# A query is often the code before a cursor, a dozen lines of it. Its rarest terms say what it is
# about, and those near its end what comes next: a line counts less with each that follows, and the
# terms of the last one are asked for twice.
_LINE_ABOVE = 0.8
_MOST_TERMS = 16

# A search costs a microsecond for each snippet that holds a term; common terms are not worth more.
_FEWEST_TERMS = 3
_MOST_ROWS = 5_000

# With no more terms than the fewest, so many: in a million snippets, three common ones would cost a
# tenth of a second. The first is asked for however common it is.
_MOST_ROWS_OF_FEW = 20_000

# A term in more snippets than this is common; its count is good enough until so large a share of
# all snippets are new.
_COMMON = 500
_MUCH_CHANGE = 0.2

# How much a term in the path, the name, the signature or docstring, and the text counts.
_WEIGHTS = "1.0, 4.0, 2.0, 1.0"


class Frequencies:
    """How many snippets hold a term.

    Counting a common term takes a millisecond or two, and `self` is in every query, so the counts
    of common terms are remembered until the index has changed a good deal. So is that of all
    snippets, which takes 7 ms for a million.
    """

    def __init__(self) -> None:
        self.total = 0
        """How many snippets there were when the common terms were counted."""
        self._last = 0  # the highest number of a snippet at that time
        self._common: dict[str, int] = {}

    def of(self, connection: sqlite3.Connection, asked: Set[str]) -> dict[str, int]:
        """Those of the terms that are in the index, and how many snippets hold each."""
        (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM snippets").fetchone()
        if abs(last - self._last) > _MUCH_CHANGE * self.total:
            self._last, self._common = last, {}
            (self.total,) = connection.execute("SELECT count(*) FROM snippets").fetchone()
        common = self._common
        known = {term: common[term] for term in asked if term in common}
        # One statement for all: between two, other threads may take their time.
        (counted,) = connection.execute(
            "SELECT json_group_object(term, doc) FROM json_each(?) JOIN vocabulary ON term = value",
            (json.dumps(sorted(asked - known.keys())),),
        ).fetchone()
        found: dict[str, int] = json.loads(counted)
        common.update((term, count) for term, count in found.items() if count > _COMMON)
        return known | found

    def rarity(self, connection: sqlite3.Connection, asked: Set[str]) -> dict[str, float]:
        """How telling terms are; one that no snippet holds is as telling as one that a single
        snippet holds."""
        counts = self.of(connection, asked)
        return {term: math.log(1 + self.total / counts.get(term, 1)) for term in asked}


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


def search(
    connection: sqlite3.Connection,
    frequencies: Frequencies,
    query: str,
    limit: int,
    only: Only = EVERYTHING,
) -> list[tuple[int, float]]:
    """The snippets that hold the most telling terms of `query`: numbers and scores, best first."""
    distances = _distances(query)
    counts = frequencies.of(connection, distances.keys())
    chosen = _telling(distances, counts, frequencies.total)
    if not chosen:
        return []
    last_line = [term for term in chosen if distances[term] == 0]
    match = " OR ".join(f'"{term}"' for term in [*chosen, *last_line])
    # SQLite's function is negative, so that the best comes first.
    condition, values = only.condition()
    among = (
        " AND rowid IN (SELECT snippets.id FROM files JOIN snippets ON snippets.file = files.id"
        f" WHERE {condition})"
    )
    return connection.execute(
        f"SELECT rowid, -bm25(terms, {_WEIGHTS}) AS score FROM terms WHERE terms MATCH ?"
        f"{among if only else ''} ORDER BY score DESC LIMIT ?",
        (match, *values, limit),
    ).fetchall()


def holding(connection: sqlite3.Connection, word: str, limit: int) -> list[tuple[int, str, str]]:
    """Snippets whose text holds `word`, whatever its case: number, path and language of each."""
    whole = terms(word)[:1]
    if not whole:
        return []
    return connection.execute(
        "SELECT snippets.id, path, snippets.language FROM"
        " (SELECT rowid AS number FROM terms WHERE terms MATCH ? LIMIT ?)"
        " JOIN snippets ON snippets.id = number JOIN files ON files.id = file",
        (f'text : "{whole[0]}"', limit),
    ).fetchall()


def _distances(query: str) -> dict[str, int]:
    """The terms of a query and how many lines from its end each stands last."""
    distances: dict[str, int] = {}
    for distance, line in enumerate(reversed(query.rstrip().split("\n"))):
        for term in terms(line):
            distances.setdefault(term, distance)
    return distances


def _telling(distances: Mapping[str, int], counts: Mapping[str, int], total: int) -> list[str]:
    """The terms that are rare and stand near the end, as many as are worth it."""

    def weight(term: str) -> float:
        return math.log(1 + total / counts[term]) * _LINE_ABOVE ** distances[term]

    rows = 0
    chosen: list[str] = []
    for term in sorted(counts, key=weight, reverse=True)[:_MOST_TERMS]:
        if len(chosen) >= _FEWEST_TERMS and rows + counts[term] > _MOST_ROWS:
            break
        if chosen and rows + counts[term] > _MOST_ROWS_OF_FEW:
            continue
        rows += counts[term]
        chosen.append(term)
    return chosen


def _columns(snippet: Snippet) -> tuple[str, ...]:
    head = f"{snippet.signature} {snippet.docstring}"
    return tuple(map(spelled_out, (snippet.path, snippet.name, head, snippet.text)))
