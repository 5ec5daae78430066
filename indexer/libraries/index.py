"""A library's index: made once, then a file that is only read, by any number of processes."""

import logging
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from indexer import catalogue, lookup
from indexer.database import Damaged, Database
from indexer.file_names import KEPT, FileNames
from indexer.libraries.found import Library
from indexer.reading import read_file
from indexer.snippets import Snippet
from indexer.store import FORMAT

log = logging.getLogger(__name__)

Pause = Callable[[], bool]
"""Called between two files: waits while there is something more urgent; False ends the work."""


class LibraryIndex:
    """The snippets of one library, by file. All methods may be called from any thread."""

    def __init__(self, library: Library, file: Path):
        """Open what `make` made. Raises `OSError`, `sqlite3.Error` or `Damaged`."""
        self.library = library
        self._database = Database(file, read_only=True)
        with self._database.reading() as connection:
            known = catalogue.files(connection).values()
            self.files = frozenset(each.path for each in known if not each.skipped)
            below = len(library.base.as_posix()) + 1
            self.tops = frozenset(
                path[below:].partition("/")[0].removesuffix(".pyi") for path in self.files
            )
            self.imports = tuple(each.imports for each in known if each.imports)
        # What was read stays right, as the file never changes.
        self.file = lru_cache(KEPT)(self._file)

    def _file(self, path: str) -> FileNames:
        """What a file has; `path` is absolute."""
        with self._database.reading() as connection:
            return FileNames(lookup.in_file(connection, path))

    def named(self, path: str, name: str) -> list[Snippet]:
        """The snippets of a file that have this qualified name; quicker than all it has."""
        with self._database.reading() as connection:
            return lookup.named_in_file(connection, path, name)

    def close(self) -> None:
        """Free the file."""
        self._database.close()


def file_of(library: Library, folder: Path) -> Path:
    """The index's file among those of all libraries; another state of a library has another."""
    return folder / f"{library.identity}-{FORMAT}.sqlite"


def make(library: Library, file: Path, pause: Pause) -> bool:
    """Index a library, whole or not at all; whether it was done.

    It is written beside `file` and then takes its place, so that others see all of it or nothing.
    Raises `CannotWrite` or another `OSError`.
    """
    partial = file.with_name(f"{file.stem}.{os.getpid()}.partial")
    try:
        database = Database(partial)
        try:
            done = _fill(database, library, pause)
        finally:
            database.close()
        if done:
            partial.replace(file)
            file.with_suffix(".damaged").unlink(missing_ok=True)
        return done
    finally:
        for left in file.parent.glob(f"{partial.name}*"):
            left.unlink(missing_ok=True)


def _fill(database: Database, library: Library, pause: Pause) -> bool:
    with database.writing() as connection:
        for path in library.files:
            if not pause():
                return False
            try:
                reading = read_file(library.base, path, None)
            except FileNotFoundError:
                continue
            except Exception:  # noqa: BLE001 - one file must not keep all others out of the index
                log.debug("%s is left out of the index.", path, exc_info=True)
                continue
            catalogue.put_file(connection, reading.file)
            snippets = reading.snippets or ()
            nothing = np.zeros((len(snippets), 1), np.float32)
            catalogue.add_snippets(connection, path, snippets, nothing, by_words=False)
    return True


def opened(library: Library, file: Path) -> LibraryIndex | None:
    """The index in a file, or None where there is none that can be read."""
    if not file.exists():
        return None
    try:
        os.utime(file)  # the ones that nobody opens any more are removed
    except OSError:
        log.debug("%s is not marked as used.", file)
    try:
        return LibraryIndex(library, file)
    except (Damaged, OSError) as error:
        log.warning("The index of %s cannot be read (%s).", library.name, error)
        return None
