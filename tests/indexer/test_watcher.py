"""Changes come in bursts and are told once."""

import time
from pathlib import Path

import pytest

from indexer.watcher import Watcher, watch

QUIET = 0.15


class Calls(list[set[str]]):
    """What the watcher told, relative to the root."""

    def wait(self, count: int, seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while len(self) < count and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self) == count, self

    def rest(self) -> None:
        """Long enough for a call that should not come."""
        time.sleep(3 * QUIET)


@pytest.fixture
def watched(root: Path):
    calls = Calls()
    (root / ".git").mkdir()
    (root / "node_modules").mkdir()

    def note(changed: set[Path]) -> None:
        calls.append({path.relative_to(root).as_posix() for path in changed})

    watcher = watch(root, note, quiet=QUIET, longest=1.0)
    yield root, calls, watcher
    watcher.stop()


def test_a_branch_switch_is_told_in_few_calls(watched: tuple[Path, Calls, Watcher]):
    root, calls, _ = watched
    names = {f"f{number}.py" for number in range(200)}
    for name in names:
        (root / name).write_text("x = 1\n")
    end = time.monotonic() + 20
    while not names <= set().union(*calls) and time.monotonic() < end:
        time.sleep(0.01)
    assert set().union(*calls) == names
    assert len(calls) < 20  # one, unless the machine has other work in between


def test_edits_renames_and_removals_are_told(watched: tuple[Path, Calls, Watcher]):
    root, calls, _ = watched
    (root / "sub").mkdir()
    (root / "sub" / "a.py").write_text("x = 1\n")
    calls.wait(1)
    assert calls[0] >= {"sub/a.py"}
    (root / "sub" / "a.py").rename(root / "b.py")
    calls.wait(2)
    assert calls[1] >= {"sub/a.py", "b.py"}
    (root / "b.py").unlink()
    calls.wait(3)
    assert calls[2] == {"b.py"}


def test_what_is_never_indexed_is_not_told(watched: tuple[Path, Calls, Watcher]):
    root, calls, _ = watched
    (root / ".git" / "index").write_text("x")
    (root / "node_modules" / "a.js").write_text("x")
    calls.rest()
    assert calls == []


def test_changes_without_end_are_told_all_the_same(watched: tuple[Path, Calls, Watcher]):
    root, calls, _ = watched
    end = time.monotonic() + 1.6
    while time.monotonic() < end:
        (root / "a.py").write_text(str(time.monotonic()))
        time.sleep(0.02)
    assert calls


def test_a_failed_update_does_not_end_the_watch(root: Path, caplog: pytest.LogCaptureFixture):
    calls = Calls()

    def fail(changed: set[Path]) -> None:
        calls.append(set(map(str, changed)))
        raise ValueError("broken")

    watcher = watch(root, fail, quiet=QUIET)
    (root / "a.py").write_text("x")
    calls.wait(1)
    (root / "b.py").write_text("x")
    calls.wait(2)
    watcher.stop()
    assert "not updated" in caplog.text


def test_nothing_is_told_after_stopping(watched: tuple[Path, Calls, Watcher]):
    root, calls, watcher = watched
    (root / "a.py").write_text("x")  # may be told of before the stop
    watcher.stop()
    told = len(calls)
    (root / "b.py").write_text("x")
    calls.rest()
    assert len(calls) == told
    watcher.stop()  # once more is no error
