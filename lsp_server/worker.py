"""A thread that does short work before long work, one piece at a time."""

import logging
import threading
from collections.abc import Callable, Hashable

_log = logging.getLogger(__name__)


class Worker:
    """Work is a function and what it is about: newer work on the same thing replaces older.

    `failed` begins the sentence that reports a failure; `on_busy` is called, in the thread, when
    `busy` changes.
    """

    def __init__(self, name: str, failed: str, on_busy: Callable[[], None]):
        self._failed = failed
        self._on_busy = on_busy
        self._changed = threading.Condition()
        self._short: dict[Hashable, Callable[[], None]] = {}
        self._long: dict[Hashable, Callable[[], None]] = {}
        self._ended = self._in_long_work = False
        # A daemon: a native call that hangs must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether `end` was called: long work looks here and stops."""
        return self._ended

    @property
    def busy(self) -> bool:
        """Whether long work runs or waits."""
        return self._in_long_work or bool(self._long)

    def soon(self, about: Hashable, work: Callable[[], None]) -> None:
        """Do short work next."""
        self._add(self._short, about, work)

    def later(self, about: Hashable, work: Callable[[], None]) -> None:
        """Do long work when no short work waits."""
        self._add(self._long, about, work)

    def do_short_work(self) -> None:
        """Do what short work waits: long work calls this in between."""
        while self._do_first(self._short):
            pass

    def end(self, patience: float) -> bool:
        """Drop what waits; False when running work does not stop within `patience` seconds."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _add(
        self, waiting: dict[Hashable, Callable[[], None]], about: Hashable, work: Callable[[], None]
    ) -> None:
        with self._changed:
            waiting.pop(about, None)  # so that it goes to the end of the line
            waiting[about] = work
            self._changed.notify()

    def _run(self) -> None:
        while not self._ended:
            self.do_short_work()
            self._do_long_work()
            with self._changed:
                self._changed.wait_for(lambda: self._short or self._long or self._ended)

    def _do_long_work(self) -> None:
        self._in_long_work = True
        if self._do_first(self._long):
            self._in_long_work = False
            self._on_busy()
        self._in_long_work = False

    def _do_first(self, waiting: dict[Hashable, Callable[[], None]]) -> bool:
        with self._changed:
            if self._ended or not waiting:
                return False
            work = waiting.pop(next(iter(waiting)))
        try:
            work()
        except Exception as error:  # noqa: BLE001 - one bad file or index must not end the thread
            _log.warning("%s: %s: %s.", self._failed, type(error).__name__, error)
            _log.debug("%s", self._failed, exc_info=True)
        return True
