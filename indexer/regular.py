"""Reads regular files only: no link, device or pipe, which a repository may hold, is followed."""

import errno
import os
import stat
from pathlib import Path

# Where a system lacks these, it has no such links and pipes either.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def read_regular(path: Path, most: int) -> bytes:
    """The first `most` bytes of a file. Raises `OSError`, also for what is no regular file."""
    descriptor = os.open(path, _FLAGS | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return file.read(most)
