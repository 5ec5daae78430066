"""An index of its own for each test of faults."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.index import WorkspaceIndex
from model.embed import Embedder, load_embedder


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty workspace."""
    folder = tmp_path.resolve() / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def open_index(root: Path, embedder: Embedder) -> Iterator[Callable[[Path], WorkspaceIndex]]:
    """Opens the index of `root` in a folder; whatever is still open at the end is closed."""
    opened: list[WorkspaceIndex] = []

    def open_it(folder: Path) -> WorkspaceIndex:
        opened.append(WorkspaceIndex.open(root, embedder, folder))
        return opened[-1]

    yield open_it
    for index in opened:
        index.close()
