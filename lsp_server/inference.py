"""The one thread that owns the models, where the newest request wins.

A model wants all cores, so one thing is done at a time; and only the newest request is worth
answering: each keystroke makes the one before worthless. A new request answers the waiting one
with nothing and cancels the running one, which the engine notices at its next decoding step. Its
run of the model ends first: what it reads, the new request mostly needs as well. Where the user has
only typed what the running one is about to answer, it goes on, and the new one gets its rest.

While there is nothing to answer, the thread works ahead: first what the last answer makes likely
(one piece of work, the newest wins), then what was put off, such as the warm-up at the start. A
request ends either at once, in the middle of a run. What was put off is begun again later, the
other is forgotten. With nothing to do the thread sleeps.

The thread keeps the event loop free: a completion takes hundreds of milliseconds.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from lsp_server.engine.suggestion import CompletionRequest, Suggestion
from model.decoder import Interrupted

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")

_GRACE = 0.05
"""Seconds in which the next key's request follows the one that was taken back."""

Cancelled = Callable[[], bool]
Work = Callable[[Cancelled], object]
"""Work ahead of any request; it returns early once `cancelled()` is true."""


class Completer(Protocol):
    """What the thread needs of an `Engine`."""

    def complete(
        self, request: CompletionRequest, cancelled: Cancelled, tell: Callable[[Suggestion], None]
    ) -> Suggestion:
        """Answer a request; return early once `cancelled()` is true.

        What is told before the end is the answer.
        """

    def writes(self, typed: str) -> bool:
        """Whether the answer under way may still begin with what was typed since it was asked."""

    def interrupt(self) -> None:
        """Have whatever is under way raise `Interrupted`; called from any thread."""


@dataclass(eq=False)
class Job(Generic[_Answer]):
    """What somebody waits for. `future` gets the answer, or None when there is none."""

    work: Callable[[Completer, Cancelled], _Answer]
    request: CompletionRequest | None = None
    future: "Future[_Answer | None]" = field(default_factory=Future)
    stopped: threading.Event = field(default_factory=threading.Event)
    left: float | None = None  # when the last one stopped waiting, by time.monotonic()
    typed: str | None = None  # since it was asked, as a newer request says

    def leave(self) -> None:
        """Answer with nothing, and stop soon unless a newer request goes the same way.

        Editors take a request back before they ask with the next key.
        """
        self.left = time.monotonic()
        self.answer(None)

    def follow(self, newer: CompletionRequest) -> bool:
        """Answer with nothing, but go on for a newer request that types on; False if it does not.

        What comes of it then answers the newer one.
        """
        typed = None if self.request is None else self.request.typed_until(newer)
        if typed is None or self.stopped.is_set():
            return False
        self.typed = typed
        self.answer(None)
        return True

    def tell(self, answer: _Answer) -> None:
        """Answer before the engine is done, which then stops at its next step."""
        self.answer(answer)
        self.stopped.set()

    def is_vain(self, engine: Completer) -> bool:
        """Whether what is under way is of no use to anybody."""
        if self.stopped.is_set():
            return True
        if self.typed is not None:
            return not engine.writes(self.typed)
        return self.left is not None and time.monotonic() - self.left > _GRACE

    def stop(self) -> None:
        """Answer with nothing, now, and let the engine stop at its next step."""
        self.stopped.set()
        self.answer(None)

    def answer(self, answer: _Answer | None) -> None:
        """Resolve the future unless it was resolved or cancelled before."""
        with contextlib.suppress(InvalidStateError):
            self.future.set_result(answer)


@dataclass(eq=False)
class _Ahead:
    """Work that nobody waits for."""

    work: Work
    put_off: bool  # begun again when it was interrupted
    stopped: threading.Event = field(default_factory=threading.Event)


