"""Finds snippets: by meaning, by words, by both, and by name."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from indexer import catalogue, lexical
from indexer.results import Hit, Usage
from indexer.snippets import Snippet
from indexer.vectors import VectorStore
from model.embed import Embedder

Mode = Literal["hybrid", "lexical", "vectors"]
Keep = Callable[[Snippet], bool]

# How much of each ranking is looked at: at first, and at most, if `keep` leaves too few.
_DEPTH = 50
_DEEPEST = 5_000

# Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet", SIGIR 2009.
_RANK_OFFSET = 60

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
        rankings = []
        if mode != "lexical":
            (vector,) = embedder.embed([query])
            rankings.append([n for n, _ in vectors.search(vector, depth)] if vector.any() else [])
        if mode != "vectors":
            rankings.append(lexical.search(connection, frequencies, query, depth))
        hits = _loaded(connection, fused(rankings), limit, keep)
        if len(hits) == limit or depth >= _DEEPEST or max(map(len, rankings)) < depth:
            return hits
        depth *= 10


def fused(rankings: Sequence[Sequence[int]]) -> list[tuple[int, float]]:
    """Numbers and scores of several rankings in one, best first."""
    scores: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, number in enumerate(ranking, start=1):
            scores[number] += 1 / (_RANK_OFFSET + rank)
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
