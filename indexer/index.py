"""A workspace's index: kept up to date with its files, and searched."""

import hashlib
import logging
import re
import stat
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Set
from pathlib import Path, PurePosixPath
from threading import Lock

from indexer import catalogue, lookup
from indexer import search as searching
from indexer.catalogue import File
from indexer.database import CannotWrite
from indexer.file_names import FileNames
from indexer.ignore import Ignored
from indexer.lexical import Frequencies
from indexer.lock import WriteLock
from indexer.only import EVERYTHING, Only
from indexer.opening import open_store
from indexer.reading import read_text
from indexer.results import FileContents, Hit, IndexStatus, UpdateReport, Usage
from indexer.search import Keep, Mode
from indexer.snippets import Snippet
from indexer.source import encodable
from indexer.update import Progress, Update
from indexer.vectors.engines import Engine
from indexer.walk import Skipped, mode_of, refusal, walk
from model.embed import Embedder
from model.paths import indexes_folder, make_private

log = logging.getLogger(__name__)

# Fewer changes than this, or a smaller share, are not worth writing all vectors to disk before the
# index is closed: of a million in hnswlib these are more than a gigabyte.
_WORTH_SAVING = 500
_SHARE_WORTH_SAVING = 0.01

# Files of which the snippets are kept in memory; one request asks for the same ones many times.
_KEPT = 48


