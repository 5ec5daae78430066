"""Places of an edit that was made elsewhere before."""

from pathlib import Path

import pytest

from benchmarks.recent_tasks import ARGUMENT, NAME, Task, repeated_edits, since

FILES = {
    "shop/door.py": "def unlock(door, key):\n    return door.turn(key)\n\n\nunlock(front, brass)\n",
    "shop/day.py": "def begin(house):\n    unlock(house.door, house.key)\n    unlock(shed, iron)\n",
    "shop/night.py": "def end(house):\n    return unlock(cellar, steel) and house\n",
}


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return [task for seed in range(10) for task in repeated_edits(tmp_path, 1, seed)]


def test_the_edit_was_made_elsewhere_and_not_at_the_place(tasks: list[Task]):
    assert {task.kind for task in tasks} == {NAME, ARGUMENT}
    for task in tasks:
        request, recent = task.request, task.request.recent
        before, after = request.text[: request.offset], request.text[request.offset :]
        line = before.rpartition("\n")[2]
        if task.kind == NAME:
            new = line[-2:] + task.expected.partition("(")[0]
            assert after.startswith("\n") and "unlock(" not in line
        else:
            new = task.expected
            assert "unlock(" in line and after.startswith(")")
        edited = [(request.text, recent.edits)]
        edited += [(document.text, document.edits) for document in recent.documents]
        lines = [text.split("\n")[edit.first] for text, edits in edited for edit in edits]
        assert 1 <= len(lines) <= 3
        assert all(new in each for each in lines)
        assert new not in before.rpartition("\n")[2] + after.partition("\n")[0]


def test_edits_are_moved_to_now(tasks: list[Task]):
    for task in tasks:
        recent = since(100.0, task.request.recent)
        edits = [*recent.edits, *(edit for each in recent.documents for edit in each.edits)]
        assert max(edit.time for edit in edits) == 100.0
