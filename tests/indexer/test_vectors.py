"""The vector store against plain arithmetic."""

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from indexer.vectors.hnsw import HnswStore

DIMENSIONS = 16


def unit(rows: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class AgainstArithmetic(RuleBasedStateMachine):
    """Adds, removes, saves and loads in any order; what is found is what is nearest."""

    def __init__(self):
        super().__init__()
        self.store = HnswStore(DIMENSIONS)
        self.truth: dict[int, np.ndarray] = {}
        self.next = 0

    @rule(count=st.integers(1, 40))
    def add(self, count: int):
        numbers = list(range(self.next, self.next + count))
        vectors = unit(count, seed=self.next)
        self.next += count
        self.store.add(numbers, vectors)
        self.truth |= dict(zip(numbers, vectors, strict=True))

    @precondition(lambda self: self.truth)
    @rule(data=st.data())
    def remove(self, data: st.DataObject):
        numbers = data.draw(st.sets(st.sampled_from(sorted(self.truth)), min_size=1))
        self.store.remove([*numbers, 999_999])
        for number in numbers:
            del self.truth[number]

    @rule()
    def save_and_load(self):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "vectors.hnsw"
            self.store.save(path)
            self.store.close()
            self.store = HnswStore(DIMENSIONS, path, set(self.truth))

    @rule(seed=st.integers(0, 100), limit=st.integers(1, 10))
    def search(self, seed: int, limit: int):
        query = unit(1, seed)[0]
        found = self.store.search(query, limit)
        nearest = sorted(self.truth, key=lambda n: -float(self.truth[n] @ query))[:limit]
        assert {number for number, _ in found} <= set(self.truth)
        assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)
        # The graph may miss one now and then, never the many.
        assert len(set(nearest) & {number for number, _ in found}) >= 0.7 * len(nearest)
        for number, score in found:
            assert score == pytest.approx(float(self.truth[number] @ query), abs=1e-4)

    @invariant()
    def holds_what_was_added(self):
        assert self.store.numbers() == set(self.truth)

    def teardown(self):
        self.store.close()


TestAgainstArithmetic = AgainstArithmetic.TestCase
TestAgainstArithmetic.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


def test_it_grows_beyond_its_first_capacity():
    store = HnswStore(DIMENSIONS)
    vectors = unit(3_000)
    store.add(range(3_000), vectors)
    assert [number for number, _ in store.search(vectors[2_999], 1)] == [2_999]


def test_the_places_of_removed_vectors_are_used_again(tmp_path: Path):
    store = HnswStore(DIMENSIONS)
    for start in range(0, 6_000, 300):
        store.add(range(start, start + 300), unit(300, seed=start))
        store.remove(range(start, start + 300))
    store.save(tmp_path / "vectors.hnsw")
    assert (tmp_path / "vectors.hnsw").stat().st_size < 1_100 * (DIMENSIONS * 4 + 200)


def test_a_damaged_file_is_refused(tmp_path: Path):
    (tmp_path / "vectors.hnsw").write_bytes(b"not a graph")
    with pytest.raises(RuntimeError):
        HnswStore(DIMENSIONS, tmp_path / "vectors.hnsw", {1, 2, 3})


def test_it_can_be_searched_while_it_grows():
    store = HnswStore(DIMENSIONS)
    store.add([0], unit(1))
    done = threading.Event()

    def grow() -> None:
        for start in range(1, 3_000, 100):
            store.add(range(start, start + 100), unit(100, seed=start))
            store.remove(range(start, start + 50))
        done.set()

    thread = threading.Thread(target=grow)
    thread.start()
    searches = 0
    while not done.is_set():
        assert store.search(unit(1)[0], 5)[0][0] == 0
        searches += 1
    thread.join()
    assert searches
