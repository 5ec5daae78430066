import threading
import time
from collections.abc import Callable

from lsp_server.worker import Worker


class Script:
    """A worker that is held up until `go`, and a record of what it did."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.busy: list[bool] = []
        self.worker = Worker("test", "It failed", lambda: self.busy.append(self.worker.busy))
        self._gate = threading.Event()
        self.worker.soon("gate", lambda: self._gate.wait(5) and None)

    def note(self, what: str) -> Callable[[], None]:
        return lambda: self.did.append(what)

    def go(self) -> list[str]:
        done = threading.Event()
        self.worker.later("done", done.set)
        self._gate.set()
        assert done.wait(5)
        return self.did


def test_short_work_comes_before_long_work():
    script = Script()
    script.worker.later("a", script.note("long"))
    script.worker.soon("b", script.note("short"))
    assert script.go() == ["short", "long"]


def test_newer_work_on_a_thing_replaces_older():
    script = Script()
    for version in ("old", "new"):
        script.worker.soon("file", script.note(version))
    assert script.go() == ["new"]


def test_long_work_may_let_short_work_through():
    script = Script()

    def long() -> None:
        script.worker.soon("b", script.note("short"))
        script.worker.do_short_work()
        script.did.append("long")

    script.worker.later("a", long)
    assert script.go() == ["short", "long"]


def test_a_failure_is_reported_and_the_rest_is_done(caplog):
    script = Script()
    script.worker.soon("a", lambda: 1 / 0)
    script.worker.soon("b", script.note("b"))
    assert script.go() == ["b"]
    assert "It failed: ZeroDivisionError" in caplog.text


def test_the_end_drops_what_waits():
    script = Script()
    script.worker.later("a", script.note("late"))
    threading.Timer(0.05, script._gate.set).start()
    assert script.worker.end(patience=5)
    assert script.did == []


def test_busy_is_long_work():
    script = Script()
    script.worker.later("a", lambda: time.sleep(0.01))
    assert script.worker.busy
    script.go()
    assert script.worker.end(patience=5)
    assert script.busy[-1] is False
