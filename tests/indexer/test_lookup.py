"""What is looked up by name or place, in small workspaces and in large ones."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import catalogue, lexical, lookup
from indexer.catalogue import File
from indexer.database import Database
from indexer.index import WorkspaceIndex


def steps(connection: sqlite3.Connection, ask: Callable[[], object]) -> int:
    """How many steps SQLite's machine takes to answer."""
    taken: list[None] = []

    def step() -> int:
        taken.append(None)
        return 0

    connection.set_progress_handler(step, 1)
    ask()
    connection.set_progress_handler(None, 1)
    return len(taken)


def steps_to_find(files: int, ending: str, folder: Path) -> int:
    """What it takes to find a file among so many."""
    database = Database(folder / f"{files}.sqlite")
    with database.writing() as connection:
        for number in range(files):
            path = f"package{number % 7}/module{number}.py"
            catalogue.put_file(connection, File(path, modified=number, size=1))
        count = steps(connection, lambda: lookup.files_ending(connection, ending))
    database.close()
    return count


def test_a_file_is_found_by_its_name_without_a_look_at_all_others(tmp_path: Path):
    few, many = (steps_to_find(files, "package2/module9.py", tmp_path) for files in (50, 5_000))
    assert many < 2 * few


def test_files_are_found_by_the_end_of_their_paths(root: Path, index: WorkspaceIndex):
    for path in ("a.py", "shop/a.py", "shop/old/a.py", "shop/aa.py", "old/b.py"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x = 1\n")
    index.update()
    assert index.files_ending("a.py") == ["a.py", "shop/a.py", "shop/old/a.py"]
    assert index.files_ending("old/a.py") == ["shop/old/a.py"]
    assert index.files_ending("shop/a.py") == ["shop/a.py"]
    assert index.files_ending("op/a.py") == index.files_ending("c.py") == []


def test_the_latest_snippets_are_of_unsaved_text_and_then_of_the_newest_files(
    root: Path, index: WorkspaceIndex
):
    for age, name in enumerate(("newest", "newer", "older", "oldest")):
        file = root / f"{name}.py"
        file.write_text(f"def {name}(): 0\n")
        os.utime(file, (1_000_000_000 - age, 1_000_000_000 - age))
    (root / "empty.py").write_text("")
    index.update()
    index.update_text("older.py", "def unsaved(): 0\n")
    assert [each.name for each in index.latest(3)] == ["unsaved", "newest", "newer"]
    assert len(index.latest(9)) == 4


def test_a_name_defined_in_very_many_places_is_found_in_some(root: Path, index: WorkspaceIndex):
    one = "class Table{0}:\n    def get(self):\n        return {0}\n"
    (root / "tables.py").write_text("\n".join(one.format(number) for number in range(40)))
    index.update()
    assert len(index.definitions("get")) == 8
    assert [each.name for each in index.definitions("Table39.get")] == ["Table39.get"]


def test_files_that_are_left_out_are_not_counted(root: Path, index: WorkspaceIndex):
    (root / "a.py").write_text("x = 1\n")
    (root / "b.py").write_bytes(b"\0\1\2")
    index.update()
    assert index.count_files() == index.status().files == 1


def test_a_word_of_very_many_snippets_is_not_looked_for_beside_rarer_ones(
    root: Path, index: WorkspaceIndex, monkeypatch: pytest.MonkeyPatch
):
    for number in range(30):
        word = "quagga" if number == 7 else f"other{number}"
        (root / f"f{number}.py").write_text(f"def f{number}(): return common + {word}\n")
    index.update()
    query = "common quagga"
    assert len(index.search(query, mode="lexical", limit=30)) == 30
    monkeypatch.setattr(lexical, "_MOST_ROWS_OF_FEW", 20)
    assert [hit.snippet.path for hit in index.search(query, mode="lexical")] == ["f7.py"]
    assert len(index.search("common", mode="lexical", limit=30)) == 30
