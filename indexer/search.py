"""Finds snippets: by meaning, by words, and by both."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from indexer import catalogue, lexical
from indexer.only import Only
from indexer.results import Hit
from indexer.snippets import Snippet
from model.embed import Embedder

Mode = Literal["hybrid", "lexical", "vectors"]
Keep = Callable[[Snippet], bool]
Ranking = Sequence[tuple[int, float]]
"""Numbers of snippets with their scores, best first."""
Nearest = Callable[[NDArray[np.float32], int], Ranking]
"""The so many snippets whose vectors are nearest to a vector."""

# How much of each ranking is looked at: at first, and at most, if `keep` leaves too few.
_DEPTH = 50
_DEEPEST = 5_000

# Where no more snippets are asked for than these, all are compared, whatever engine has the
# vectors; else the nearest are found first, and looked through for those that are asked for.
_COMPARED = 20_000

# How much words weigh beside meaning: chosen on packages that were kept from training, where it
# beats fusing by ranks, which forgets by how much one snippet is better than the next.
_WORDS = 0.25


def search(
    connection: sqlite3.Connection,
    nearest_of: Nearest,
    embedder: Embedder,
    frequencies: lexical.Frequencies,
    query: str,
    *,
    limit: int,
    mode: Mode,
    keep: Keep | None,
    only: Only,
) -> list[Hit]:
    """The snippets that fit `query` best, that are asked for and that `keep` wants, best first."""
    if limit < 1:
        return []
    depth = max(_DEPTH, 2 * limit)
    among = catalogue.embedded_among(connection, only, _COMPARED + 1) if only else []
    while True:
        nearest: Ranking = []
        worded: Ranking = []
        if mode != "lexical":
            (vector,) = embedder.embed_queries([query])
            if only and len(among) <= _COMPARED:
                nearest = _compared(connection, among, vector)[:depth]
            elif vector.any():
                nearest = nearest_of(vector, depth)
        if mode != "vectors":
            worded = lexical.search(connection, frequencies, query, depth, only)
        hits = _loaded(connection, fused(nearest, worded), limit, keep, only)
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


def _compared(
    connection: sqlite3.Connection, numbers: Sequence[int], vector: NDArray[np.float32]
) -> Ranking:
    """These snippets by their vectors in the database, nearest first."""
    found: list[tuple[int, float]] = []
    for some, rows in catalogue.vectors(connection, numbers):
        found += zip(some, (rows @ vector).tolist(), strict=True)
    return sorted(found, key=lambda each: -each[1])


def _loaded(
    connection: sqlite3.Connection,
    ranked: Sequence[tuple[int, float]],
    limit: int,
    keep: Keep | None,
    only: Only,
) -> list[Hit]:
    """The first snippets that are wanted; the same text is only found once."""
    hits: list[Hit] = []
    seen: set[str] = set()
    for start in range(0, len(ranked), 2 * limit):
        some = ranked[start : start + 2 * limit]
        snippets = catalogue.load(connection, [number for number, _ in some], only)
        for number, score in some:
            snippet = snippets.get(number)
            if snippet is None or snippet.text in seen or (keep and not keep(snippet)):
                continue
            seen.add(snippet.text)
            hits.append(Hit(snippet, score))
            if len(hits) == limit:
                return hits
    return hits
