"""One pass over files of a workspace, after which the index agrees with them."""

import logging
import time
from collections import deque
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from indexer.catalogue import File
from indexer.reading import Reading, left_out, modified_of, read_file
from indexer.results import UpdateReport
from indexer.store import Store
from indexer.walk import Skipped

log = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]
"""Called with how many files are done, how many are to be read, and the path of the next one."""

# What is read and stored in one turn. What an editor sends comes in between two turns.
_MOST_FILES = 8
_MOST_SNIPPETS = 200
_PAUSE_BETWEEN_TURNS = 0.0005  # seconds; without it the thread that waits seldom gets its turn


class Update:
    """A pass over the files that `known` tells of and those that are given to `run`."""

    def __init__(
        self,
        root: Path,
        store: Store,
        known: Mapping[str, File],
        turn: Lock,
        *,
        spared: Container[str] = (),
        named: Container[str] = (),
        stopped: Callable[[], bool],
        progress: Progress,
    ):
        """`turn` is held while files are read and stored. Files that are `spared` are left as they
        are; those that are `named` are read even if they look unchanged."""
        self._root = root
        self._store = store
        self._known = known
        self._turn = turn
        self._spared = spared
        self._named = named
        self._stopped = stopped
        self._progress = progress
        self._unchanged = self._read = self._removed = self._snippets = 0
        self._skipped: list[Skipped] = []

    def run(self, found: Iterable[Path | Skipped]) -> UpdateReport:
        """Bring the index in line with what is `found` in the workspace."""
        started = time.perf_counter()
        seen: set[str] = set()
        changed: list[str] = []
        for each in found:
            if self._stopped():
                break
            if isinstance(each, Skipped):
                seen.add(each.path)
                self._skipped.append(each)
            else:
                path = each.relative_to(self._root).as_posix()
                # A watcher may tell of a file and of its folder, but it is to be taken in once.
                if path not in seen and self._has_changed(each, path):
                    changed.append(path)
                seen.add(path)
        else:
            self._forget([path for path in self._known if path not in seen])
            self._leave_out(self._skipped)
            self._take_in(changed)
        self._store.vectors.wait()
        return UpdateReport(
            files_read=self._read,
            files_unchanged=self._unchanged,
            files_removed=self._removed,
            snippets=self._snippets,
            skipped=tuple(self._skipped),
            seconds=time.perf_counter() - started,
        )

    def _has_changed(self, file: Path, path: str) -> bool:
        known = self._known.get(path)
        if path in self._spared:
            return False
        if known is None or path in self._named:
            return True
        try:
            status = file.lstat()
        except OSError:  # reading it will say what is wrong
            return True
        if (modified_of(status), status.st_size) != (known.modified, known.size):
            return True
        self._unchanged += 1
        if known.skipped:
            self._skipped.append(Skipped(path, known.skipped))
        return False

    def _forget(self, paths: Sequence[str]) -> None:
        gone = [path for path in paths if path not in self._spared]
        with self._turn:
            self._store.remove(gone)
        self._removed += sum(not self._known[path].skipped for path in gone)

    def _leave_out(self, skipped: Iterable[Skipped]) -> None:
        """Note what is left out without a look into it, as far as that is news."""
        news = []
        for each in skipped:
            known = self._known.get(each.path)
            is_news = known is None or known.skipped != each.reason
            if is_news and each.path not in self._spared:
                news.append(left_out(each))
        if news:
            with self._turn:
                self._store.put(news)

    def _take_in(self, paths: Sequence[str]) -> None:
        waiting = deque(paths)
        while waiting and not self._stopped():
            with self._turn:
                self._snippets += self._store.put(self._read_some(waiting, len(paths)))
            time.sleep(_PAUSE_BETWEEN_TURNS)
        if not waiting:
            self._progress(len(paths), len(paths), "")

    def _read_some(self, waiting: deque[str], total: int) -> list[Reading]:
        """The readings of the next files, as many as go into one turn."""
        readings: list[Reading] = []
        snippets = 0
        while waiting and len(readings) < _MOST_FILES and snippets < _MOST_SNIPPETS:
            if self._stopped():
                break
            self._progress(total - len(waiting), total, waiting[0])
            reading = self._reading(waiting.popleft())
            if reading:
                readings.append(reading)
                snippets += len(reading.snippets or ())
        return readings

    def _reading(self, path: str) -> Reading | None:
        """What is in a file; nothing if it is gone or has become an editor's business."""
        if path in self._spared:
            return None
        try:
            reading = read_file(self._root, path, self._known.get(path))
        except OSError:
            self._skipped.append(Skipped(path, "vanished before it could be read"))
            self._store.remove([path])
            return None
        except Exception:  # noqa: BLE001 - one file must not keep all others out of the index
            log.exception("%s is left out of the index.", path)
            reading = left_out(Skipped(path, "could not be cut into snippets; see the log"), -1)
        self._read += 1
        if reading.file.skipped:
            self._skipped.append(Skipped(path, reading.file.skipped))
        return reading
