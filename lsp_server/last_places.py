"""Where the user worked last, kept from one session to the next: files and lines, no code."""

import json
import logging
import tempfile
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)
_KEPT = 50  # files


class LastPlaces:
    """The line that the cursor was last at, file by file. Use it in one thread."""

    def __init__(self, path: Path) -> None:
        """`path`: the file they are kept in. One that is damaged counts as none."""
        self._path = path
        self._lines: dict[str, int] = {}  # the newest last
        with suppress(OSError, ValueError):
            kept = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(kept, dict):
                self._lines = {
                    file: line for file, line in kept.items() if type(line) is int and line >= 0
                }
        self._saved = dict(self._lines)

    def note(self, file: str, line: int) -> None:
        """The cursor is at a line, from 0, of a file, a path in the workspace."""
        self._lines.pop(file, None)
        self._lines[file] = line
        while len(self._lines) > _KEPT:
            del self._lines[next(iter(self._lines))]

    def line(self, file: str) -> int | None:
        """Where the cursor was last in a file."""
        return self._lines.get(file)

    def newest(self, count: int) -> list[tuple[str, int]]:
        """The files and lines where it was last, newest first."""
        return list(reversed(self._lines.items()))[:count]

    def save(self) -> None:
        """Write them down, whole or not at all, readable by their user alone."""
        if self._lines == self._saved:
            return
        try:
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self._path.parent, delete=False
            ) as file:
                json.dump(self._lines, file)
            Path(file.name).replace(self._path)
        except OSError as error:
            _log.info("The last places are not kept: %s.", error)
        self._saved = dict(self._lines)
