"""Which engine has the vectors of an index, and what becomes of them when that changes or fails."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.index import WorkspaceIndex
from indexer.only import EVERYTHING, Only
from indexer.vectors import Unavailable
from indexer.vectors.engines import SERVER_KEY, Engine
from model.embed import Embedder
from model.progress import unseen

Open = Callable[..., WorkspaceIndex]

PACKAGES = {"hnswlib": "hnswlib", "faiss": "faiss", "chroma": "chromadb", "qdrant": "qdrant_edge"}


@pytest.fixture(params=PACKAGES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine that is installed, in turn."""
    pytest.importorskip(PACKAGES[request.param])
    return Engine(request.param)


@pytest.fixture
def root(root: Path) -> Path:
    """A workspace in two languages."""
    (root / "shop").mkdir()
    for name in ("invoice", "order", "customer"):
        text = f"def total_of_{name}({name}):\n    return sum({name}.lines)\n"
        (root / "shop" / f"{name}.py").write_text(text)
        (root / f"{name}.js").write_text(f"function total_{name}() {{\n  return {name}.sum;\n}}\n")
    return root


class Deaf:
    """An embedder that must not be asked for snippets."""

    def __init__(self, embedder: Embedder):
        self.name, self.dimensions = embedder.name, embedder.dimensions
        self.embed_queries = embedder.embed_queries

    def embed(self, snippets: list[str]) -> None:
        raise AssertionError(f"embedded again: {snippets}")


def places(index: WorkspaceIndex, only: Only = EVERYTHING) -> set[str]:
    """Where a search by meaning finds something."""
    hits = index.search("total of an invoice", mode="vectors", limit=20, only=only)
    return {hit.snippet.path for hit in hits}


def test_an_index_keeps_its_engine_and_its_vectors(engine: Engine, open_index: Open, root: Path):
    index = open_index(engine=engine)
    index.update()
    before = places(index)
    assert len(before) == 6
    index.close()
    index = open_index()
    assert index.engine == engine
    assert places(index) == before
    (root / "shop" / "order.py").unlink()
    index.update()
    assert places(index) == before - {"shop/order.py"}


def test_vectors_move_without_being_embedded_again(
    engine: Engine, open_index: Open, embedder: Embedder, tmp_path: Path
):
    index = open_index()
    index.update()
    before = places(index)
    index.close()
    index = open_index(Deaf(embedder))
    steps: list[tuple[int, int]] = []
    moved = index.move_vectors(engine, lambda done, total, _: steps.append((done, total)))
    assert moved == 6
    assert steps
    assert places(index) == before
    index.move_vectors(Engine("hnswlib"), unseen)
    assert places(index) == before
    assert {each.name for each in (tmp_path / "index").glob("vectors*")} == {"vectors.hnsw"}


def test_a_search_can_be_narrowed(engine: Engine, open_index: Open):
    index = open_index(engine=engine)
    index.update()
    python = {f"shop/{name}.py" for name in ("invoice", "order", "customer")}
    for only in (Only(language="python"), Only(path="shop"), Only(path="shop/*.py")):
        assert places(index, only) == python
    assert places(index, Only("python", "*.js")) == set()
    for mode in ("lexical", "hybrid"):
        hits = index.search("total", mode=mode, only=Only("javascript", "order.js"))
        assert {hit.snippet.path for hit in hits} == {"order.js"}


@pytest.mark.parametrize("mode", ["lexical", "vectors", "hybrid"])
def test_where_very_many_are_asked_for_the_nearest_are_looked_through(
    mode: str, open_index: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("indexer.search._COMPARED", 1)
    index = open_index()
    index.update()
    hits = index.search("total", mode=mode, only=Only(language="python"))
    assert {hit.snippet.language for hit in hits} == {"python"}
    assert len(hits) == 3


@pytest.mark.parametrize(
    ("engine", "package", "extra"),
    [
        ("faiss", "faiss", "faiss"),
        ("chroma", "chromadb", "chroma"),
        ("qdrant", "qdrant_edge", "qdrant"),
    ],
)
def test_without_its_package_an_index_stays_where_it_is_and_says_why(
    engine: str,
    package: str,
    extra: str,
    open_index: Open,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"indexer.vectors.{engine}", raising=False)
    index = open_index(engine=Engine(engine))
    assert f"pip install 'bowerbird[{extra}]'" in caplog.text
    index.update()
    assert index.engine == Engine("hnswlib")
    assert len(places(index)) == 6


def test_an_index_whose_engine_was_uninstalled_goes_on_and_returns_to_it(
    open_index: Open, caplog: pytest.LogCaptureFixture
):
    pytest.importorskip("faiss")
    index = open_index(engine=Engine("faiss"))
    index.update()
    index.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "faiss", None)
        patch.delitem(sys.modules, "indexer.vectors.faiss")
        index = open_index()
        assert "pip install 'bowerbird[faiss]'" in caplog.text
        assert len(places(index)) == 6
        index.close()
    assert open_index().engine == Engine("faiss")


@pytest.mark.parametrize("name", ["chroma", "qdrant"])
def test_a_server_out_of_reach_is_said_and_nothing_is_lost(
    name: str, open_index: Open, caplog: pytest.LogCaptureFixture
):
    pytest.importorskip({"chroma": "chromadb", "qdrant": "qdrant_client"}[name])
    index = open_index()
    index.update()
    with pytest.raises(Unavailable, match="at http://127.0.0.1:9 cannot be used"):
        index.move_vectors(Engine(name, "http://127.0.0.1:9"), unseen)
    assert index.engine == Engine("hnswlib")
    assert len(places(index)) == 6


@pytest.mark.parametrize(
    ("engine", "why"),
    [
        (Engine("faiss", "http://127.0.0.1:6333"), "chroma or qdrant"),
        (Engine("qdrant", "file:///etc/passwd"), "http:// or https://"),
        (Engine("qdrant", "http://example.org:6333"), "over https:// alone"),
    ],
)
def test_a_server_that_cannot_be_is_refused(
    engine: Engine, why: str, open_index: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(SERVER_KEY, "a key")
    with pytest.raises(Unavailable, match=why):
        open_index().move_vectors(engine, unseen)


def test_vectors_of_a_database_that_is_no_more_are_not_taken_for_its_own(
    engine: Engine, open_index: Open, root: Path, tmp_path: Path
):
    index = open_index(engine=engine)
    index.update()
    index.close()
    for file in (tmp_path / "index").glob("index.sqlite*"):
        file.unlink()
    for file in root.rglob("*.js"):
        file.write_text(file.read_text().replace("total", "weigh_all_that_is_in"))
    again = open_index(engine=engine)
    again.update()
    hit, *_ = again.search("weigh all that is in the order", mode="vectors")
    assert "weigh_all" in hit.snippet.text


def test_a_small_share_of_changes_is_not_worth_writing_all_vectors(
    open_index: Open, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("indexer.store._WORTH_SAVING", 1)
    index = open_index()
    index.update()

    def changed_on_disk(share: float, text: str) -> bool:
        monkeypatch.setattr("indexer.store._SHARE_WORTH_SAVING", share)
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "index").glob("vectors*")}
        assert before
        (root / "shop" / "order.py").write_text(f"def total_of_order(order):\n    {text}\n")
        index.update()
        return before != {
            path: path.stat().st_mtime_ns for path in (tmp_path / "index").glob("vectors*")
        }

    assert not changed_on_disk(0.9, "return order.total")
    assert changed_on_disk(0.1, "return order.sum")