class Inference:
    """The inference thread. Its methods may be called from any thread and do not wait."""

    def __init__(self, engine: Completer):
        self._engine = engine
        self._changed = threading.Condition()
        self._running: Job[Any] | _Ahead | None = None
        self._waiting: Job[Any] | None = None
        self._ahead: _Ahead | None = None
        self._put_off: deque[_Ahead] = deque()
        self._ended = False
        # A daemon: a native call that hangs must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._thread.start()

    @property
    def working_ahead(self) -> bool:
        """Whether there is work ahead, under way or waiting."""
        with self._changed:
            return bool(isinstance(self._running, _Ahead) or self._ahead or self._put_off)

    @property
    def answering(self) -> bool:
        """Whether somebody waits for an answer."""
        with self._changed:
            return isinstance(self._running, Job) or self._waiting is not None

    def submit(self, request: CompletionRequest) -> Job[Suggestion]:
        """Have a request answered next; every older one is answered with nothing."""
        job = Job(lambda engine, cancelled: engine.complete(request, cancelled, job.tell), request)
        with self._changed:
            running = self._running
            if not (isinstance(running, Job) and running.follow(request)):
                self._stop_requests()
            elif self._waiting is not None:
                self._waiting.stop()
            self._interrupt()
            self._ahead, self._waiting = None, job
            self._changed.notify()
        return job

    def ask(self, question: Callable[[Cancelled], _Answer]) -> Job[_Answer]:
        """Have a question answered that needs a model, before any work ahead.

        A request is worth more: while there is one, and when one comes, the answer is None.
        """
        job = Job(lambda _, cancelled: question(cancelled))
        with self._changed:
            if isinstance(self._running, Job) or self._waiting is not None:
                job.stop()
            else:
                running = self._running
                self._interrupt()
                if isinstance(running, _Ahead) and not running.put_off and self._ahead is None:
                    self._ahead = _Ahead(running.work, put_off=False)
                self._waiting = job
                self._changed.notify()
        return job

    def stop_requests(self) -> None:
        """Answer every request with nothing: a newer one was answered without the engine."""
        with self._changed:
            self._stop_requests()

    def work_ahead(self, work: Work) -> None:
        """Have work done while there is no request; other such work is forgotten."""
        with self._changed:
            self._interrupt()
            self._ahead = _Ahead(work, put_off=False)
            self._changed.notify()

    def stop_ahead(self) -> None:
        """Forget what `work_ahead` was given: it is about a text that is no more."""
        with self._changed:
            self._ahead = None
            if isinstance(self._running, _Ahead) and not self._running.put_off:
                self._running.stopped.set()
                self._engine.interrupt()

    def put_off(self, works: Iterable[Work]) -> None:
        """Have work done when there is nothing else to do at all."""
        with self._changed:
            self._put_off.extend(_Ahead(work, put_off=True) for work in works)
            self._changed.notify()

    def replace(self, engine: Completer) -> None:
        """Use another engine from the next request on; work ahead with the old one is forgotten."""
        with self._changed:
            self._forget_ahead()
            self._engine = engine

    def end(self, patience: float = 2.0) -> bool:
        """Stop everything; False when the thread does not end within `patience` seconds."""
        with self._changed:
            self._ended = True
            self._stop_requests()
            self._forget_ahead()
            self._changed.notify()
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _stop_requests(self) -> None:
        for job in (self._running, self._waiting):
            if isinstance(job, Job):
                job.stop()
        self._waiting = None

    def _interrupt(self) -> None:
        """Stop work ahead, and begin again later what was put off."""
        running = self._running
        if isinstance(running, _Ahead) and not running.stopped.is_set():
            running.stopped.set()
            self._engine.interrupt()
            if running.put_off:
                self._put_off.appendleft(_Ahead(running.work, put_off=True))

    def _forget_ahead(self) -> None:
        self._interrupt()
        self._ahead = None
        self._put_off.clear()

    def _run(self) -> None:
        while (next_up := self._next()) is not None:
            engine, work = next_up
            if isinstance(work, Job):
                work.answer(_answer(engine, work))
            else:
                _do(work)
            del work, next_up  # which would keep a replaced engine and its model in memory

    def _next(self) -> tuple[Completer, Job[Any] | _Ahead] | None:
        """Wait for work; None at the end."""
        with self._changed:
            self._running = None
            self._changed.wait_for(lambda: self._ended or self._most_urgent() is not None)
            if self._ended:
                return None
            self._running = work = self._most_urgent()
            if isinstance(work, Job):
                self._waiting = None
            elif work is self._ahead:
                self._ahead = None
            else:
                self._put_off.popleft()
            return None if work is None else (self._engine, work)

    def _most_urgent(self) -> Job[Any] | _Ahead | None:
        return self._waiting or self._ahead or (self._put_off[0] if self._put_off else None)


def _answer(engine: Completer, job: Job[_Answer]) -> _Answer | None:
    try:
        return job.work(engine, lambda: job.is_vain(engine))
    except Interrupted:
        return None
    except Exception as error:  # noqa: BLE001 - a model or an index may fail; typing must go on
        _log.warning("No suggestion: %s: %s.", type(error).__name__, error)
        _log.debug("The completion failed", exc_info=True)
        return None


def _do(ahead: _Ahead) -> None:
    try:
        ahead.work(ahead.stopped.is_set)
    except Interrupted:
        _log.debug("Work ahead gave way")
    except Exception as error:  # noqa: BLE001 - nobody asked for it; the next request says more
        _log.info("Nothing was prepared: %s: %s.", type(error).__name__, error)
        _log.debug("Working ahead failed", exc_info=True)
