"""How long work reports its progress."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what is being done); `done` and `total` are bytes in a download."""


def unseen(done: int, total: int, what: str) -> None:
    """Progress that nobody looks at."""
