import numpy as np
import pytest

from benchmarks.retrievers import by_bm25, by_vectors, fused
from model.embed import load_embedder
from model.training import retrieval

CODES = [
    "def sort_by_name(items):\n    return sorted(items, key=by_name)",
    "def listen(port):\n    return socket.bind((HOST, port))",
    "def read_text(path):\n    return path.read_text()",
]


def test_each_system_finds_the_code_that_is_described() -> None:
    vectors = by_vectors(load_embedder())
    queries = ["sort the items by name", "listen on a port", "read the text of a path"]
    for system in (by_bm25, vectors, fused(vectors, by_bm25)):
        assert system(queries, CODES).argmax(axis=1).tolist() == [0, 1, 2]


def test_fusion_keeps_what_only_one_of_both_has_found() -> None:
    def nearest(queries, codes):
        return np.linspace(1, 0, len(codes), dtype=np.float32)[None]

    def by_a_word(queries, codes):
        return np.eye(1, len(codes), len(codes) - 1, dtype=np.float32)

    (scores,) = fused(nearest, by_a_word)(["query"], ["code"] * 100)
    ranking = (-scores).argsort()
    assert ranking[0] == 0
    assert 99 in ranking[:50]
    assert np.isneginf(scores[60])


def test_the_interval_of_a_mean_holds_it_and_narrows_with_more_pools() -> None:
    few = np.random.default_rng(1).normal(0.5, 0.1, 10)
    low, high = retrieval.interval(few)
    assert low < few.mean() < high
    many = np.tile(few, 10)
    assert retrieval.interval(many)[1] - retrieval.interval(many)[0] < (high - low) / 2
    assert retrieval.interval([0.25, 0.25]) == pytest.approx((0.25, 0.25))
