"""Keeps snippets: in the database, which is the truth, and as vectors, which follow it."""

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import RLock
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from indexer import catalogue
from indexer.database import Database
from indexer.reading import Reading
from indexer.snippets import Snippet, described
from indexer.vector_cache import VectorCache
from indexer.vectors.engines import Engine, from_note
from model.embed import Embedder

log = logging.getLogger(__name__)

FORMAT = "4"
"""Changes with the tables and with the way text is cut, split and weighed; an older index is made
anew."""

DATABASE = "index.sqlite"

Access = Literal["write", "follow", "read"]
"""Whether a process keeps an index, searches what another one keeps, or can write nothing."""

# Fewer snippets that were removed are not worth making room for.
_WORTH_COMPACTING = 1_000

# Fewer changes than this, or a smaller share, are not worth writing all vectors to disk before the
# index is closed: of a million in hnswlib these are more than a gigabyte.
_WORTH_SAVING = 500
_SHARE_WORTH_SAVING = 0.01

# Texts embedded in one go.
_EMBEDDED = 64


class OtherFormat(Exception):
    """An index that cannot be searched here, and must not be made anew either."""


class Store:
    """The snippets of a workspace. Whoever reads does not wait for whoever writes."""

    def __init__(
        self, folder: Path, embedder: Embedder, access: Access, engine: Engine | None = None
    ):
        """Open what is in `folder`, or begin it; only one process at a time may write.

        The vectors move to `engine` if one is named. Raises `CannotWrite`, `Damaged`, and
        `OtherFormat` for a process that may not write.
        """
        self._embedder = embedder
        self._made_by = f"format {FORMAT}, {embedder.name}, {embedder.dimensions} dimensions"
        self._snippets = 0  # how many there are, in a process that writes; to count takes time
        self._lock = RLock()  # from a commit until its vectors are under way: both go in one order
        self.database = Database(folder / DATABASE, read_only=access == "read")
        try:
            if access == "write":
                engine = engine or from_note(self.database.about().get("engine", ""))
                self.claim()
            elif self.database.about().get("made by") not in (self._made_by, None):
                raise OtherFormat("its index is of another version of Bowerbird, and is kept as is")
            self.vectors = VectorCache(
                folder, self.database, embedder.dimensions, engine, alone=access == "write"
            )
        except BaseException:
            self.database.close()
            raise

    def claim(self) -> None:
        """Make sure that what is there was made in the same way, or begin anew."""
        about = self.database.about()
        made_by = about.get("made by")
        if made_by != self._made_by:
            if made_by:
                log.info("Making the index anew: it is of %s, not of %s.", made_by, self._made_by)
                self.database.empty()
            collection = {"collection": about["collection"]} if "collection" in about else {}
            self.database.note({"made by": self._made_by} | collection)
        with self.database.reading() as connection:
            self._snippets = catalogue.count(connection)

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
            self._snippets += len(added) - len(gone)
            self.vectors.follow(gone, added, rows)
        return len(added)

    def remove(self, paths: Iterable[str]) -> None:
        """Forget files; one that is not known is no error."""
        with self._lock:
            with self.database.writing() as connection:
                gone = [
                    number for path in paths for number in catalogue.remove_file(connection, path)
                ]
            self._snippets -= len(gone)
            self.vectors.follow(gone, [], np.empty((0, self._embedder.dimensions), np.float32))

    def save_if_worth_it(self) -> None:
        """Write the vectors to disk if enough of them have changed since that was last done."""
        enough = max(_WORTH_SAVING, int(_SHARE_WORTH_SAVING * self._snippets))
        self.vectors.save(if_changed=enough)

    def compact(self, stopped: Callable[[], bool]) -> None:
        """Give back what removed snippets took, if it is much; raises `CannotWrite`.

        It takes long where there is much, goes on beside everything else, and ends without harm
        once `stopped`.
        """
        with self.database.reading() as connection:
            last, count = catalogue.last_number(connection), catalogue.count(connection)
        last_then, count_then = map(int, self.database.about().get("compacted", "0 0").split())
        gone = count_then + (last - last_then) - count
        if gone > max(_WORTH_COMPACTING, count // 2):
            self.database.compact(stopped)
            if not stopped():
                self.database.note({"compacted": f"{last} {count}"})

    def catch_up(self) -> None:
        """Bring the vectors in line with what another process has written."""
        if self.database.about().get("made by") == self._made_by:
            self.vectors.catch_up()

    def take_over(self) -> None:
        """Keep the index from now on; the process that did has ended."""
        self.claim()
        self.vectors.take_over()

    def close(self) -> None:
        """Wait for what is under way, and close everything; save the vectors first."""
        self.vectors.close()
        self.database.close()

    def _embed(self, snippets: Sequence[Snippet]) -> NDArray[np.float32]:
        texts = [described(snippet) for snippet in snippets]
        parts = [
            self._embedder.embed(texts[start : start + _EMBEDDED])
            for start in range(0, len(texts), _EMBEDDED)
        ]
        return np.concatenate(parts or [np.empty((0, self._embedder.dimensions), np.float32)])
