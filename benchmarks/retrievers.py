"""The systems that the retrieval benchmark compares, each from texts to scores."""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from benchmarks.minilm import MiniLM
from indexer import search
from model.embed import Embedder, WordPieces, words

Scores = NDArray[np.float32]
System = Callable[[Sequence[str], Sequence[str]], Scores]
"""From queries and codes to [queries, codes]; what belongs together should have high scores."""

_DEPTH = 50  # of each ranking that is fused, as the index has it


def by_bm25(queries: Sequence[str], codes: Sequence[str]) -> Scores:
    """BM25 over identifiers, whole and in parts."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE codes USING fts5 (terms, tokenize = 'ascii')")
    database.executemany("INSERT INTO codes VALUES (?)", [(" ".join(_terms(x)),) for x in codes])
    scores = np.zeros((len(queries), len(codes)), np.float32)
    sql = "SELECT rowid - 1, -bm25(codes) FROM codes WHERE codes MATCH ?"
    for row, query in zip(scores, queries, strict=True):
        if terms := dict.fromkeys(_terms(query)):
            match = " OR ".join(f'"{term}"' for term in terms)
            for place, score in database.execute(sql, (match,)):
                row[place] = score
    return scores


def _terms(text: str) -> list[str]:
    whole = re.findall(r"\w+", text)
    parts = (part for part in words(text) if part.isalnum())
    return [term.lower() for term in (*whole, *parts)]


def by_random_vectors(tokenizer: Tokenizer, dimensions: int) -> System:
    """The floor: nothing learned but the vocabulary."""
    random = np.random.default_rng(0)
    table = random.standard_normal((tokenizer.get_vocab_size(), dimensions), np.float32)
    pieces = WordPieces(tokenizer)

    def score(queries: Sequence[str], codes: Sequence[str]) -> Scores:
        counts = [pieces.count(text) for text in codes]
        frequency = Counter(piece for count in counts for piece in count)

        def vector(count: Counter[int]) -> Scores:
            gains = [n**0.5 * np.log(1 + len(codes) / (1 + frequency[i])) for i, n in count.items()]
            found: Scores = np.array(gains, np.float32) @ table[list(count)]
            return found / max(1e-12, float(np.linalg.norm(found)))

        return _cosines([vector(pieces.count(x)) for x in queries], [vector(x) for x in counts])

    return score


def _cosines(queries: Sequence[Scores], codes: Sequence[Scores]) -> Scores:
    result: Scores = np.stack(queries) @ np.stack(codes).T
    return result


def by_vectors(embedder: Embedder) -> System:
    """Cosines of the embedder's vectors."""
    return lambda queries, codes: embedder.embed_queries(queries) @ embedder.embed(codes).T


def by_minilm(minilm: MiniLM) -> System:
    """Cosines of the peer's vectors."""
    return lambda queries, codes: minilm.remembered(queries) @ minilm.remembered(codes).T


def fused(nearest: System, worded: System) -> System:
    """Two systems as the index fuses them, of each the first of its ranking."""

    def score(queries: Sequence[str], codes: Sequence[str]) -> Scores:
        near, words_found = nearest(queries, codes), worded(queries, codes)
        scores = np.full_like(near, -np.inf)  # what neither has found
        for row, cosines, bm25 in zip(scores, near, words_found, strict=True):
            with_words = [each for each in _first(bm25) if each[1] > 0]
            for place, value in search.fused(_first(cosines), with_words):
                row[place] = value
        return scores

    return score


def _first(scores: Scores) -> list[tuple[int, float]]:
    """Places and scores of the highest."""
    return [(int(place), float(scores[place])) for place in (-scores).argsort()[:_DEPTH]]
