"""The one thread that runs the completion engine, where the newest request wins.

A model has one key-value cache and wants all cores, so completions run one at a time; and only
the newest is worth running: each keystroke makes the one before worthless. So the thread holds
one running and one waiting request. A new request answers the waiting one with nothing and
cancels the running one, which the engine notices at its next decoding step.

The thread keeps the event loop free: a completion takes hundreds of milliseconds.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Protocol

from lsp_server.suggestion import CompletionRequest, Suggestion

_log = logging.getLogger(__name__)


class Completer(Protocol):
    """What the thread needs of an `Engine`."""

    def complete(self, request: CompletionRequest, cancelled: Callable[[], bool]) -> Suggestion:
        """Answer a request; return early once `cancelled()` is true."""


@dataclass(eq=False)
class Job:
    """A request on its way. `future` gets the suggestion, or None when there is none."""

    request: CompletionRequest
    future: "Future[Suggestion | None]" = field(default_factory=Future)
    stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Answer with nothing, now, and let the engine stop at its next step."""
        self.stopped.set()
        self.answer(None)

    def answer(self, suggestion: Suggestion | None) -> None:
        """Resolve the future unless it was resolved or cancelled before."""
        with contextlib.suppress(InvalidStateError):
            self.future.set_result(suggestion)


class Inference:
    """The inference thread. Its methods may be called from any thread and do not wait."""

    def __init__(self, engine: Completer):
        self._engine = engine
        self._changed = threading.Condition()
        self._running: Job | None = None
        self._waiting: Job | None = None
        self._ended = False
        # A daemon: a native call that hangs must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._thread.start()

    def submit(self, request: CompletionRequest) -> Job:
        """Have a request answered next; every older one is answered with nothing."""
        job = Job(request)
        with self._changed:
            self._stop_jobs()
            self._waiting = job
            self._changed.notify()
        return job

    def replace(self, engine: Completer) -> None:
        """Use another engine from the next request on."""
        with self._changed:
            self._engine = engine

    def end(self, patience: float = 2.0) -> bool:
        """Stop everything; False when the thread does not end within `patience` seconds."""
        with self._changed:
            self._ended = True
            self._stop_jobs()
            self._changed.notify()
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _stop_jobs(self) -> None:
        for job in (self._running, self._waiting):
            if job is not None:
                job.stop()
        self._waiting = None

    def _run(self) -> None:
        while (next_up := self._next()) is not None:
            engine, job = next_up
            job.answer(_complete(engine, job))

    def _next(self) -> tuple[Completer, Job] | None:
        """Wait for a request; None at the end."""
        with self._changed:
            self._running = None
            self._changed.wait_for(lambda: self._waiting is not None or self._ended)
            self._running, self._waiting = self._waiting, None
            return None if self._running is None else (self._engine, self._running)


def _complete(engine: Completer, job: Job) -> Suggestion | None:
    try:
        return engine.complete(job.request, job.stopped.is_set)
    except Exception as error:  # noqa: BLE001 - a model or an index may fail; typing must go on
        _log.warning("No suggestion: %s: %s.", type(error).__name__, error)
        _log.debug("The completion failed", exc_info=True)
        return None
