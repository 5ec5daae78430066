"""A local log of suggestions: how many are shown, how many are accepted, how long they take.

It holds counts, times and identifiers, never code, names or paths, and is never sent anywhere.
"""

import contextlib
import logging
import os
import sqlite3
import threading
import time
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from statistics import median

_log = logging.getLogger(__name__)
_KEPT = 20_000  # rows; some weeks of work
_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY,
    at REAL NOT NULL,
    language TEXT NOT NULL,
    model TEXT NOT NULL,
    characters INTEGER NOT NULL,
    latency_ms REAL NOT NULL,
    accepted INTEGER NOT NULL DEFAULT 0
) STRICT;
"""
_LATER_COLUMNS = ("along", "snippets", "read_tokens", "reused_tokens", "ahead", "quick")
"""Columns of whole numbers that the first logs did not have."""


@dataclass(frozen=True)
class Request:
    """An answered request, as it stands in the log: a column for each field."""

    id: str
    language: str
    model: str
    """"index" when no model took part."""
    characters: int
    """Length of the suggestion; 0: nothing was shown."""
    latency_ms: float
    along: int = 0
    """1 for the rest of the suggestion before, along which the user typed: it took no model."""
    snippets: int = 0
    """How many of the workspace's it was built from."""
    read_tokens: int = 0
    """Of the prompt, that the model had to read."""
    reused_tokens: int = 0
    """Of the prompt, that were in the model's cache."""
    ahead: int = 0
    """1 when it was computed before it was asked for."""
    quick: int = 0
    """1 when it was made from a short prompt, and a better one was to follow."""
    at: float = field(default_factory=time.time)
    """In seconds since the epoch."""
    accepted: int = 0
    """1 once it was taken, whole or in part."""


_COLUMNS = ", ".join(column.name for column in fields(Request))


@dataclass(frozen=True)
class Summary:
    """What the log says in short."""

    requests: int = 0
    shown: int = 0
    accepted: int = 0
    along: int = 0
    ahead: int = 0
    quick: int = 0
    reused_share: float | None = None  # of the prompts' tokens, how many were in the cache
    median_latency_ms: float | None = None  # over the last 1,000 requests


class Metrics:
    """The log. A log that cannot be written is given up with one sentence: it never stops work.

    Its methods may be called from any thread; they touch the disk.
    """

    def __init__(self, path: Path):
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        try:
            self._database = _open(path)
        except (OSError, sqlite3.Error) as error:
            _log.warning("Suggestions are not counted: %s cannot be written (%s).", path, error)

    def request(self, request: Request) -> None:
        """Note an answered request."""
        values = astuple(request)
        places = ", ".join("?" * len(values))
        self._write(f"INSERT OR REPLACE INTO requests ({_COLUMNS}) VALUES ({places})", values)

    def accept(self, id: str) -> bool:
        """Note that a suggestion was taken over; False when it is not known."""
        return self._write("UPDATE requests SET accepted = 1 WHERE id = ?", (id,)) == 1

    def summary(self) -> Summary:
        """Counts and latency."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            if self._database is not None:
                requests, shown, accepted, along, ahead, quick, reused = self._database.execute(
                    "SELECT COUNT(*), IFNULL(SUM(characters > 0), 0), IFNULL(SUM(accepted), 0),"
                    " IFNULL(SUM(along), 0), IFNULL(SUM(ahead), 0), IFNULL(SUM(quick), 0),"
                    " 1.0 * SUM(reused_tokens) / NULLIF(SUM(read_tokens + reused_tokens), 0)"
                    " FROM requests"
                ).fetchone()
                latencies = self._database.execute(
                    "SELECT latency_ms FROM requests ORDER BY at DESC LIMIT 1000"
                ).fetchall()
                middle = median(row[0] for row in latencies) if latencies else None
                return Summary(requests, shown, accepted, along, ahead, quick, reused, middle)
        return Summary()

    def requests(self) -> list[Request]:
        """All that is in the log, oldest first."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            if self._database is not None:
                rows = self._database.execute(f"SELECT {_COLUMNS} FROM requests ORDER BY at")
                return [Request(*row) for row in rows]
        return []

    def close(self) -> None:
        """Close the log."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _write(self, statement: str, values: tuple[object, ...]) -> int:
        """Run a statement; the number of rows it changed."""
        with self._lock:
            if self._database is None:
                return 0
            try:
                with self._database:
                    return self._database.execute(statement, values).rowcount
            except sqlite3.Error as error:
                _log.warning("Suggestions are no longer counted: %s.", error)
                self._database = None
                return 0


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Created before SQLite opens it, so that it is never readable by others.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    database = sqlite3.connect(path, timeout=1.0, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    with database:
        database.execute(_SCHEMA)
        there = {row[1] for row in database.execute("PRAGMA table_info (requests)")}
        for column in _LATER_COLUMNS:
            if column not in there:
                database.execute(
                    f"ALTER TABLE requests ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0"
                )
        database.execute(
            "DELETE FROM requests WHERE rowid <= (SELECT MAX(rowid) FROM requests) - ?", (_KEPT,)
        )
    return database
