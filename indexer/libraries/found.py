"""A library as it lies on disk: its name and version, and which of its files count."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from indexer.reading import modified_of
from indexer.refusals import LONGEST_FILE, folder_refusal, name_refusal
from indexer.source import encodable

# What is taken of one library, from its top down. Few have as much.
_MOST_FILES = 1_500
_MOST_BYTES = 24 << 20

_TESTS = ("test", "tests", "__tests__", "fixtures", "examples", "docs")


@dataclass(frozen=True)
class Library:
    """One importable package or module, or the collection of stubs of the standard library."""

    name: str
    """As it is imported."""
    version: str
    """"" where nothing tells."""
    base: Path
    """The folder that its modules' paths are relative to."""
    files: tuple[str, ...]
    """Absolute paths with forward slashes."""
    entries: dict[str, str] = field(default_factory=dict)
    """Of a JavaScript package: its modules' files, by what is imported ("zod", "zod/mini")."""

    @property
    def identity(self) -> str:
        """Tells this state of this folder from all others: by its place and its files' stamps."""
        state = blake2b(str(self.base).encode("utf-8", "surrogateescape"), digest_size=8)
        for file in self.files:
            try:
                status = Path(file).lstat()
            except OSError:
                continue
            state.update(f"\0{file}\0{status.st_size}\0{modified_of(status)}".encode())
        plain = re.sub(r"[^\w.-]+", "-", f"{self.name}-{self.version}".strip("-"))
        return f"{plain[:80]}-{state.hexdigest()}"


def files_below(
    starts: Iterable[Path], suffixes: Sequence[str], left_out: Sequence[str] = _TESTS
) -> tuple[str, ...]:
    """The source files at or below some places, the uppermost first, as many as are taken.

    Links are not followed.
    """
    files: list[str] = []
    size = 0
    for entry in _entries(starts, suffixes, left_out):
        status = entry.lstat()
        if status.st_size > LONGEST_FILE:
            continue
        size += status.st_size
        if len(files) == _MOST_FILES or size > _MOST_BYTES:
            break
        files.append(entry.as_posix())
    return tuple(files)


def _entries(
    starts: Iterable[Path], suffixes: Sequence[str], left_out: Sequence[str]
) -> Iterator[Path]:
    """Files breadth first, in a stable order."""
    waiting: list[Path] = []
    for start in starts:
        if start.is_symlink():
            continue
        if start.is_dir():
            waiting.append(start)
        elif start.is_file() and _counts(start.name, suffixes):
            yield start
    for folder in waiting:  # grows as it goes
        try:
            with os.scandir(folder) as found:
                ordered = sorted(found, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in ordered:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                if not (folder_refusal(entry.name) or entry.name in left_out):
                    waiting.append(path)
            elif entry.is_file(follow_symlinks=False) and _counts(entry.name, suffixes):
                yield path


def _counts(name: str, suffixes: Sequence[str]) -> bool:
    return name.endswith(tuple(suffixes)) and not name_refusal(name) and encodable(name) == name
