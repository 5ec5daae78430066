"""The libraries that one workspace's code imports: brought up to date, and asked by name."""

import logging
import os
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath
from threading import Lock

from indexer.file_names import NO_FILE, FileNames
from indexer.imports import is_script, python_files, script_files
from indexer.libraries.environments import Stamps, environment_of, stamps
from indexer.libraries.found import Library
from indexer.libraries.index import LibraryIndex, Pause, file_of, make, opened
from indexer.libraries.python import STUBS
from indexer.libraries.script import package_of
from indexer.libraries.wanted import (
    FileImports,
    Name,
    imported_by,
    imported_names,
    libraries_named,
    passed_on,
)
from indexer.lock import WriteLock
from indexer.snippets import Snippet
from indexer.update import Progress
from model.paths import libraries_folder, make_private

log = logging.getLogger(__name__)

_WARM = 24  # modules are read before anybody asks
_FORGOTTEN_AFTER = 60 * 86_400  # seconds in which nobody opens a library
_LOOK_AGAIN = 0.2  # seconds until another process may be done with the library that it indexes


@dataclass(frozen=True)
class LibraryStatus:
    """What is known of a library."""

    name: str
    version: str
    files: int


class Libraries:
    """What the code of a workspace can be looked up in beside its own index.

    All methods may be called from any thread. Paths are absolute, with forward slashes; in the
    workspace's own index, none is.
    """

    def __init__(self, root: Path):
        self._root = root
        self._updating = Lock()
        self._closed = False
        self._open: dict[Path, LibraryIndex] = {}  # by file of the index; replaced, never changed
        self._python: dict[str, list[LibraryIndex]] = {}
        self._scripts: dict[str, LibraryIndex] = {}
        self._wanted: frozenset[Name] = frozenset()
        self._installed: Stamps = ()

    def update(
        self,
        files: FileImports,
        *,
        progress: Progress = lambda _done, _total, _path: None,
        pause: Pause = lambda: True,
    ) -> int:
        """Find what files import, and index what nobody has indexed; how many libraries that were.

        What these import of one another follows, as far as there is room. Those that are gone or
        have another version are let go of. `progress` is called before each library that is to be
        indexed. Raises `OSError` where nothing can be written.
        """
        with self._updating:
            names = imported_names(files)
            environment = environment_of(self._root, os.environ)
            self._wanted, self._installed = frozenset(names), stamps(self._root, environment)
            folder = libraries_folder()
            make_private(folder)
            made = 0
            used: dict[Path, LibraryIndex] = {}
            waiting = deque(libraries_named(names, self._root, environment))
            # Asked for the first one once all of the above are in `used`.
            others = imported_by(used.values(), names, self._root, environment)
            while not self._closed and pause():
                library = waiting.popleft() if waiting else next(others, None)
                if library is None:
                    self._take(used)
                    self._warm_up([name.text for name in names if not name.by_script], pause)
                    _forget_old(folder)
                    break
                file = file_of(library, folder)
                if file in used:
                    continue
                if (index := self._open.get(file) or opened(library, file)) is None:
                    progress(len(used), len(used) + len(waiting) + 1, library.name)
                    made += self._make(library, file, pause)
                    index = opened(library, file)
                if index is not None:
                    used[file] = index
                    self._take(self._open | used)
                    waiting.extend(passed_on(index, environment))
            return made

    def knows(self, files: FileImports) -> bool:
        """Whether all that files import was looked for, and nothing was installed since then."""
        if not self._wanted.issuperset(imported_names(files)):
            return False
        return self._installed == stamps(self._root, environment_of(self._root, os.environ))

    def status(self) -> list[LibraryStatus]:
        """The libraries there are, by name."""
        found = [
            LibraryStatus(each.library.name, each.library.version, len(each.files))
            for each in self._open.values()
        ]
        return sorted(found, key=lambda each: each.name)

    def file(self, path: str) -> FileNames:
        """What a file of a library has; nothing if it is not known."""
        index = self._holding(path)
        return index.file(path) if index else NO_FILE

    def named(self, path: str, name: str) -> list[Snippet]:
        """The snippets of a file of a library that have this qualified name."""
        index = self._holding(path)
        return index.named(path, name) if index else []

    def shown(self, path: str) -> str:
        """A path as it is shown to the user: from the folder that the library lies in."""
        index = self._holding(path)
        if index is None:
            return path
        return PurePosixPath(path).relative_to(index.library.base.parent.as_posix()).as_posix()

    def module(self, module: str, here: str) -> str | None:
        """The file of a module as the file `here` imports it, which may be of the workspace."""
        if is_script(here):
            return self._script_module(module, here)
        if module.startswith("."):
            rest = module.lstrip(".")
            above = PurePosixPath(here).parents[: len(module) - len(rest)]
            index = self._holding(here)
            place = above[-1] / rest.replace(".", "/")
            return _first(_typed_first(place), index.files) if index else None
        top, _, rest = module.partition(".")
        for index in self._python.get(top, ()):
            for package in (f"{top}-stubs", top):
                place = PurePosixPath(index.library.base.as_posix(), package, *rest.split("."))
                if found := _first(_typed_first(place), index.files):
                    return found
        return None

    def source_of(self, path: str) -> str | None:
        """The file with the code that a stub is about."""
        index = self._holding(path)
        if index is None or not path.endswith(".pyi"):
            return None
        place = PurePosixPath(path).relative_to(index.library.base.as_posix()).with_suffix("")
        parts = [part.removesuffix("-stubs") for part in place.parts if part != "__init__"]
        for other in self._python.get(parts[0], ()):
            base = PurePosixPath(other.library.base.as_posix())
            sources = (each for each in python_files(base.joinpath(*parts)) if each[-1] == "y")
            if found := _first(sources, other.files):
                return found
        return None

    def close(self) -> None:
        """End an update that is under way, and close everything."""
        self._closed = True
        with self._updating:
            indexes = self._open
            self._take({})
            for index in indexes.values():
                index.close()

    def _warm_up(self, imported: Sequence[str], pause: Pause) -> None:
        """Have in memory what most questions are about: reading a large file takes long enough to
        be noticed. `imported` are Python's modules, most often imported first."""
        for module in ("builtins", "typing", *imported[:_WARM]):
            if self._closed or not pause():
                return
            if path := self.module(module, ""):
                _ = self.file(path).members

    def _script_module(self, module: str, here: str) -> str | None:
        if module.startswith("."):
            index = self._holding(here)
            place = normpath(PurePosixPath(here).parent / module)
            return _first(script_files(place), index.files) if index else None
        index = self._scripts.get(package_of(module))
        if index is None:
            return None
        name, library = normpath(module), index.library
        place = f"{library.base.as_posix()}{name.removeprefix(library.name)}"
        return library.entries.get(name) or _first(script_files(place), index.files)

    def _holding(self, path: str) -> LibraryIndex | None:
        return next((each for each in self._open.values() if path in each.files), None)

    def _make(self, library: Library, file: Path, pause: Pause) -> bool:
        """Index a library, unless another process does or did meanwhile; whether it was done."""
        lock = WriteLock(file.with_name("writer.lock"))
        try:
            while not lock.acquire():
                time.sleep(_LOOK_AGAIN)
                if self._closed or not pause():
                    return False
            if opened(library, file):
                return False
            return make(library, file, lambda: pause() and not self._closed)
        finally:
            lock.release()

    def _take(self, used: dict[Path, LibraryIndex]) -> None:
        """Ask these from now on. Others are closed once nobody reads from them any more."""
        python: dict[str, list[LibraryIndex]] = {}
        scripts: dict[str, LibraryIndex] = {}
        for index in used.values():
            if index.library.entries:
                scripts[index.library.name] = index
            elif index.library.name == STUBS:
                for top in index.tops:
                    python.setdefault(top, []).insert(0, index)
            else:
                python.setdefault(index.library.name, []).append(index)
        self._open, self._python, self._scripts = used, python, scripts


def _typed_first(place: PurePosixPath) -> list[str]:
    return sorted(python_files(place), key=lambda path: not path.endswith(".pyi"))


def _first(paths: Iterable[str], files: frozenset[str]) -> str | None:
    return next((path for path in paths if path in files), None)


def _forget_old(folder: Path) -> None:
    """Remove the indexes that nobody has opened for long."""
    for file in folder.glob("*.sqlite"):
        if time.time() - file.stat().st_mtime > _FORGOTTEN_AFTER:
            file.unlink(missing_ok=True)