class WorkspaceIndex:
    """The snippets of one workspace. All methods may be called from any thread."""

    def __init__(self, root: Path, embedder: Embedder, folder: Path, engine: Engine | None):
        self.root = root
        self._folder = folder
        self._embedder = embedder
        self._frequencies = Frequencies()
        self._unsaved: set[str] = set()
        self._files: dict[str, tuple[bytes, FileNames]] = {}  # with the digests of their texts
        self._turn = Lock()  # held from the reading of a file until it is stored
        self._updating = Lock()  # one `update` at a time
        self._updating_files = Lock()  # one `update_files` at a time, beside an `update`
        self._closing = False
        self._write_lock = WriteLock(folder / "writer.lock")
        self._access, self._store = open_store(
            folder, embedder, self._write_lock, root.name, engine
        )

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
        `engine`, by default where they are. While another process
        has it open, it can be searched here, but the `update` methods leave it to that process.
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
        places = [place for place in map(self._place, paths) if place is not None]
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
                found += self._found_at(place, ignored)
            return self._update(found, known, named={str(place) for place in places})

    def update_text(self, path: str, text: str) -> None:
        """Let `text` stand in for the file at `path` until that is given to `update_files`.

        `path` is relative to the root. A file that would be left out is left out all the same.
        """
        place = self._place(Path(path))
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
        place = self._place(Path(path))
        if not place or not place.name:
            return True
        return Ignored(self.root).leaves_out(place) or refusal(self.root, place) is not None

    def search(
        self,
        query: str,
        *,
        limit: int = 8,
        mode: Mode = "hybrid",
        keep: Keep | None = None,
        only: Only = EVERYTHING,
    ) -> list[Hit]:
        """The snippets that fit `query` best, best first; `query` may be words or code.

        `only` narrows the search to a language or path, and `keep` says which snippets may be among
        those that it finds.
        """
        with self._store.database.reading() as connection:
            return searching.search(
                connection,
                self._store.vectors.search,
                self._embedder,
                self._frequencies,
                encodable(query),
                limit=limit,
                mode=mode,
                keep=keep,
                only=only,
            )

    def rarity(self, terms: Set[str]) -> dict[str, float]:
        """How telling each of some terms is: the logarithm of one snippet in how many holds it."""
        with self._store.database.reading() as connection:
            return self._frequencies.rarity(connection, terms)

    def definitions(self, name: str, limit: int = 8) -> list[Snippet]:
        """What is called `name`: a qualified name, or its last component alone."""
        with self._store.database.reading() as connection:
            return lookup.definitions(connection, encodable(name), limit)

    def names(self, prefix: str, limit: int = 50, near: str = "") -> list[Snippet]:
        """One definition of each name that begins with `prefix`, nearest to the file `near` first,
        whatever the case."""
        with self._store.database.reading() as connection:
            return lookup.names(connection, encodable(prefix), limit, near)

    def file(self, path: str) -> FileNames:
        """What a file has by name; `path` is relative to the root.

        It is read again only when the file's text is another one.
        """
        with self._store.database.reading() as connection:
            digest = catalogue.digest(connection, encodable(path))
            known = self._files.get(path)
            if known is None or known[0] != digest:
                known = digest, FileNames(lookup.in_file(connection, encodable(path)))
                self._files[path] = known
        for oldest in list(self._files)[:-_KEPT]:
            self._files.pop(oldest, None)  # another thread may have been here
        return known[1]

    def latest(self, limit: int) -> list[Snippet]:
        """So many snippets, those of the files that were changed last first."""
        with self._store.database.reading() as connection:
            return lookup.latest(connection, limit)

    def files_ending(self, path: str) -> list[str]:
        """The files at `path` in the workspace or in any folder of it."""
        with self._store.database.reading() as connection:
            return lookup.files_ending(connection, encodable(path))

    def usages(self, name: str, limit: int = 20, near: str = "") -> list[Usage]:
        """Where a name stands in code as a whole word without being defined there, nearest to the
        file `near` first."""
        with self._store.database.reading() as connection:
            return lookup.usages(connection, encodable(name), limit, near)

    def names_behind(self, receiver: str, near: str) -> Counter[str]:
        """How often each name stands behind a receiver of this name, in what is nearest to the file
        `near`; that file itself does not count."""
        with self._store.database.reading() as connection:
            return lookup.names_behind(connection, encodable(receiver), near)

    def mentions(self, name: str, limit: int = 20, near: str = "") -> list[Usage]:
        """Where a name stands in prose, nearest to the file `near` first."""
        with self._store.database.reading() as connection:
            return lookup.mentions(connection, encodable(name), limit, near)

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

    @property
    def engine(self) -> Engine:
        """What has the vectors."""
        return self._store.vectors.engine

    def status(self) -> IndexStatus:
        """What the index holds."""
        known = self._known().values()
        with self._store.database.reading() as connection:
            snippets = catalogue.count(connection)
        languages = Counter(file.language for file in known if not file.skipped)
        return IndexStatus(
            files=languages.total(),
            snippets=snippets,
            bytes_on_disk=sum(map(_size, self._folder.rglob("*"))),
            languages=dict(languages.most_common()),
            skipped=tuple(self.skipped()),
        )

    def count_files(self) -> int:
        """How many files the index holds; `status` says more, and takes much longer."""
        with self._store.database.reading() as connection:
            return catalogue.count_files(connection)

    def contents(self) -> list[FileContents]:
        """What the index holds, file by file."""
        with self._store.database.reading() as connection:
            return [FileContents(*row) for row in catalogue.contents(connection)]

    def imports(self, paths: Iterable[Path] | None = None) -> list[tuple[str, str, int]]:
        """Language and imports of the files that have some, and how many files have the same.

        Of all files, or of those at some paths and in folders there.
        """
        if paths is None:
            with self._store.database.reading() as connection:
                return catalogue.imports(connection)
        places = [str(place) for place in map(self._place, paths) if place]
        known = [each for place in places for each in self._known(place).values()]
        return [(each.language, each.imports, 1) for each in known if each.imports]

    def skipped(self) -> list[Skipped]:
        """What is left out of the index, and why; not what .gitignore leaves out."""
        known = self._known().values()
        return [Skipped(file.path, file.skipped) for file in known if file.skipped]

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
        self._store.vectors.save(if_changed=self._worth_saving())
        return report

    def _worth_saving(self) -> int:
        with self._store.database.reading() as connection:
            return max(_WORTH_SAVING, int(_SHARE_WORTH_SAVING * catalogue.count(connection)))

    def _known(self, within: str | None = None) -> dict[str, File]:
        with self._store.database.reading() as connection:
            return catalogue.files(connection, within)

    def _found_at(self, place: PurePosixPath, ignored: Ignored) -> Iterator[Path | Skipped]:
        """What there is at a place: a file, the files in a folder, or nothing."""
        path = self.root / place
        mode = mode_of(path)
        if stat.S_ISDIR(mode):
            yield from walk(self.root, place)
        elif mode and not ignored.leaves_out(place):
            reason = refusal(self.root, place)
            yield Skipped(str(place), reason) if reason else path

    def _place(self, path: Path) -> PurePosixPath | None:
        """A path, absolute or not, relative to the root; `None` if it lies elsewhere or has no
        name in UTF-8."""
        full = self.root / path
        full = full.parent.resolve() / full.name  # a symbolic link is not followed, but seen
        if not full.is_relative_to(self.root) or encodable(str(full)) != str(full):
            return None
        return PurePosixPath(full.relative_to(self.root).as_posix())

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


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # SQLite's own files come and go
        return 0


def default_folder(root: Path) -> Path:
    """Where the index of the workspace at `root` is kept."""
    name = re.sub(r"[^\w.-]+", "-", root.name) or "root"
    digest = hashlib.blake2b(str(root).encode("utf-8", "surrogateescape"), digest_size=6)
    return indexes_folder() / f"{name}-{digest.hexdigest()}"
