"""How long work reports its progress."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what is being done).

`done` and `total` count bytes while it is `DOWNLOADING`, and otherwise parts of any kind.
"""

DOWNLOADING = "downloading"


def unseen(done: int, total: int, what: str) -> None:
    """Progress that nobody looks at."""
