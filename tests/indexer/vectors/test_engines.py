"""All engines against plain arithmetic."""

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from vector_stores import Open, Truth, unit


class AgainstArithmetic(RuleBasedStateMachine):
    """Adds, removes, adds again, saves and opens in any order; what is found is what is nearest."""

    def __init__(self, open_store: Open):
        super().__init__()
        self.open = open_store
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.truth: Truth = {}
        self.removed: Truth = {}
        self.store = open_store(self.path, "", self.truth)
        self.next = 1

    @initialize(count=st.integers(0, 400))
    def begin(self, count: int):
        self.add(count)

    @rule(count=st.integers(1, 40))
    def add(self, count: int):
        numbers = list(range(self.next, self.next + count))
        vectors = unit(count, seed=self.next)
        self.next += count
        self.truth |= dict(zip(numbers, vectors, strict=True))
        self.store.add(numbers, vectors)

    @precondition(lambda self: self.truth)
    @rule(data=st.data())
    def remove(self, data: st.DataObject):
        numbers = data.draw(st.sets(st.sampled_from(sorted(self.truth)), min_size=1))
        for number in numbers:
            self.removed[number] = self.truth.pop(number)
        self.store.remove([*numbers, 999_999])

    @precondition(lambda self: self.removed)
    @rule()
    def add_again(self):
        numbers = sorted(self.removed)
        vectors = np.stack([self.removed[number] for number in numbers])
        self.truth |= self.removed
        self.removed = {}
        self.store.add(numbers, vectors)

    @rule(seed=st.integers(0, 100), limit=st.integers(1, 10))
    def search(self, seed: int, limit: int):
        query = unit(1, seed)[0]
        found = self.store.search(query, limit)
        nearest = sorted(self.truth, key=lambda n: -float(self.truth[n] @ query))[:limit]
        assert {number for number, _ in found} <= set(self.truth)
        assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)
        # A graph may miss one now and then, never the many.
        assert len(set(nearest) & {number for number, _ in found}) >= 0.7 * len(nearest)
        for number, score in found:
            assert score == pytest.approx(float(self.truth[number] @ query), abs=2e-3)

    @invariant()
    def holds_what_was_added(self):
        numbers = self.store.numbers().tolist()
        assert sorted(numbers) == sorted(self.truth)

    def teardown(self):
        self.store.close()
        self.folder.cleanup()


class AndOpenedAgain(AgainstArithmetic):
    """The same of a store that is closed now and then."""

    @rule()
    def save_and_open(self):
        saved = self.store.save()
        self.store.close()
        self.store = self.open(self.path, saved, self.truth)


FEW = settings(
    max_examples=12,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_it_agrees_with_arithmetic(open_store: Open):
    run_state_machine_as_test(lambda: AgainstArithmetic(open_store), settings=FEW)


def test_it_still_does_when_opened_again(open_kept: Open):
    run_state_machine_as_test(lambda: AndOpenedAgain(open_kept), settings=FEW)


def test_it_finds_most_of_the_nearest_of_many(open_store: Open, tmp_path: Path):
    vectors = unit(3_000)
    truth = dict(enumerate(vectors, start=1))
    store = open_store(tmp_path, "", truth)
    for start in range(0, 3_000, 500):
        store.add(range(start + 1, start + 501), vectors[start : start + 500])
    store.save()
    recalls = []
    for query in unit(30, seed=9):
        nearest = set((np.argsort(-(vectors @ query))[:10] + 1).tolist())
        recalls.append(len(nearest & {number for number, _ in store.search(query, 10)}) / 10)
    assert np.mean(recalls) >= 0.9
    store.close()


def test_what_was_saved_is_there_without_being_added_again(open_kept: Open, tmp_path: Path):
    vectors = unit(800)
    truth = dict(enumerate(vectors, start=1))
    store = open_kept(tmp_path, "", truth)
    store.add(list(truth), vectors)
    store.remove([3, 4])
    del truth[3], truth[4]
    saved = store.save()
    store.close()
    again = open_kept(tmp_path, saved, truth)
    assert sorted(again.numbers().tolist()) == sorted(truth)
    assert again.search(vectors[99], 1)[0][0] == 100
    assert {number for number, _ in again.search(vectors[2], 5)}.isdisjoint({3, 4})
    again.close()


def test_an_empty_store_finds_nothing(open_store: Open, tmp_path: Path):
    store = open_store(tmp_path, "", {})
    store.remove([1])
    assert store.search(unit(1)[0], 5) == []
    assert len(store.numbers()) == 0
    store.close()


def test_a_discarded_store_leaves_nothing(open_kept: Open, tmp_path: Path):
    store = open_kept(tmp_path, "", {})
    store.add([1, 2], unit(2))
    store.save()
    store.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_store_begins_empty(open_kept: Open, tmp_path: Path):
    truth = dict(enumerate(unit(400), start=1))
    store = open_kept(tmp_path, "", truth)
    store.add(list(truth), np.stack(list(truth.values())))
    saved = store.save()
    store.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    if any(path.name.endswith(".sqlite3") for path in files):
        pytest.skip("Chroma keeps its files open in this process")
    for file in files:
        file.write_bytes(b"not what was saved")
    again = open_kept(tmp_path, saved, truth)
    assert len(again.numbers()) == 0
    again.close()


def test_it_can_be_searched_while_it_grows(open_kept: Open, tmp_path: Path):
    truth: Truth = {0: unit(1)[0]}
    store = open_kept(tmp_path, "", truth)
    store.add([0], unit(1))
    failures: list[BaseException] = []
    searched = threading.Event()

    def grow() -> None:
        try:
            for start in range(1, 1_500, 100):
                assert searched.wait(30)
                searched.clear()
                vectors = unit(100, seed=start)
                truth.update(zip(range(start, start + 100), vectors, strict=True))
                store.add(range(start, start + 100), vectors)
                store.remove(range(start, start + 50))
        except BaseException as error:
            failures.append(error)
            raise

    thread = threading.Thread(target=grow)
    thread.start()
    while thread.is_alive():
        assert store.search(unit(1)[0], 5)[0][0] == 0
        searched.set()
    thread.join()
    assert not failures
    store.close()
