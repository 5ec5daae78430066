"""The workspace's folders: their indexes and watchers, and the one thread that changes indexes.

Indexing has a thread of its own because reading, parsing and embedding a file takes tens of
milliseconds and a workspace minutes. There is one, so that an index never has two writers. What
an editor or the file system just changed comes before the rest of a whole workspace.
"""

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from indexer.index import UpdateReport, WorkspaceIndex
from indexer.watcher import Watcher, watch
from lsp_server.client import Progress
from lsp_server.worker import Worker
from model.embed import Embedder, load_embedder

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Folder:
    """One of the workspace's folders."""

    root: Path
    index: WorkspaceIndex
    watcher: Watcher | None = None
    files: int = 0  # in the index, as of its last change

    def uri(self, path: str) -> str:
        """URI of a file, given by its path relative to the folder."""
        return (self.root / path).as_uri()


@dataclass(frozen=True)
class Listener:
    """Who is told what happens, in the indexing thread or in a watcher's."""

    folders_changed: Callable[[], None]  # a folder came or went
    folder_indexed: Callable[[], None]  # all of a folder's files were looked at
    files_changed: Callable[[set[Path]], None]  # in the file system
    index_changed: Callable[[], None]  # indexing began, went on or ended
    not_watched: Callable[[Path], None]  # the system cannot watch this folder
    progress: Callable[[str], Progress]  # begins to show progress under a title


class Workspace:
    """The folders that the client has open. Its methods do not wait; call them from any thread."""

    def __init__(self, listener: Listener):
        self.folders: tuple[Folder, ...] = ()
        self._listener = listener
        self._embedder: Embedder | None = None
        self._worker = Worker("indexing", "The index misses a change", listener.index_changed)

    @property
    def busy(self) -> bool:
        """Whether a whole folder is being indexed or waits for it."""
        return self._worker.busy

    def folder_of(self, path: Path) -> Folder | None:
        """The innermost folder that a file lies in."""
        holding = [folder for folder in self.folders if path.is_relative_to(folder.root)]
        return max(holding, key=lambda folder: len(folder.root.parts), default=None)

    def open(self, root: Path) -> None:
        """Open a folder's index, bring it up to date and keep it so."""
        self._worker.later(("open", root), partial(self._open, root))

    def close(self, root: Path) -> None:
        """Stop following a folder; its index stays on disk."""
        self._worker.later(("close", root), partial(self._close, root))

    def reindex(self) -> "Future[list[UpdateReport]]":
        """Look at every file of every folder again."""
        done: Future[list[UpdateReport]] = Future()
        self._worker.later("reindex", partial(self._reindex, done))
        return done

    def files_changed(self, paths: Iterable[Path]) -> None:
        """Files were written, created, removed or renamed."""
        for folder in self.folders:
            inside = frozenset(path for path in paths if self.folder_of(path) is folder)
            if inside:
                self._worker.soon((folder, inside), partial(self._update_files, folder, inside))

    def text_changed(self, folder: Folder, path: str, text: str) -> None:
        """An open document has this text, saved or not; `path` is relative to the folder."""
        self._worker.soon((folder, path), partial(self._update_text, folder, path, text))

    def end(self, patience: float = 2.0) -> bool:
        """Stop all work and close the indexes; False when something does not stop in time."""
        if not self._worker.end(patience):
            return False
        for folder in self.folders:
            _release(folder)
        return True

    # What follows runs in the indexing thread.

    def _open(self, root: Path) -> None:
        if any(folder.root == root for folder in self.folders):
            return
        self._embedder = self._embedder or load_embedder()
        folder = Folder(root, WorkspaceIndex.open(root, self._embedder))
        # Watched first, so that no change falls between indexing and watching.
        self._watch(folder)
        self.folders = (*self.folders, folder)
        self._listener.folders_changed()
        self._update(folder)

    def _watch(self, folder: Folder) -> None:
        try:
            folder.watcher = watch(folder.root, self._listener.files_changed)
        except OSError as error:
            _log.warning("%s is not watched: %s.", folder.root, error)
            self._listener.not_watched(folder.root)

    def _close(self, root: Path) -> None:
        gone = [folder for folder in self.folders if folder.root == root]
        self.folders = tuple(folder for folder in self.folders if folder not in gone)
        self._listener.folders_changed()
        for folder in gone:
            _release(folder)

    def _reindex(self, done: "Future[list[UpdateReport]]") -> None:
        try:
            done.set_result([self._update(folder) for folder in self.folders])
        except Exception as error:
            done.set_exception(error)
            raise

    def _update(self, folder: Folder) -> UpdateReport:
        """Bring the whole folder up to date; what is edited meanwhile comes in between."""
        progress = self._listener.progress(f"Indexing {folder.root.name}")

        def report(done: int, total: int, path: str) -> None:
            self._worker.do_short_work()
            progress.report(done, total, path)

        self._listener.index_changed()
        try:
            result = folder.index.update(progress=report, cancelled=lambda: self._worker.ended)
        finally:
            progress.end()
        self._listener.folder_indexed()
        self._note(folder)
        return result

    def _update_files(self, folder: Folder, paths: Iterable[Path]) -> None:
        folder.index.update_files(paths)
        self._note(folder)

    def _update_text(self, folder: Folder, path: str, text: str) -> None:
        folder.index.update_text(path, text)
        self._note(folder)

    def _note(self, folder: Folder) -> None:
        folder.files = folder.index.status().files
        self._listener.index_changed()


def _release(folder: Folder) -> None:
    if folder.watcher is not None:
        folder.watcher.stop()
    folder.index.close()
