import threading
import time
from collections.abc import Callable

from lsp_server.worker import Worker


class Script:
    """A worker that is held up until `go`, and a record of what it did."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.busy: list[bool] = []
        self.gate = threading.Event()
        self.worker = Worker("test", "It failed", lambda: self.busy.append(self.worker.busy))
        self.worker.do("gate", lambda: self.gate.wait(5))

    def note(self, what: str) -> Callable[[], None]:
        return lambda: self.did.append(what)

    def go(self) -> list[str]:
        done = threading.Event()
        self.worker.do("done", done.set)
        self.gate.set()
        assert done.wait(5)
        return self.did


def test_work_is_done_in_order():
    script = Script()
    for name in ("a", "b", "c"):
        script.worker.do(name, script.note(name))
    assert script.go() == ["a", "b", "c"]


def test_newer_work_on_a_thing_replaces_older():
    script = Script()
    for version in ("old", "new"):
        script.worker.do("file", script.note(version))
    assert script.go() == ["new"]


def test_a_failure_is_reported_and_the_rest_is_done(caplog):
    script = Script()
    script.worker.do("a", lambda: 1 / 0)
    script.worker.do("b", script.note("b"))
    assert script.go() == ["b"]
    assert "It failed: ZeroDivisionError" in caplog.text


def test_the_end_drops_what_waits():
    script = Script()
    script.worker.do("a", script.note("late"))
    threading.Timer(0.05, script.gate.set).start()
    assert script.worker.end(patience=5)
    assert script.did == []


def test_says_when_there_is_nothing_left_to_do():
    script = Script()
    assert script.worker.busy
    script.go()
    assert script.worker.end(patience=5)
    assert script.busy == [True, False]


def test_rest_work_is_done_once_after_each_time_of_work():
    rested: list[bool] = []
    worked = threading.Event()

    def rest() -> None:
        rested.append(worker.wanted)

    worker = Worker("test", "It failed", lambda: None, rest, rest=0.05)
    deadline = time.monotonic() + 5
    while not rested and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    assert rested == [False]
    worker.do("a", worked.set)
    assert worked.wait(5)
    while len(rested) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert rested == [False, False]
    assert worker.end(patience=5)
