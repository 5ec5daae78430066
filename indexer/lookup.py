"""Looks things up by their names: definitions, what begins with a prefix, usages, mentions."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nsmallest

from indexer import catalogue, expressions, lexical
from indexer.nearness import distance
from indexer.results import Usage
from indexer.snippets import Snippet

# Snippets that are considered for usages of a name or names with a prefix, and how many of them,
# the nearest, are looked through, some at a time until there are enough usages.
_CONSIDERED = 3_000
_LOOKED_THROUGH = 150
_AT_ONCE = 30

PROSE = ("markdown", "rst", "text")
"""Languages in which a name is mentioned rather than used."""

# Past the last character that can follow a prefix.
_LAST = "\U0010ffff"


def definitions(connection: sqlite3.Connection, name: str, limit: int) -> list[Snippet]:
    """What is called `name`, which may be qualified or the last component alone."""
    last = name.rpartition(".")[2]
    found = catalogue.select(
        connection,
        # The first comparison finds the rows by their index, the second minds upper case.
        "WHERE snippets.id IN (SELECT id FROM snippets"
        " WHERE last_name = ? COLLATE NOCASE AND last_name = ?"
        " AND (? = last_name OR substr('.' || name, -length(?)) = ?) LIMIT ?)"
        " ORDER BY length(name), files.path LIMIT ?",
        (last, last, name, "." + name, "." + name, _CONSIDERED, limit),
    )
    return list(found.values())


def names(connection: sqlite3.Connection, prefix: str, limit: int, near: str) -> list[Snippet]:
    """The nearest definition of each name that begins with `prefix`, whatever the case.

    The nearest to the file `near` come first, then the shortest.
    """
    rows = connection.execute(
        # The shortest are found in the index of names, without a look at any row.
        "SELECT last_name, path, number FROM (SELECT id AS number, last_name, file FROM snippets"
        " WHERE last_name >= ? COLLATE NOCASE AND last_name < ? COLLATE NOCASE"
        " ORDER BY length(last_name), last_name LIMIT ?) JOIN files ON files.id = file",
        (prefix, prefix + _LAST, _CONSIDERED),
    )
    nearest: dict[str, int] = {}
    order = sorted(rows, key=lambda row: (distance(row[1], near), len(row[0]), row[0]))
    for last_name, _, number in order:
        nearest.setdefault(last_name, number)
    return _in_order(connection, list(nearest.values())[:limit])


def latest(connection: sqlite3.Connection, limit: int) -> list[Snippet]:
    """So many snippets, first of what an editor has not saved, then of what was changed last."""
    order = "ORDER BY modified < 0 DESC, modified DESC LIMIT ?"
    files = (
        f"SELECT id FROM files WHERE EXISTS (SELECT 1 FROM snippets WHERE file = files.id) {order}"
    )
    condition = f"WHERE files.id IN ({files}) {order}"
    return list(catalogue.select(connection, condition, (limit, limit)).values())


def in_file(connection: sqlite3.Connection, path: str) -> list[Snippet]:
    """All snippets of the file at `path`, from its start to its end."""
    return list(catalogue.select(connection, "WHERE path = ? ORDER BY start", (path,)).values())


def named_in_file(connection: sqlite3.Connection, path: str, name: str) -> list[Snippet]:
    """The snippets of the file at `path` that have this qualified name, from its start on."""
    condition = "WHERE path = ? AND name = ? ORDER BY start"
    return list(catalogue.select(connection, condition, (path, name)).values())


def files_ending(connection: sqlite3.Connection, path: str) -> list[str]:
    """The files at `path` in the workspace or in any folder of it, shortest path first."""
    rows = connection.execute(
        "SELECT path FROM files WHERE file_name = ? AND skipped IS NULL"
        " AND substr('/' || path, -length(?)) = ? ORDER BY length(path), path",
        (path.rpartition("/")[2], "/" + path, "/" + path),
    )
    return [path for (path,) in rows]


def usages(connection: sqlite3.Connection, name: str, limit: int, near: str) -> list[Usage]:
    """Where the last component of `name` stands in code as a whole word and is not being defined.

    Those nearest to the file `near` come first.
    """
    return _standing(connection, name, limit, near, in_prose=False)


def mentions(connection: sqlite3.Connection, name: str, limit: int, near: str) -> list[Usage]:
    """Where the last component of `name` stands in prose, nearest to the file `near` first."""
    return _standing(connection, name, limit, near, in_prose=True)


def names_behind(connection: sqlite3.Connection, receiver: str, near: str) -> Counter[str]:
    """How often each name stands behind a receiver of this name, in what is nearest to the file
    `near`; that file itself does not count."""
    holding = [
        (number, path)
        for number, path, _ in lexical.holding(connection, receiver, _CONSIDERED)
        if path != near
    ]
    found: Counter[str] = Counter()
    for snippet in _in_order(connection, _nearest(holding, near)):
        found += expressions.names_behind(receiver, snippet.text)
    return found


def _nearest(holding: Sequence[tuple[int, str]], near: str) -> list[int]:
    """The numbers of the snippets in files that are nearest to the file `near`."""
    distances = {path: distance(path, near) for path in {path for _, path in holding}}
    nearest = nsmallest(_LOOKED_THROUGH, holding, key=lambda each: distances[each[1]])
    return [number for number, _ in nearest]


def _standing(
    connection: sqlite3.Connection, name: str, limit: int, near: str, *, in_prose: bool
) -> list[Usage]:
    last = name.rpartition(".")[2]
    literal = re.escape(last)  # first in the pattern, as it is found quickest so
    word = re.compile(rf"{literal}(?<!\w{literal})(?!\w)")
    holding = [
        (number, path)
        for number, path, language in lexical.holding(connection, last, _CONSIDERED)
        if (language in PROSE) == in_prose
    ]
    nearest = _nearest(holding, near)
    found: list[Usage] = []
    for start in range(0, len(nearest), _AT_ONCE):
        for snippet in _in_order(connection, nearest[start : start + _AT_ONCE]):
            found += _usages_in(snippet, word)
        if len(found) >= limit:
            break
    return found[:limit]


def _usages_in(snippet: Snippet, word: re.Pattern[str]) -> Iterator[Usage]:
    defined = (snippet.name_line, snippet.name_column)
    text = snippet.text
    for match in word.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        line = snippet.start_line + text.count("\n", 0, start)
        column = match.start() - start
        if snippet.kind == "block" or (line, column) != defined:
            whole = text[start:].partition("\n")[0].rstrip()
            yield Usage(snippet.path, line, column, whole, snippet.name)


def _in_order(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[Snippet]:
    snippets = catalogue.load(connection, numbers)
    return [snippets[number] for number in numbers if number in snippets]
