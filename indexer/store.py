"""Keeps snippets: in the database, which is the truth, and as vectors, which follow it."""

import logging
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import RLock
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from indexer import catalogue
from indexer.database import Database
from indexer.reading import Reading
from indexer.snippets import Snippet, described
from indexer.vectors import VectorStore
from indexer.vectors.hnsw import HnswStore
from model.embed import Embedder

log = logging.getLogger(__name__)

FORMAT = "3"
"""Changes with the tables and with the way text is cut, split and weighed; an older index is made
anew."""

DATABASE = "index.sqlite"

Access = Literal["write", "follow", "read"]
"""Whether a process keeps an index, searches what another one keeps, or can write nothing."""

# Texts embedded in one go.
_EMBEDDED = 64


class OtherFormat(Exception):
    """An index that cannot be searched here, and must not be made anew either."""


class Store:
    """The snippets of a workspace. Whoever reads does not wait for whoever writes."""

    def __init__(self, folder: Path, embedder: Embedder, access: Access):
        """Open what is in `folder`, or begin it; only one process at a time may write.

        Raises `CannotWrite`, `Damaged`, and `OtherFormat` for a process that may not write.
        """
        self._folder = folder
        self._embedder = embedder
        self._made_by = f"format {FORMAT}, {embedder.name}, {embedder.dimensions} dimensions"
        self._lock = RLock()  # from a commit until its vectors are under way: both go in one order
        # Adding vectors takes as long as all the rest, and lets Python run meanwhile.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bowerbird-vectors")
        self._under_way: Future[None] | None = None
        self._unsaved = 0
        self.database = Database(folder / DATABASE, read_only=access == "read")
        try:
            if access == "write":
                self.claim()
            elif self.database.about().get("made by") not in (self._made_by, None):
                raise OtherFormat("its index is of another version of Bowerbird, and is kept as is")
            self.vectors: VectorStore = self._saved_vectors()
            self.catch_up()
        except BaseException:
            self.database.close()
            raise

    @property
    def _vector_file(self) -> Path:
        return self._folder / "vectors.hnsw"

    def claim(self) -> None:
        """Make sure that what is there was made in the same way, or begin anew."""
        made_by = self.database.about().get("made by")
        if made_by == self._made_by:
            return
        if made_by:
            log.info("Making the index anew: it is of %s, not of %s.", made_by, self._made_by)
            self.database.empty()
        self.database.note({"made by": self._made_by})

    def put(self, readings: Sequence[Reading]) -> int:
        """Take in what was found in files; how many snippets are new or have changed."""
        gone: list[int] = []
        added: list[int] = []
        with self._lock:
            with self.database.writing() as connection:
                differences = [
                    (each, catalogue.difference(connection, each.file.path, each.snippets))
                    for each in readings
                    if each.snippets is not None
                ]
                rows = self._embed([new for _, difference in differences for new in difference.new])
                for each in readings:
                    catalogue.put_file(connection, each.file)
                for reading, difference in differences:
                    first = len(added)
                    catalogue.remove_snippets(connection, difference.gone)
                    catalogue.move_snippets(connection, difference.kept)
                    added += catalogue.add_snippets(
                        connection,
                        reading.file.path,
                        difference.new,
                        rows[first : first + len(difference.new)],
                    )
                    gone += difference.gone
            self._follow(gone, added, rows)
        return len(added)

    def remove(self, paths: Iterable[str]) -> None:
        """Forget files; one that is not known is no error."""
        with self._lock:
            with self.database.writing() as connection:
                gone = [n for path in paths for n in catalogue.remove_file(connection, path)]
            self._follow(gone, [], np.empty((0, self._embedder.dimensions), np.float32))

    def wait(self) -> None:
        """Until the vectors have followed everything that was put and removed."""
        with self._lock:
            under_way, self._under_way = self._under_way, None
            if under_way:
                under_way.result()

    def catch_up(self) -> None:
        """Bring the vectors in line with the database, wherever they came from."""
        with self.database.reading() as connection:
            if self.database.about().get("made by") != self._made_by:
                return
            wanted, present = catalogue.embedded_numbers(connection), self.vectors.numbers()
            self.vectors.remove(present - wanted)
            for numbers, rows in catalogue.vectors(connection, wanted - present):
                self.vectors.add(numbers, rows)
                self._unsaved += len(numbers)

    def save(self, if_changed: int = 1) -> None:
        """Write the vectors to their file, if at least so many of them have changed.

        That they cannot be written is logged and does no harm.
        """
        self.wait()
        if self._unsaved < if_changed:
            return
        try:
            self.vectors.save(self._vector_file)
            self.database.note({"vectors": _checksum(self._vector_file)})
        except OSError as error:
            log.warning("The next start takes longer, as vectors could not be saved: %s.", error)
        else:
            self._unsaved = 0

    def close(self) -> None:
        """Wait for what is under way, and close everything; `save` first."""
        self.wait()
        self._thread.shutdown()
        self.vectors.close()
        self.database.close()

    def _embed(self, snippets: Sequence[Snippet]) -> NDArray[np.float32]:
        texts = [described(snippet) for snippet in snippets]
        parts = [
            self._embedder.embed(texts[start : start + _EMBEDDED])
            for start in range(0, len(texts), _EMBEDDED)
        ]
        return np.concatenate(parts or [np.empty((0, self._embedder.dimensions), np.float32)])

    def _follow(self, gone: list[int], added: list[int], rows: NDArray[np.float32]) -> None:
        """Hand a committed change to the vectors, after the one before it."""
        self.wait()
        self._unsaved += len(gone) + len(added)
        self._under_way = self._thread.submit(self._change_vectors, gone, added, rows)

    def _change_vectors(self, gone: list[int], added: list[int], rows: NDArray[np.float32]) -> None:
        self.vectors.remove(gone)
        something = np.flatnonzero(rows.any(axis=1))
        self.vectors.add([added[row] for row in something], rows[something])

    def _saved_vectors(self) -> VectorStore:
        """The vectors as they were saved, or none if their file is not the one that was saved."""
        file, dimensions = self._vector_file, self._embedder.dimensions
        about = self.database.about()
        is_ours = about.get("made by") == self._made_by
        if is_ours and file.exists() and about.get("vectors") == _checksum(file):
            with self.database.reading() as connection:
                live = catalogue.embedded_numbers(connection)
            try:
                return HnswStore(dimensions, file, live)
            except RuntimeError as error:
                log.warning("Making the vectors anew from the database: %s.", error)
        return HnswStore(dimensions)


def _checksum(file: Path) -> str:
    """Tells whether a file is the one that was saved."""
    checksum = 0
    with file.open("rb") as opened:
        while part := opened.read(1 << 20):
            checksum = zlib.crc32(part, checksum)
    return f"{file.stat().st_size}:{checksum:08x}"
