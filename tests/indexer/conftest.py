from pathlib import Path

import pytest

from indexer.index import WorkspaceIndex
from indexer.vectors.engines import Engine
from model.embed import Embedder, load_embedder

SAMPLES = Path(__file__).with_name("samples")


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def open_index(root: Path, embedder: Embedder, tmp_path: Path):
    """Opens the index of `root`; whatever is still open at the end is closed."""
    opened: list[WorkspaceIndex] = []

    def open_it(embedder: Embedder = embedder, engine: Engine | None = None) -> WorkspaceIndex:
        opened.append(WorkspaceIndex.open(root, embedder, tmp_path / "index", engine))
        return opened[-1]

    yield open_it
    for index in opened:
        index.close()


@pytest.fixture
def index(open_index) -> WorkspaceIndex:
    return open_index()
