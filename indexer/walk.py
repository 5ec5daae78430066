"""Which files of a workspace count, and reading one of them."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from indexer.ignore import Ignored
from indexer.notebooks import LONGEST_NOTEBOOK, is_notebook
from indexer.refusals import LONGEST_FILE, content_refusal, folder_refusal, name_refusal
from indexer.regular import read_regular
from indexer.source import encodable

# Enough of a file to see that it is not text, as Git decides it.
_BINARY_WITHIN = 8_000

_ROOT = PurePosixPath()

TOO_LARGE = f"larger than {LONGEST_FILE // 1024} KiB"
_TOO_LARGE_NOTEBOOK = f"larger than {LONGEST_NOTEBOOK // 1024**2} MiB"


@dataclass(frozen=True)
class Skipped:
    """A file or folder that is not indexed."""

    path: str
    """Relative to the workspace, with forward slashes; a folder's ends with one."""
    reason: str


class Unreadable(Exception):  # noqa: N818 - a state of the file, as in FileNotFoundError
    """A file that cannot or must not be read into the index; the message is the reason."""

    def __init__(self, reason: str, passing: bool = False):
        super().__init__(reason)
        self.passing = passing
        """Whether it is worth trying again although the file has not changed."""


def walk(root: Path, below: PurePosixPath = _ROOT) -> Iterator[Path | Skipped]:
    """The files of a workspace that count, and what is left out and why, in a stable order.

    Only those in the folder `below`, relative to `root`, if it is given.

    What .gitignore leaves out is not mentioned. Symbolic links are not followed, so nothing
    outside of the workspace is ever read.
    """
    ignored = Ignored(root)
    waiting = [below]
    if below.parts:
        reason = _folders_reason(root, below)
        if reason:
            yield Skipped(f"{below}/", reason)
        if reason or ignored.leaves_out(below, is_folder=True):
            return
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield Skipped(f"{folder}/", f"cannot be opened: {error.strerror}")
            continue
        folders = []
        for entry in ordered:
            path = folder / entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if ignored.names(path, is_folder):
                continue
            reason = _folder_reason(root / path) if is_folder else _file_reason(root / path)
            if reason:
                yield Skipped(encodable(f"{path}/" if is_folder else str(path)), reason)
            elif is_folder:
                folders.append(path)
            else:
                yield root / path
        waiting += reversed(folders)


def refusal(root: Path, path: PurePosixPath) -> str | None:
    """Why `walk` would skip the file at `path`, relative to `root`; it need not exist."""
    return _folders_reason(root, path.parent) or _file_reason(root / path)


def found_at(root: Path, place: PurePosixPath, ignored: Ignored) -> Iterator[Path | Skipped]:
    """As `walk`, what there is at one place: a file, the files in a folder, or nothing."""
    path = root / place
    mode = _mode_of(path)
    if stat.S_ISDIR(mode):
        yield from walk(root, place)
    elif mode and not ignored.leaves_out(place):
        reason = refusal(root, place)
        yield Skipped(str(place), reason) if reason else path


def place_in(root: Path, path: Path) -> PurePosixPath | None:
    """A path, absolute or not, relative to the root; `None` if it lies elsewhere or has no name in
    UTF-8."""
    full = root / path
    full = full.parent.resolve() / full.name  # a symbolic link is not followed, but seen
    if not full.is_relative_to(root) or encodable(str(full)) != str(full):
        return None
    return PurePosixPath(full.relative_to(root).as_posix())


def read(path: Path) -> str:
    """The text of a file, without a byte order mark; raises `Unreadable`."""
    text = read_unchecked(path)
    if reason := content_refusal(text):
        raise Unreadable(reason)
    return text


def size_refusal(path: str | PurePath, size: int) -> str | None:
    """Why a file of so many bytes is left out."""
    if is_notebook(path):
        return _TOO_LARGE_NOTEBOOK if size > LONGEST_NOTEBOOK else None
    return TOO_LARGE if size > LONGEST_FILE else None


def read_unchecked(path: Path) -> str:
    """As `read`, whatever the text holds; that of a notebook is for its cells to say."""
    try:
        data = read_regular(path, LONGEST_NOTEBOOK + 1)
    except FileNotFoundError:
        raise Unreadable("vanished before it could be read", passing=True) from None
    except PermissionError:
        raise Unreadable("locked, or not permitted to be read", passing=True) from None
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}", passing=True) from None
    if reason := size_refusal(path, len(data)):
        raise Unreadable(reason)
    if b"\0" in data[:_BINARY_WITHIN]:
        raise Unreadable("binary")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None


def _mode_of(path: Path) -> int:
    """What kind of file there is, as in `stat`, without following a link; 0 if there is none."""
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _folders_reason(root: Path, folder: PurePosixPath) -> str | None:
    """Why all files in a folder are skipped: because of it, or of one that it lies in."""
    for each in (folder, *folder.parents):
        reason = each.parts and _folder_reason(root / each)
        if reason:
            return f"in {each}/, {reason}"
    return None


def _folder_reason(folder: Path) -> str | None:
    if encodable(str(folder)) != str(folder):
        return "its name is not UTF-8"
    reason = folder_refusal(folder.name)
    if not reason and _mode_of(folder / "pyvenv.cfg"):
        reason = "a Python environment"
    return reason


def _file_reason(path: Path) -> str | None:
    if encodable(str(path)) != str(path):
        return "its name is not UTF-8"
    reason = name_refusal(path.name)
    if reason:
        return reason
    try:
        status = path.lstat()
    except OSError:  # not there, or out of reach: reading it will say so
        return None
    if stat.S_ISLNK(status.st_mode):
        return "a symbolic link"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    return size_refusal(path, status.st_size)
