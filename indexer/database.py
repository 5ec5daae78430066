"""The SQLite database of an index: its connections, transactions, and what it was made by."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import RLock

_SCHEMA = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
_TABLES = ("vocabulary", "terms", "snippets", "files", "about")


class Database:
    """One writer and any number of readers, which do not wait for it (write-ahead log)."""

    def __init__(self, file: Path):
        """Open the database at `file`, making it if need be; raises `sqlite3.DatabaseError`."""
        self._file = file
        self._writing = RLock()
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        file.touch(mode=0o600)
        self._writer = self._connect()
        try:
            self._writer.execute("PRAGMA journal_mode = WAL")
            with self.writing() as connection:
                _create_tables(connection)
        except sqlite3.DatabaseError:
            self._writer.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for this thread to read from; it sees what was committed last."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection with an open transaction, which is committed unless something is raised."""
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def about(self) -> dict[str, str]:
        """What was last noted about the whole index."""
        with self.reading() as connection:
            return dict(connection.execute("SELECT key, value FROM about"))

    def note(self, about: Mapping[str, str]) -> None:
        """Note something about the whole index."""
        with self.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about.items())

    def empty(self) -> None:
        """Make all tables anew."""
        with self.writing() as connection:
            for table in _TABLES:
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            _create_tables(connection)

    def close(self) -> None:
        """Close all connections; nothing may be reading any more."""
        while not self._idle.empty():
            self._idle.get_nowait().close()
        with self._writing:
            self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._file, timeout=10, isolation_level=None, check_same_thread=False
        )
        # A crash of the process loses nothing; a power cut may lose the last files, which are then
        # read again.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


def _create_tables(connection: sqlite3.Connection) -> None:
    for statement in _SCHEMA.split(";\n"):
        connection.execute(statement)
