"""The SQLite database of an index: its connections, transactions, and what it was made by."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import RLock

log = logging.getLogger(__name__)

_SCHEMA = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
_TABLES = ("vocabulary", "terms", "snippets", "files", "about")
_ABOUT, *_ = _SCHEMA.split(";\n")

# Pages that are merged or given back in one go. Whoever wants to write waits no longer than that
# takes, and gets his turn in the pause.
_PAGES = 200
_PAUSE = 0.005  # seconds

# So much of the log is kept on disk when it is empty: what is written anew is written faster.
_LONGEST_LOG = 4 * 1024 * 1024

_CANNOT_WRITE = {
    sqlite3.SQLITE_FULL: "the disk is full; make room, and restart or reindex",
    sqlite3.SQLITE_IOERR: "the disk does not take it; see that it has room and is well",
    sqlite3.SQLITE_READONLY: "its folder can only be read; BOWERBIRD_HOME may name another",
    sqlite3.SQLITE_CANTOPEN: "its folder cannot be used; BOWERBIRD_HOME may name another",
}
"""Why SQLite could not write, by its result code, as a clause."""


class CannotWrite(OSError):
    """The database cannot be written; the message, a clause, says why and what to do."""


class Damaged(Exception):
    """The database holds something else than what was written; the message is a clause."""


class Database:
    """One writer and any number of readers, which do not wait for it (write-ahead log)."""

    def __init__(self, file: Path, read_only: bool = False):
        """Open the database at `file`, making it if need be; raises `Damaged` or `sqlite3.Error`.

        With `read_only`, nothing in its folder is written, and it must be there.
        """
        self._file = file
        self._read_only = read_only
        self._writing = RLock()
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        if self._damaged_file.exists():
            raise Damaged("it was found to be damaged when it was last used")
        if not read_only:
            file.touch(mode=0o600)
            file.chmod(0o600)
        self._writer = self._connect()
        try:
            if not read_only:
                self._begin()
            self.about()
        except BaseException:
            self.close()
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
        except sqlite3.DatabaseError as error:
            self._note_damage(error)
            raise
        finally:
            self._idle.put(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection with an open transaction, which is committed unless something is raised.

        Raises `CannotWrite` when the disk is full or the like, and `Damaged`.
        """
        with self._writing:
            try:
                with self._explained():
                    self._writer.execute("BEGIN IMMEDIATE")
                    yield self._writer
                    self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

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
        with self._writing, self._explained():  # an older one may not give back pages
            self._writer.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self._writer.execute("VACUUM")

    def compact(self, stopped: Callable[[], bool]) -> None:
        """Give back the room of what was removed, bit by bit, until all is done or `stopped`.

        Others write in between. Raises `CannotWrite`.
        """
        self._merge_terms(stopped)
        self._give_back_pages(stopped)
        with self._writing, self._explained():
            self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _merge_terms(self, stopped: Callable[[], bool]) -> None:
        """Have FTS5 forget the terms that it only notes as removed, in the steps it provides."""
        pages = -_PAGES  # which begins a merge of all there is
        while not stopped():
            with self.writing() as connection:
                before = connection.total_changes
                connection.execute("INSERT INTO terms (terms, rank) VALUES ('merge', ?)", (pages,))
                if connection.total_changes - before < 2:  # so FTS5 says that nothing is left
                    return
            pages = _PAGES
            time.sleep(_PAUSE)

    def _give_back_pages(self, stopped: Callable[[], bool]) -> None:
        free = -1
        while not stopped():
            with self.writing() as connection:
                last, (free,) = free, connection.execute("PRAGMA freelist_count").fetchone()
                if free in (0, last):
                    return
                connection.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
            time.sleep(_PAUSE)

    @property
    def _damaged_file(self) -> Path:
        """Is there once damage was found, since it may be in a place that is seldom read."""
        return self._file.with_suffix(".damaged")

    def _note_damage(self, error: sqlite3.DatabaseError) -> None:
        """Raise `Damaged` if that is what an error says."""
        if _result(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            with suppress(OSError):
                self._damaged_file.touch(mode=0o600)
            raise Damaged("it is damaged, and will be made anew at the next start") from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raises `Damaged` and `CannotWrite` for what SQLite calls by numbers."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            self._note_damage(error)
            if _result(error) in _CANNOT_WRITE:
                raise CannotWrite(_CANNOT_WRITE[_result(error)]) from error
            raise

    def close(self) -> None:
        """Close all connections; nothing may be reading any more."""
        while not self._idle.empty():
            self._idle.get_nowait().close()
        with self._writing:
            self._writer.close()

    def _begin(self) -> None:
        """Make the tables of a new database; those of an old one may be of another format."""
        with self._explained():
            self._writer.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._writer.execute(f"PRAGMA journal_size_limit = {_LONGEST_LOG}")
        with self.writing() as connection:
            connection.execute(_ABOUT)
            if connection.execute("SELECT 1 FROM about").fetchone() is None:
                _create_tables(connection)

    def _connect(self) -> sqlite3.Connection:
        uri = self._file.absolute().as_uri()
        if self._read_only:
            # Without a log to look into, SQLite needs none of its files for sharing.
            log_file = self._file.with_name(f"{self._file.name}-wal")
            has_log = log_file.exists() and log_file.stat().st_size > 0
            uri += "?mode=ro" if has_log else "?mode=ro&immutable=1"
        with self._explained():
            connection = sqlite3.connect(
                uri, uri=True, timeout=10, isolation_level=None, check_same_thread=False
            )
            # A crash of the process loses nothing; a power cut may lose the last files, which are
            # then read again.
            connection.execute("PRAGMA synchronous = NORMAL")
            return connection


def _result(error: sqlite3.Error) -> int:
    """SQLite's primary result code."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF


def _create_tables(connection: sqlite3.Connection) -> None:
    for statement in _SCHEMA.split(";\n"):
        connection.execute(statement)
