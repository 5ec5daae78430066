"""Finds snippets: by meaning, by words, by both, and by name."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from indexer import catalogue, lexical
from indexer.results import Hit, Usage
from indexer.snippets import Snippet
from indexer.vectors import VectorStore
from model.embed import Embedder

Mode = Literal["hybrid", "lexical", "vectors"]
Keep = Callable[[Snippet], bool]
Ranking = Sequence[tuple[int, float]]
"""Numbers of snippets with their scores, best first."""

# How much of each ranking is looked at: at first, and at most, if `keep` leaves too few.
_DEPTH = 50
_DEEPEST = 5_000

# How much words weigh beside meaning: chosen on packages that were kept from training, where it
# beats fusing by ranks, which forgets by how much one snippet is better than the next.
_WORDS = 0.25

# Snippets that are looked through for usages of a name.
_USAGE_DEPTH = 200

# Using a name in code says more than mentioning it.
_PROSE = ("markdown", "rst", "text")

# Past the last character that can follow a prefix.
_LAST = "\U0010ffff"


def search(
    connection: sqlite3.Connection,
    vectors: VectorStore,
    embedder: Embedder,
    frequencies: lexical.Frequencies,
    query: str,
    *,
    limit: int,
    mode: Mode,
    keep: Keep | None,
) -> list[Hit]:
    """The snippets that fit `query` best and that `keep` wants, best first."""
    if limit < 1:
        return []
    depth = max(_DEPTH, 2 * limit)
    while True:
        nearest: Ranking = []
        worded: Ranking = []
        if mode != "lexical":
            (vector,) = embedder.embed_queries([query])
            nearest = vectors.search(vector, depth) if vector.any() else []
        if mode != "vectors":
            worded = lexical.search(connection, frequencies, query, depth)
        hits = _loaded(connection, fused(nearest, worded), limit, keep)
        if len(hits) == limit or depth >= _DEEPEST or max(len(nearest), len(worded)) < depth:
            return hits
        depth *= 10


def fused(nearest: Ranking, worded: Ranking) -> Ranking:
    """One ranking of two, by cosines and by BM25: the sum of cosine and the share of the best BM25.

    What only words have found is taken to be as near as the last of the nearest.
    """
    farthest = nearest[-1][1] if nearest else 0.0
    scores = dict.fromkeys((number for number, _ in worded), farthest) | dict(nearest)
    for number, score in worded:
        scores[number] += _WORDS * score / worded[0][1]
    return sorted(scores.items(), key=lambda each: -each[1])


def _loaded(
    connection: sqlite3.Connection,
    ranked: Sequence[tuple[int, float]],
    limit: int,
    keep: Keep | None,
) -> list[Hit]:
    """The first snippets that are wanted; the same text is only found once."""
    hits: list[Hit] = []
    seen: set[str] = set()
    for start in range(0, len(ranked), 2 * limit):
        some = ranked[start : start + 2 * limit]
        snippets = catalogue.load(connection, [number for number, _ in some])
        for number, score in some:
            snippet = snippets.get(number)
            if snippet is None or snippet.text in seen or (keep and not keep(snippet)):
                continue
            seen.add(snippet.text)
            hits.append(Hit(snippet, score))
            if len(hits) == limit:
                return hits
    return hits


def definitions(connection: sqlite3.Connection, name: str, limit: int) -> list[Snippet]:
    """What is called `name`, which may be qualified or the last component alone."""
    last = name.rpartition(".")[2]
    found = catalogue.select(
        connection,
        # The first comparison finds the rows by their index, the second minds upper case.
        "WHERE last_name = ? COLLATE NOCASE AND last_name = ?"
        " AND substr('.' || name, -length(?)) = ? ORDER BY length(name), files.path LIMIT ?",
        (last, last, "." + name, "." + name, limit),
    )
    return list(found.values())


def names(connection: sqlite3.Connection, prefix: str, limit: int) -> list[Snippet]:
    """One definition of each name that begins with `prefix`, whatever the case; shortest first."""
    found = catalogue.select(
        connection,
        "WHERE snippets.id IN (SELECT min(id) FROM snippets"
        " WHERE last_name >= ? COLLATE NOCASE AND last_name < ? COLLATE NOCASE"
        " GROUP BY last_name ORDER BY length(last_name), last_name LIMIT ?)"
        " ORDER BY length(last_name), last_name",
        (prefix, prefix + _LAST, limit),
    )
    return list(found.values())


def usages(connection: sqlite3.Connection, name: str, limit: int) -> list[Usage]:
    """Where the last component of `name` stands as a whole word and is not being defined;
    first in code, then in prose."""
    last = name.rpartition(".")[2]
    word = re.compile(rf"(?<!\w){re.escape(last)}(?!\w)")
    found: list[Usage] = []
    numbers = lexical.holding(connection, last, _USAGE_DEPTH)
    snippets = catalogue.load(connection, numbers).values()
    for snippet in sorted(snippets, key=lambda snippet: snippet.language in _PROSE):
        found += _usages_in(snippet, word)
        if len(found) >= limit:
            break
    return found[:limit]


def _usages_in(snippet: Snippet, word: re.Pattern[str]) -> Iterator[Usage]:
    defined = (snippet.name_line, snippet.name_column)
    for line, text in enumerate(snippet.text.split("\n"), start=snippet.start_line):
        for match in word.finditer(text):
            if snippet.kind == "block" or (line, match.start()) != defined:
                yield Usage(snippet.path, line, match.start(), text.rstrip())
