"""One writer at a time for an index, also between processes."""

import sqlite3
from pathlib import Path


class WriteLock:
    """Held by the process that may write; the system gives it back when that process ends.

    It is an exclusive transaction on an empty SQLite database of its own, which is a file lock
    that works in the same way on every system.
    """

    def __init__(self, file: Path):
        self._file = file
        self._held: sqlite3.Connection | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process may write."""
        return self._held is not None

    def acquire(self) -> bool:
        """Whether this process holds the lock, now or already before.

        Raises `OSError` if it cannot even try, as nothing can be written.
        """
        if self._held:
            return True
        self._file.touch(mode=0o600)
        connection = sqlite3.connect(
            self._file, timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            connection.close()
            return False
        self._held = connection
        return True

    def release(self) -> None:
        """Let another process write."""
        if self._held:
            self._held.close()
            self._held = None
