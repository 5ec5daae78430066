"""A thread that does one piece of work after another."""

import logging
import threading
from collections.abc import Callable, Hashable

_log = logging.getLogger(__name__)


class Worker:
    """Work is a function and what it is about: newer work on the same thing replaces older.

    `failed` begins the sentence that reports a failure; `on_change` is called, in the thread,
    after each piece of work. `at_rest` is done once each time that there was no work for a while.
    """

    def __init__(
        self,
        name: str,
        failed: str,
        on_change: Callable[[], None],
        at_rest: Callable[[], object] | None = None,
        rest: float = 60.0,
    ):
        """`rest`: seconds without work until `at_rest`."""
        self._failed = failed
        self._at_rest = self._next_rest = at_rest
        self._rest = rest
        self._on_change = on_change
        self._news = threading.Condition()
        self._waiting: dict[Hashable, Callable[[], object]] = {}
        self._working = self._ended = False
        # A daemon: a native call that hangs must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether `end` was called: long work looks here and stops."""
        return self._ended

    @property
    def busy(self) -> bool:
        """Whether work is done or waits."""
        return self._working or bool(self._waiting)

    @property
    def wanted(self) -> bool:
        """Whether what is being done should make way: for work that waits, or the end."""
        return bool(self._waiting) or self._ended

    def do(self, about: Hashable, work: Callable[[], object]) -> None:
        """Have work done after what waits already."""
        with self._news:
            self._waiting.pop(about, None)  # so that it goes to the end of the line
            self._waiting[about] = work
            self._news.notify()

    def end(self, patience: float) -> bool:
        """Drop what waits; False when running work does not stop within `patience` seconds."""
        with self._news:
            self._ended = True
            self._news.notify()
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - one bad file or index must not end the thread
                _log.warning("%s: %s: %s.", self._failed, type(error).__name__, error)
                _log.debug("%s", self._failed, exc_info=True)
            self._working = False
            self._on_change()

    def _next(self) -> Callable[[], object] | None:
        """Wait for work; None at the end."""
        with self._news:
            patience = self._rest if self._next_rest else None
            if not self._news.wait_for(lambda: self.wanted, patience):
                rest, self._next_rest = self._next_rest, None
                return rest
            if self._ended:
                return None
            self._next_rest = self._at_rest
            self._working = True
            return self._waiting.pop(next(iter(self._waiting)))
