"""Changes to a large tree, on a small one."""

import sqlite3
from pathlib import Path

import pytest

from benchmarks import changes
from benchmarks.tree import COPIES, REAL, write
from indexer.index import WorkspaceIndex
from indexer.store import DATABASE
from model.embed import load_embedder

FUNCTION = "def total_of_{0}(lines):\n    return sum(lines.{0})\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for number in range(12):
        place = Path(COPIES, f"{number // 4:03}") if number % 2 else Path(REAL)
        write(tmp_path / "tree" / place / f"module_{number}.py", FUNCTION.format(f"part{number}"))
    return tmp_path / "tree"


def test_after_all_changes_the_index_is_what_it_was(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(changes, "QUERIES", 5)
    folder = tmp_path / "index"
    folder.mkdir()
    index = WorkspaceIndex.open(tree, load_embedder(), folder)
    index.update()
    index.close()
    (folder / changes.KEPT).write_bytes((folder / DATABASE).read_bytes())
    figures = changes.changes(tree, folder, switched=4, switches=6)
    assert figures["edit"]["found"]
    assert figures["folder"]["files"] == 2
    assert figures["differences"] == {"files": 0, "snippets": 0}
    assert figures["found_by_own_text"] == 1.0


def test_a_difference_is_seen(tree: Path, tmp_path: Path):
    files = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        index = WorkspaceIndex.open(tree, load_embedder(), tmp_path / name)
        index.update()
        index.close()
        files.append(tmp_path / name / DATABASE)
    assert changes.differences(*files) == {"files": 0, "snippets": 0}
    with sqlite3.connect(files[1]) as connection:
        connection.execute("UPDATE snippets SET start_line = 9 WHERE id = 3")
        connection.execute("DELETE FROM files WHERE id = 1")
    assert changes.differences(*files) == {"files": 1, "snippets": 3}
