"""The vectors of an index in some engine, which follow what is committed to the database."""

import logging
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from indexer import catalogue
from indexer.database import Database
from indexer.vectors import Numbers, Unavailable, VectorStore
from indexer.vectors.engines import Engine, Place, from_note, noted, open_vectors
from model.progress import Progress, unseen

log = logging.getLogger(__name__)

# An engine that failed, such as a server out of reach, is not asked again for so many seconds.
_PATIENCE = 30.0


class VectorCache:
    """Whatever happens to it can be made good from the database, and is."""

    def __init__(
        self, folder: Path, database: Database, dimensions: int, engine: Engine | None, alone: bool
    ):
        """Open the vectors of the index in `folder`, in `engine` if one is named, else in the one
        that they are in.

        `alone` says that this process keeps the index; another one may have an engine's files open.
        One that cannot be used is said in the log, and hnswlib stands in for it.
        """
        self._folder = folder
        self._database = database
        self._dimensions = dimensions
        self._alone = alone
        # Adding vectors takes as long as all the rest, and lets Python run meanwhile.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bowerbird-vectors")
        self._turn = RLock()  # changes follow one another, in the order of their commits
        self._under_way: Future[None] | None = None
        self._unsaved = 0
        self._asked_again_at = 0.0
        self.engine = self._kept_in()
        self._vectors = self._usable()
        self.catch_up()
        if alone and engine and engine != self._noted_engine():
            self._change_to(engine)

    def follow(self, gone: list[int], added: list[int], rows: NDArray[np.float32]) -> None:
        """Take over a committed change in the background, after the one before it."""
        with self._turn:
            self.wait()
            self._unsaved += len(gone) + len(added)
            self._under_way = self._thread.submit(self._change, gone, added, rows)

    def wait(self) -> None:
        """Until the vectors have followed everything that was committed."""
        with self._turn:
            under_way, self._under_way = self._under_way, None
            if under_way:
                under_way.result()

    def numbers(self) -> NDArray[np.int64]:
        """The numbers of all vectors, in any order. Raises `Unavailable`."""
        return self._vectors.numbers()

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The numbers and similarities of the nearest vectors, nearest first; none while the engine
        cannot be used."""
        if time.monotonic() < self._asked_again_at:
            return []
        try:
            return self._vectors.search(vector, limit)
        except Unavailable as error:
            self._complain(error)
            return []

    def catch_up(self) -> None:
        """Bring the vectors in line with the database, wherever they came from."""
        if self.engine.server and not self._alone:
            return  # who keeps the index does it
        try:
            self._unsaved += self._bring_in_line(self._vectors, unseen)
        except Unavailable as error:
            self._complain(error)

    def take_over(self) -> None:
        """From now on, this process keeps the index."""
        self._alone = True
        self.catch_up()

    def move(self, engine: Engine, progress: Progress = unseen) -> int:
        """Keep the vectors in another engine from now on, without embedding anything anew; their
        number. Raises `Unavailable` or `OSError`, and everything is as it was."""
        with self._turn:
            self.wait()
            new = open_vectors(engine, self._dimensions, self._place(engine))
            try:
                new.remove(new.numbers())  # they may be of a database that is no more
                self._bring_in_line(new, progress)
                saved = new.save()
            except BaseException:
                new.close()
                raise
            old, self._vectors = self._vectors, new
            is_other, self.engine = engine != self.engine, engine
            self._database.note({"engine": noted(engine), "vectors": saved})
            self._unsaved = 0
            (old.discard if is_other else old.close)()
            return len(self.numbers())

    def save(self, if_changed: int = 1) -> None:
        """Write the vectors to disk, if at least so many of them have changed.

        That they cannot be written is logged and does no harm.
        """
        self.wait()
        stands_in = self.engine != self._noted_engine()
        if self._unsaved < if_changed or stands_in:
            return
        try:
            self._database.note({"engine": noted(self.engine), "vectors": self._vectors.save()})
        except (OSError, Unavailable) as error:
            log.warning("The next start takes longer, as vectors could not be saved: %s.", error)
        else:
            self._unsaved = 0

    def close(self) -> None:
        """Wait for what is under way, and free everything; `save` first."""
        self.wait()
        self._thread.shutdown()
        self._vectors.close()

    def _change(self, gone: list[int], added: list[int], rows: NDArray[np.float32]) -> None:
        something = np.flatnonzero(rows.any(axis=1))
        try:
            self._vectors.remove(gone)
            self._vectors.add([added[row] for row in something], rows[something])
        except Unavailable as error:  # the next start makes it good
            self._complain(error)

    def _bring_in_line(self, vectors: VectorStore, progress: Progress) -> int:
        """Remove and add what differs from the database; how many that was."""
        present = vectors.numbers()  # first: what is committed meanwhile is not too much
        with self._database.reading() as connection:
            wanted = catalogue.embedded_numbers(connection)
        superfluous = np.setdiff1d(present, wanted, assume_unique=True)
        missing = np.setdiff1d(wanted, present, assume_unique=True)
        vectors.remove(superfluous)
        done = 0
        for numbers, rows in self._originals(missing):
            progress(done, len(missing), "moving vectors")
            vectors.add(numbers, rows)
            done += len(numbers)
        return len(superfluous) + done

    def _noted_engine(self) -> Engine:
        return from_note(self._database.about().get("engine", ""))

    def _kept_in(self) -> Engine:
        """The engine that has the vectors, as far as this process may use it."""
        engine = self._noted_engine()
        return engine if self._alone or engine.is_shared else Engine()

    def _usable(self) -> VectorStore:
        try:
            return open_vectors(self.engine, self._dimensions, self._place(self.engine))
        except Unavailable as error:
            log.warning("%s Meanwhile, hnswlib has the vectors.", error)
            self.engine = Engine()
            return open_vectors(self.engine, self._dimensions, self._place(self.engine))

    def _change_to(self, engine: Engine) -> None:
        """Move to the engine that the user chose; if that fails, it is said in the log."""
        log.info("Moving vectors from %s to %s.", self.engine, engine)
        try:
            self.move(engine)
        except (Unavailable, OSError) as error:
            log.warning("Vectors stay in %s: %s", self.engine, error)

    def _place(self, engine: Engine) -> Place:
        with self._database.reading() as connection:
            live = catalogue.embedded_numbers(connection)
        is_noted = engine == self._noted_engine()
        saved = self._database.about().get("vectors", "") if is_noted else ""
        return Place(self._folder, self._collection(), saved, live, self._originals)

    def _collection(self) -> str:
        """What the vectors are called on a server: no other index calls them so."""
        name = self._database.about().get("collection", "")
        if not name and self._alone:
            name = f"bowerbird-{secrets.token_hex(8)}"
            self._database.note({"collection": name})
        return name

    def _originals(self, numbers: Numbers) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        with self._database.reading() as connection:
            yield from catalogue.vectors(connection, numbers)

    def _complain(self, error: Unavailable) -> None:
        self._asked_again_at = time.monotonic() + _PATIENCE
        log.warning("%s Search goes by words alone.", error)
