"""What was removed takes no room for ever, and making room holds up nobody."""

import shutil
import sqlite3
import threading
from pathlib import Path

from indexer.index import WorkspaceIndex

FILES = 30


def never() -> bool:
    return False


def module(number: int, branch: int) -> str:
    return "\n\n".join(
        f"def compute_{number}_{branch}_{each}(first, second):\n"
        f'    """Compute {number} of branch {branch}, in step {each}."""\n'
        f"    return first + second * {each}\n"
        for each in range(20)
    )


def switch(root: Path, branch: int) -> None:
    for number in range(FILES):
        (root / f"module_{number}.py").write_text(module(number, branch))


def pages(folder: Path) -> int:
    """How many pages the database has, those in its log too."""
    connection = sqlite3.connect(folder / "index.sqlite")
    (number,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    return int(number)


def test_switching_branches_again_and_again_does_not_grow_the_index(
    root: Path, index: WorkspaceIndex, tmp_path: Path
):
    sizes = []
    for branch in range(8):
        switch(root, branch)
        index.update()
        if branch in (3, 7):
            index.compact(never)
            sizes.append(pages(tmp_path / "index"))
    assert sizes[1] < 1.1 * sizes[0]
    assert index.definitions("compute_7_7_3")
    assert not index.definitions("compute_7_6_3")
    log_file = tmp_path / "index" / "index.sqlite-wal"
    assert log_file.stat().st_size < 6e6, "the log is cut once it was written to the database"


def test_compaction_gives_back_the_room_of_what_was_removed(
    root: Path, index: WorkspaceIndex, tmp_path: Path
):
    switch(root, 0)
    index.update()
    switch(root, 1)
    index.update()
    for number in range(3, FILES):
        (root / f"module_{number}.py").unlink()
    index.update()
    before = pages(tmp_path / "index")
    index.compact(lambda: True)
    assert pages(tmp_path / "index") == before, "it ends when there is other work"
    index.compact(never)
    assert pages(tmp_path / "index") < before / 3
    assert index.definitions("compute_2_1_3")
    assert index.search("compute 2 of branch 1, in step 3", mode="lexical")
    connection = sqlite3.connect(tmp_path / "index" / "index.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.execute("INSERT INTO terms (terms) VALUES ('integrity-check')")
    connection.close()


def test_an_index_is_updated_and_searched_while_it_is_compacted(
    root: Path, index: WorkspaceIndex, tmp_path: Path
):
    for branch in range(3):
        switch(root, branch)
        index.update()
    stopping = threading.Event()
    compacting = threading.Thread(target=lambda: index.compact(stopping.is_set))
    compacting.start()
    (root / "later.py").write_text("def a_later_function(): pass\n")
    index.update_files([root / "later.py"])
    assert index.definitions("a_later_function")
    assert index.search("compute 4 of branch 2", limit=1)
    stopping.set()
    compacting.join(10)
    assert not compacting.is_alive()


def test_an_index_that_was_compacted_is_the_one_that_is_made_from_nothing(
    root: Path, index: WorkspaceIndex, tmp_path: Path, embedder
):
    for branch in range(3):
        switch(root, branch)
        index.update()
    for number in range(10, FILES):
        (root / f"module_{number}.py").unlink()
    index.update()
    index.compact(never)
    fresh = WorkspaceIndex.open(root, embedder, tmp_path / "fresh")
    fresh.update()
    try:
        for query in ("compute 3 of branch 2, in step 4", "first second", "branch"):
            ours, theirs = (each.search(query, mode="lexical") for each in (index, fresh))
            assert [hit.score for hit in ours] == [hit.score for hit in theirs]
    finally:
        fresh.close()
    shutil.rmtree(tmp_path / "fresh")
