"""A workspace's index: kept up to date with its files, and searched."""

import hashlib
import logging
import re
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from threading import Lock

from indexer.answers import IndexReader
from indexer.catalogue import File
from indexer.database import CannotWrite
from indexer.ignore import Ignored
from indexer.lock import WriteLock
from indexer.opening import open_store
from indexer.reading import read_text
from indexer.results import UpdateReport
from indexer.update import Progress, Update
from indexer.vectors.engines import Engine
from indexer.walk import Skipped, found_at, place_in, refusal, walk
from model.embed import Embedder
from model.paths import indexes_folder, make_private

log = logging.getLogger(__name__)


class WorkspaceIndex(IndexReader):
    """The snippets of one workspace. All methods may be called from any thread."""

    def __init__(self, root: Path, embedder: Embedder, folder: Path, engine: Engine | None):
        self._unsaved: set[str] = set()
        self._turn = Lock()  # held from the reading of a file until it is stored
        self._updating = Lock()  # one `update` at a time
        self._updating_files = Lock()  # one `update_files` at a time, beside an `update`
        self._closing = False
        self._write_lock = WriteLock(folder / "writer.lock")
        self._access, store = open_store(folder, embedder, self._write_lock, root.name, engine)
        super().__init__(root, embedder, folder, store)

    @classmethod
    def open(
        cls,
        root: Path,
        embedder: Embedder,
        folder: Path | None = None,
        engine: Engine | None = None,
    ) -> "WorkspaceIndex":
        """Open the index of the workspace at `root`, or begin an empty one.

        It is kept in `folder`, by default one of its own among Bowerbird's, and its vectors in
        `engine`, by default where they are. While another process has it open, it can be searched
        here, but the `update` methods leave it to that process.
        Raises `NotADirectoryError` if `root` is no folder, another `OSError` if there is no index
        and none can be made, and `OtherFormat` or `Damaged`.
        """
        root = root.resolve()
        if not root.is_dir():
            raise NotADirectoryError(f"There is no folder {root} to index.")
        folder = folder or default_folder(root)
        if not folder.is_dir():
            make_private(folder)
        return cls(root, embedder, folder, engine)

    def update(
        self,
        *,
        progress: Progress = lambda _done, _total, _path: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> UpdateReport:
        """Bring the index in line with all files of the workspace; only changed ones are read.

        What `update_text` brought stays. Stops before the next file once `cancelled` says so.
        """
        with self._updating:
            if not self._may_write():
                return UpdateReport()
            if not self.root.is_dir():
                log.warning("The folder %s is gone; its index is left as it is.", self.root.name)
                return UpdateReport()
            return self._update(
                walk(self.root),
                self._known(),
                spared=self._unsaved,
                progress=progress,
                cancelled=cancelled,
            )

    def update_files(self, paths: Iterable[Path]) -> UpdateReport:
        """Bring the index in line with files or folders that were changed, made or removed.

        What `update_text` brought for them is given up.
        """
        places = [place for path in paths if (place := place_in(self.root, path))]
        with self._updating_files:
            self._unsaved.difference_update(map(str, places))
            if any(place.name in ("", ".gitignore") for place in places):
                return self.update()  # the root, or a file that lets others come and go
            if not self._may_write():
                return UpdateReport()
            ignored = Ignored(self.root)
            found: list[Path | Skipped] = []
            known: dict[str, File] = {}
            for place in places:
                known |= self._known(str(place))
                found += found_at(self.root, place, ignored)
            return self._update(found, known, named={str(place) for place in places})

    def update_text(self, path: str, text: str) -> None:
        """Let `text` stand in for the file at `path` until that is given to `update_files`.

        `path` is relative to the root. A file that would be left out is left out all the same.
        """
        place = place_in(self.root, Path(path))
        if not place or self.leaves_out(path):
            return
        with self._turn:
            if not self._may_write():
                return
            self._unsaved.add(str(place))
            self._store.put([read_text(str(place), text)])
        self._store.vectors.wait()

    def leaves_out(self, path: str) -> bool:
        """Whether a file at `path`, relative to the root, is left out whatever it holds."""
        place = place_in(self.root, Path(path))
        if not place or not place.name:
            return True
        return Ignored(self.root).leaves_out(place) or refusal(self.root, place) is not None

    def move_vectors(self, engine: Engine, progress: Progress) -> int:
        """Keep the vectors in another engine from now on, without embedding anything anew; how many
        there are.

        Raises `Unavailable` if the engine cannot be used, and `OSError` if the index cannot be
        written; the vectors stay where they are then.
        """
        with self._updating_files, self._updating, self._turn:
            if not self._may_write():
                raise CannotWrite("another process, such as an editor's, keeps this index")
            return self._store.vectors.move(engine, progress)

    def compact(self, stopped: Callable[[], bool]) -> None:
        """Give back the room of what was removed, if it is much, while there is nothing else to do.

        Searches and updates go on meanwhile; it ends early once `stopped`.
        """
        if self._may_write():
            self._store.compact(lambda: self._closing or stopped())

    def close(self) -> None:
        """End a running update and write everything to disk; the index is of no use afterwards."""
        self._closing = True
        with self._updating_files, self._updating, self._turn:
            try:
                if self._write_lock.is_held:
                    self._store.vectors.save()
            finally:
                self._store.close()
                self._write_lock.release()

    def _update(
        self,
        found: Iterable[Path | Skipped],
        known: dict[str, File],
        *,
        spared: Container[str] = (),
        named: Container[str] = (),
        progress: Progress = lambda _done, _total, _path: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> UpdateReport:
        report = Update(
            self.root,
            self._store,
            known,
            self._turn,
            spared=spared,
            named=named,
            stopped=lambda: self._closing or cancelled(),
            progress=progress,
        ).run(found)
        self._store.save_if_worth_it()
        return report

    def _may_write(self) -> bool:
        """Whether this process keeps the index; it does once the one before it has ended.

        Until then, the vectors follow what that process writes.
        """
        if self._closing or self._access == "read":
            return False
        if self._write_lock.is_held:
            return True
        if not self._write_lock.acquire():
            self._store.catch_up()
            return False
        log.info("This process keeps the index of %s from now on.", self.root.name)
        self._store.take_over()
        return True


def default_folder(root: Path) -> Path:
    """Where the index of the workspace at `root` is kept."""
    name = re.sub(r"[^\w.-]+", "-", root.name) or "root"
    digest = hashlib.blake2b(str(root).encode("utf-8", "surrogateescape"), digest_size=6)
    return indexes_folder() / f"{name}-{digest.hexdigest()}"
