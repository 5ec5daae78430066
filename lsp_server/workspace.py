"""The workspace's folders: their indexes and watchers, and the threads that change indexes.

Reading, parsing and embedding a file takes tens of milliseconds, a workspace takes minutes. So
two threads do it: one takes in whole folders, the other what an editor or the file system just
changed, which must not wait for a whole folder (an index lets it in between). A third one looks at
the libraries that the code imports, while there is nothing else to do.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from indexer.index import WorkspaceIndex, default_folder
from indexer.libraries.shelf import Libraries
from indexer.resolution.owners import is_of_library
from indexer.results import UpdateReport
from indexer.vectors.engines import Engine
from indexer.watcher import Watcher, watch
from lsp_server.client import Progress
from lsp_server.last_places import LastPlaces
from lsp_server.worker import Worker
from model.embed import Embedder, load_embedder

_log = logging.getLogger(__name__)

_YIELDING = 0.05  # seconds between two looks whether the libraries' turn has come


@dataclass(eq=False)
class Folder:
    """One of the workspace's folders."""

    root: Path
    index: WorkspaceIndex
    places: LastPlaces  # the event loop's
    libraries: Libraries
    watcher: Watcher | None = None
    files: int = 0  # in the index, as of its last change

    def uri(self, path: str) -> str:
        """URI of a file: of the folder, by its path from there, or of a library."""
        return (self.root / path).as_uri()

    def shown(self, path: str) -> str:
        """A file's path as the user is to see it."""
        return self.libraries.shown(path) if is_of_library(path) else path


@dataclass(frozen=True)
class Listener:
    """Who is told what happens, in the indexing thread or in a watcher's."""

    folders_changed: Callable[[], None]  # a folder came or went
    files_changed: Callable[[set[Path]], None]  # in the file system
    index_changed: Callable[[], None]  # by what changed in a folder, or in the libraries
    indexed: Callable[[], None]  # a whole folder, or several, or none
    not_watched: Callable[[Path], None]  # the system cannot watch this folder
    progress: Callable[[str], Progress]  # begins to show progress under a title
    answering: Callable[[], bool]  # whether the user waits for something


