"""What is particular to hnswlib."""

from pathlib import Path

from vector_stores import DIMENSIONS, unit

from indexer.vectors.files import checksum
from indexer.vectors.hnsw import HnswStore


def test_it_grows_beyond_its_first_capacity(tmp_path: Path):
    store = HnswStore(DIMENSIONS, tmp_path / "vectors.hnsw")
    vectors = unit(3_000)
    store.add(range(3_000), vectors)
    assert [number for number, _ in store.search(vectors[2_999], 1)] == [2_999]


def test_the_places_of_removed_vectors_are_used_again(tmp_path: Path):
    store = HnswStore(DIMENSIONS, tmp_path / "vectors.hnsw")
    for start in range(0, 6_000, 300):
        store.add(range(start, start + 300), unit(300, seed=start))
        store.remove(range(start, start + 300))
    store.save()
    assert (tmp_path / "vectors.hnsw").stat().st_size < 1_100 * (DIMENSIONS * 4 + 200)


def test_a_file_that_is_no_graph_is_begun_anew(tmp_path: Path):
    (tmp_path / "vectors.hnsw").write_bytes(b"not a graph")
    saved = checksum(tmp_path / "vectors.hnsw")
    store = HnswStore(DIMENSIONS, tmp_path / "vectors.hnsw", saved, [1, 2, 3])
    assert len(store.numbers()) == 0


def test_what_is_mostly_of_removed_vectors_is_not_loaded(tmp_path: Path):
    store = HnswStore(DIMENSIONS, tmp_path / "vectors.hnsw")
    store.add(range(4_000), unit(4_000))
    saved = store.save()
    some = HnswStore(DIMENSIONS, tmp_path / "vectors.hnsw", saved, range(2_000))
    few = HnswStore(DIMENSIONS, tmp_path / "vectors.hnsw", saved, range(100))
    assert (len(some.numbers()), len(few.numbers())) == (2_000, 0)
    few.add(range(100), unit(100))
    few.save()
    assert (tmp_path / "vectors.hnsw").stat().st_size < 200_000
