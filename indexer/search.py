"""Finds snippets: by meaning, by words, and by both."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Literal

from indexer import catalogue, lexical
from indexer.results import Hit
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
