"""Tells of changed files, many at once: a branch switch is one change."""

import logging
import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from threading import Condition, Thread, current_thread

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from indexer.refusals import folder_refusal

log = logging.getLogger(__name__)

# Not among them: opening, closing and reading, which change nothing.
_CHANGES: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]

# With more changed paths than this, looking at the whole workspace is quicker.
_MOST_PATHS = 5_000


def watch(
    root: Path,
    on_change: Callable[[set[Path]], None],
    quiet: float = 0.3,
    longest: float = 2.0,
) -> "Watcher":
    """Call `on_change` with all paths below `root` that have changed, until the watcher is stopped.

    It is called once nothing has happened for `quiet` seconds, or `longest` seconds after the
    first change, always from the same thread. A path may be a file or a folder, and may be gone;
    `root` itself stands for everything. Raises `OSError` if the system cannot watch so much.
    """
    return Watcher(root.resolve(), on_change, quiet, longest)


class Watcher:
    """A running watch; see `watch`."""

    def __init__(
        self, root: Path, on_change: Callable[[set[Path]], None], quiet: float, longest: float
    ):
        self._root = root
        self._on_change = on_change
        self._quiet = quiet
        self._longest = longest
        self._changed: set[Path] = set()
        self._first = self._last = 0.0
        self._stopping = False
        self._news = Condition()
        # Looks for folders that hold no code of the workspace: in .git alone, a commit changes
        # dozens of files.
        self._is_left_out = lru_cache(maxsize=10_000)(self._lies_in_left_out_folder)
        self._observer = Observer()
        self._observer.schedule(
            _Handler(self._note), str(root), recursive=True, event_filter=_CHANGES
        )
        self._observer.start()
        # Updating an index takes a while; events must be taken in meanwhile.
        self._thread = Thread(target=self._run, name="bowerbird-watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; `on_change` is not called any more once this returns."""
        self._observer.stop()
        with self._news:
            self._stopping = True
            self._news.notify()
        if current_thread() is not self._thread:
            self._thread.join()

    def _note(self, path: str) -> None:
        changed = Path(path)
        if changed == self._root or self._is_left_out(changed.parent):
            return
        with self._news:
            self._last = time.monotonic()
            if not self._changed:
                self._first = self._last
            if len(self._changed) >= _MOST_PATHS:
                self._changed = {self._root}
            if self._root not in self._changed:
                self._changed.add(changed)
            self._news.notify()

    def _lies_in_left_out_folder(self, folder: Path) -> bool:
        return any(folder_refusal(part) for part in folder.relative_to(self._root).parts)

    def _run(self) -> None:
        while changed := self._burst():
            try:
                self._on_change(changed)
            except Exception:  # noqa: BLE001 - one failed update must not end all later ones
                log.exception("The index was not updated after %d changes.", len(changed))

    def _burst(self) -> set[Path]:
        """Wait for changes and for a pause after them; nothing when the watch ends."""
        with self._news:
            self._news.wait_for(lambda: self._changed or self._stopping)
            while not self._stopping:
                now = time.monotonic()
                due = min(self._last + self._quiet, self._first + self._longest)
                if now >= due:
                    break
                self._news.wait(due - now)
            changed, self._changed = self._changed, set()
            return set() if self._stopping else changed


class _Handler(FileSystemEventHandler):
    """Hands on the paths of events."""

    def __init__(self, note: Callable[[str], None]):
        self._note = note

    def on_any_event(self, event: FileSystemEvent) -> None:
        for path in (event.src_path, event.dest_path):
            if path:
                self._note(os.fsdecode(path))
