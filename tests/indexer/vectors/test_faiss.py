"""What is particular to FAISS: it trains itself, and compares candidates exactly."""

from pathlib import Path

import numpy as np
import pytest
from vector_stores import DIMENSIONS, Truth, originals, unit

pytest.importorskip("faiss")

from indexer.vectors.faiss import FaissStore


def filled(folder: Path, truth: Truth) -> FaissStore:
    """A store that trained itself while it took in `truth`."""
    store = FaissStore(DIMENSIONS, folder / "vectors.faiss", originals(truth), trained_from=1_000)
    for numbers, rows in originals(truth)(np.array(list(truth))):
        store.add(numbers, rows)
    return store


def test_many_vectors_take_a_fraction_of_the_disk(tmp_path: Path):
    truth = dict(enumerate(unit(10_000)))
    filled(tmp_path, truth).save()
    whole = 10_000 * (4 * DIMENSIONS + 8)
    assert (tmp_path / "vectors.faiss").stat().st_size < whole / 2


def test_similarities_are_exact_though_vectors_are_quantized(tmp_path: Path):
    truth = dict(enumerate(unit(5_000)))
    store = filled(tmp_path, truth)
    query = unit(1, seed=7)[0]
    found = store.search(query, 20)
    exact = [float(truth[number] @ query) for number, _ in found]
    assert [score for _, score in found] == pytest.approx(exact, abs=1e-6)


def test_what_is_no_longer_in_the_database_is_not_found(tmp_path: Path):
    truth = dict(enumerate(unit(2_000)))
    store = filled(tmp_path, truth)
    vector = truth.pop(5)
    assert 5 not in {number for number, _ in store.search(vector, 10)}