class Workspace:
    """The folders that the client has open. Its methods do not wait; call them from any thread."""

    def __init__(self, listener: Listener):
        self.folders: tuple[Folder, ...] = ()
        self._listener = listener
        self._embedder: Embedder | None = None
        self._roots: frozenset[Path] = frozenset()
        self._with_libraries = False
        self._engine: Engine | None = None
        failed = "The index misses something"
        self._whole = Worker("indexing", failed, listener.indexed)
        self._changes = Worker("changes", failed, listener.index_changed, self._compact)
        missing = "Some libraries are not indexed"
        self._libraries = Worker("libraries", missing, listener.index_changed)

    @property
    def busy(self) -> bool:
        """Whether a whole folder is being indexed or waits for it."""
        return self._whole.busy

    @property
    def reads_libraries(self) -> bool:
        """Whether libraries are being looked for or indexed."""
        return self._libraries.busy

    def folder_of(self, path: Path) -> Folder | None:
        """The innermost folder that a file lies in."""
        holding = [folder for folder in self.folders if path.is_relative_to(folder.root)]
        return max(holding, key=lambda folder: len(folder.root.parts), default=None)

    def follow(
        self, roots: Iterable[Path], libraries: bool = False, engine: Engine | None = None
    ) -> None:
        """Index these folders, keep their indexes up to date, and let go of all others.

        The libraries that their code imports are indexed, too, or let go of. The vectors of folders
        that are opened move to `engine`, or stay where they are.
        """
        self._roots, self._engine = frozenset(roots), engine
        self._with_libraries = libraries
        self._whole.do("folders", self._follow)

    def reindex(self) -> "Future[list[UpdateReport]]":
        """Look at every file of every folder again."""
        done: Future[list[UpdateReport]] = Future()
        self._whole.do(done, partial(self._reindex, done))
        return done

    def files_changed(self, paths: Collection[Path]) -> None:
        """Files or folders were written, created, removed or renamed."""
        for folder in self.folders:
            if folder.root in paths:
                self._whole.do(folder, partial(self._update, folder))
                continue
            inside = frozenset(path for path in paths if self.folder_of(path) is folder)
            if inside:
                self._changes.do((folder, inside), partial(self._update_files, folder, inside))

    def text_changed(self, folder: Folder, path: str, text: str) -> None:
        """An open document has this text, saved or not; `path` is relative to the folder."""
        self._changes.do((folder, path), partial(self._update_text, folder, path, text))

    def end(self, patience: float = 2.0) -> bool:
        """Stop all work and close the indexes; False when something does not stop in time."""
        workers = (self._whole, self._changes, self._libraries)
        if not all(worker.end(patience) for worker in workers):
            return False
        for folder in self.folders:
            _release(folder)
        return True

    # What follows runs in the three threads.

    def _follow(self) -> None:
        for folder in self.folders:
            if folder.root not in self._roots:
                self._change_folders(tuple(each for each in self.folders if each is not folder))
                _release(folder)
        for folder in self.folders:
            self._libraries.do(folder, partial(self._update_libraries, folder))
        for root in self._roots - {folder.root for folder in self.folders}:
            self._open(root)

    def _open(self, root: Path) -> None:
        try:
            self._embedder = self._embedder or load_embedder()
            index = WorkspaceIndex.open(root, self._embedder, engine=self._engine)
            places = LastPlaces(default_folder(root) / "places.json")
            folder = Folder(root, index, places, Libraries(root))
        except Exception as error:  # noqa: BLE001 - one index that cannot be opened is not all
            _log.warning("%s is not indexed: %s: %s.", root, type(error).__name__, error)
            return
        # Watched first, so that no change falls between indexing and watching.
        self._watch(folder)
        self._change_folders((*self.folders, folder))
        self._whole.do(folder, partial(self._update, folder))

    def _change_folders(self, folders: tuple[Folder, ...]) -> None:
        self.folders = folders
        self._listener.folders_changed()

    def _watch(self, folder: Folder) -> None:
        real_root = folder.root.resolve()

        def changed(paths: set[Path]) -> None:
            # The client's way to write a path may lead through symbolic links.
            self._listener.files_changed(
                {folder.root / path.relative_to(real_root) for path in paths}
            )

        try:
            folder.watcher = watch(folder.root, changed)
        except OSError as error:
            _log.warning("%s is not watched: %s.", folder.root, error)
            self._listener.not_watched(folder.root)

    def _reindex(self, done: "Future[list[UpdateReport]]") -> None:
        try:
            done.set_result([self._update(folder) for folder in self.folders])
        except Exception as error:
            done.set_exception(error)
            raise

    def _update(self, folder: Folder) -> UpdateReport:
        """Bring a whole folder up to date."""
        progress = self._listener.progress(f"Indexing {folder.root.name}")
        try:
            return folder.index.update(
                progress=progress.report,
                cancelled=lambda: self._whole.ended or folder.root not in self._roots,
            )
        finally:
            progress.end()
            folder.files = folder.index.count_files()
            self._libraries.do(folder, partial(self._update_libraries, folder))

    def _update_files(self, folder: Folder, paths: Collection[Path]) -> None:
        if folder in self.folders:  # else it was closed meanwhile
            folder.index.update_files(paths)
            folder.files = folder.index.count_files()
            if self._with_libraries and not folder.libraries.knows(folder.index.imports(paths)):
                self._libraries.do(folder, partial(self._update_libraries, folder))

    def _compact(self) -> None:
        """Runs when nothing has changed for a while, and ends when something does."""
        for folder in self.folders:
            folder.index.compact(lambda: self._changes.wanted or self._whole.busy)

    def _update_text(self, folder: Folder, path: str, text: str) -> None:
        if folder in self.folders:
            folder.index.update_text(path, text)

    def _update_libraries(self, folder: Folder) -> None:
        """Bring the libraries of a folder up to date, when nobody waits for anything else."""
        bar: list[Progress] = []

        def report(done: int, total: int, name: str) -> None:
            if not bar:  # mostly, all are indexed already
                title = f"Indexing libraries of {folder.root.name}"
                bar.append(self._listener.progress(title))
            bar[0].report(done, total, name)

        def pause() -> bool:
            return self._wait_for_turn(folder)

        try:
            if pause():
                imports = folder.index.imports() if self._with_libraries else []
                folder.libraries.update(imports, progress=report, pause=pause)
        finally:
            for each in bar:
                each.end()

    def _wait_for_turn(self, folder: Folder) -> bool:
        """Wait while there is something more urgent; False once the folder is let go of."""
        while folder in self.folders and not self._libraries.ended:
            if not (self.busy or self._changes.busy or self._listener.answering()):
                return True
            time.sleep(_YIELDING)
        return False


def _release(folder: Folder) -> None:
    if folder.watcher is not None:
        folder.watcher.stop()
    folder.places.save()
    folder.libraries.close()
    folder.index.close()
