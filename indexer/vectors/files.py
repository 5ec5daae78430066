"""Engines that keep all vectors in memory and write them to one file, which is whole or absent."""

import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """A path to write to, whose file takes the place of `file` if nothing is raised."""
    partial = file.with_name(f"{file.name}.partial")
    partial.touch(mode=0o600)
    try:
        yield partial
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def is_as_saved(file: Path, saved: str) -> bool:
    """Whether a file is the one that was `saved`, by its checksum; it is said if another is there.

    One is after a disk has lost a bit, or after the process was killed right after it was written.
    """
    found = checksum(file)
    if found and saved and found != saved:
        log.warning(
            "Making the vectors anew from the database: %s is not as it was saved.", file.name
        )
    return found != "" and found == saved


def checksum(file: Path) -> str:
    """Tells whether a file is the one that was saved; "" if there is none."""
    if not file.exists():
        return ""
    summed = 0
    with file.open("rb") as opened:
        while part := opened.read(1 << 20):
            summed = zlib.crc32(part, summed)
    return f"{file.stat().st_size}:{summed:08x}"
