"""Newest wins, older ones stop: with an engine that computes until it is told to stop."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from lsp_server.engine.suggestion import CompletionRequest, Suggestion
from lsp_server.inference import Inference


class SlowEngine:
    """Takes as many steps of 5 ms as the request's text has characters."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.stopped: list[str] = []
        self.threads: set[int] = set()
        self.answer = "answer"
        self.told: Suggestion | None = None  # before the end

    def interrupt(self) -> None:
        """It looks often enough whether it is cancelled."""

    def complete(
        self,
        request: CompletionRequest,
        cancelled: Callable[[], bool],
        tell: Callable[[Suggestion], None],
    ) -> Suggestion:
        self.started.append(request.path)
        self.threads.add(threading.get_ident())
        if request.text == "fail":
            raise RuntimeError("the model is broken")
        if self.told is not None:
            tell(self.told)
        for _ in request.text:
            time.sleep(0.005)
            if cancelled():
                self.stopped.append(request.path)
                break
        return Suggestion(request.path, "", 1.0, (), 1.0, "slow")

    def writes(self, typed: str) -> bool:
        return self.answer.startswith(typed)


@pytest.fixture
def engine() -> SlowEngine:
    return SlowEngine()


@pytest.fixture
def inference(engine: SlowEngine) -> Iterator[Inference]:
    thread = Inference(engine)
    yield thread
    thread.end()


def request(name: str, steps: int = 1) -> CompletionRequest:
    return CompletionRequest(name, "python", "x" * steps, 0)


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_answers_a_request(inference: Inference):
    assert inference.submit(request("a")).future.result(5).text == "a"


def test_what_is_told_before_the_end_is_the_answer(inference: Inference, engine: SlowEngine):
    engine.told = Suggestion("", "", 0.0, (), 1.0, "slow")
    job = inference.submit(request("a", 1000))
    assert job.future.result(5) == engine.told
    wait_for(lambda: engine.stopped == ["a"])


def test_only_the_newest_request_is_completed(inference: Inference, engine: SlowEngine):
    first = inference.submit(request("first", 1000))
    wait_for(lambda: engine.started == ["first"])
    second = inference.submit(request("second", 1000))
    third = inference.submit(request("third"))
    # The older ones are answered at once: the running one and the one that never ran.
    assert first.future.result(0) is None
    assert second.future.result(0) is None
    assert third.future.result(5).text == "third"
    assert engine.started == ["first", "third"]
    assert engine.stopped == ["first"]


def test_a_stopped_request_frees_the_thread_within_a_step(inference: Inference, engine: SlowEngine):
    job = inference.submit(request("long", 1000))
    wait_for(lambda: engine.started == ["long"])
    job.stop()
    inference.submit(request("next")).future.result(5)
    assert engine.stopped == ["long"]


def typed_on(old: CompletionRequest, text: str) -> CompletionRequest:
    return replace(old, text=text + old.text, offset=len(text))


def test_what_is_under_way_goes_on_while_the_user_types_what_it_answers(
    inference: Inference, engine: SlowEngine
):
    old = request("same", 100)
    first = inference.submit(old)
    wait_for(lambda: engine.started == ["same"])
    first.leave()  # as editors do before they ask again
    second = inference.submit(typed_on(old, "an"))
    third = inference.submit(typed_on(old, "answ"))
    assert (first.future.result(0), second.future.result(0)) == (None, None)
    assert third.future.result(5)
    assert (engine.started, engine.stopped) == (["same", "same"], [])


def test_what_is_under_way_ends_once_the_user_types_something_else(
    inference: Inference, engine: SlowEngine
):
    old = request("same", 200)
    inference.submit(old)
    wait_for(lambda: engine.started == ["same"])
    assert inference.submit(typed_on(old, "no")).future.result(20)
    assert (engine.started, engine.stopped) == (["same", "same"], ["same"])


def test_a_request_that_is_taken_back_ends_when_none_follows(
    inference: Inference, engine: SlowEngine
):
    inference.submit(request("long", 1000)).leave()
    wait_for(lambda: engine.stopped == ["long"])


def test_everything_runs_in_one_thread(inference: Inference, engine: SlowEngine):
    for number in range(20):
        inference.submit(request(str(number))).future.result(5)
    assert len(engine.threads) == 1
    assert threading.get_ident() not in engine.threads


def test_survives_an_engine_that_fails(inference: Inference, caplog):
    failing = CompletionRequest("a", "python", "fail", 0)
    assert inference.submit(failing).future.result(5) is None
    assert "the model is broken" in caplog.text
    assert inference.submit(request("b")).future.result(5).text == "b"


def test_a_new_engine_takes_over_with_the_next_request(inference: Inference, engine: SlowEngine):
    inference.submit(request("a")).future.result(5)
    inference.replace(SlowEngine())
    inference.submit(request("b")).future.result(5)
    assert engine.started == ["a"]


def test_the_end_answers_what_waits(inference: Inference, engine: SlowEngine):
    running = inference.submit(request("running", 1000))
    wait_for(lambda: engine.started == ["running"])
    inference.end()
    assert running.future.result(0) is None
    assert not any(thread.name == "inference" for thread in threading.enumerate())


class Ahead:
    """Work ahead that goes on until it is cancelled, or as long as it is told."""

    def __init__(self, endless: bool = True) -> None:
        self.endless = endless
        self.begun = self.ended = 0

    def __call__(self, cancelled: Callable[[], bool]) -> None:
        self.begun += 1
        while self.endless and not cancelled():
            time.sleep(0.001)
        self.ended += 1


def test_a_request_interrupts_work_ahead_which_is_forgotten(inference: Inference):
    work = Ahead()
    inference.work_ahead(work)
    wait_for(lambda: work.begun == 1)
    assert inference.working_ahead
    assert inference.submit(request("a")).future.result(5).text == "a"
    wait_for(lambda: not inference.working_ahead)
    assert (work.begun, work.ended) == (1, 1)


def test_work_ahead_waits_for_the_request_and_only_the_newest_is_done(
    inference: Inference, engine: SlowEngine
):
    job = inference.submit(request("long", 1000))
    wait_for(lambda: engine.started == ["long"])
    older, newer = Ahead(endless=False), Ahead(endless=False)
    inference.work_ahead(older)
    inference.work_ahead(newer)
    assert not job.future.done()
    job.stop()
    wait_for(lambda: newer.ended == 1)
    assert older.begun == 0


def test_what_was_put_off_is_begun_again(inference: Inference):
    put_off, more_urgent = Ahead(), Ahead(endless=False)
    inference.put_off([put_off])
    wait_for(lambda: put_off.begun == 1)
    inference.work_ahead(more_urgent)
    wait_for(lambda: put_off.begun == 2)
    assert more_urgent.ended == 1
    assert inference.submit(request("a")).future.result(5)
    wait_for(lambda: put_off.begun == 3)


def test_work_ahead_is_stopped_when_its_text_is_no_more(inference: Inference):
    work = Ahead()
    inference.work_ahead(work)
    wait_for(lambda: work.begun == 1)
    inference.stop_ahead()
    wait_for(lambda: work.ended == 1 and not inference.working_ahead)


def test_a_new_engine_ends_the_work_ahead_of_the_old_one(inference: Inference):
    work = Ahead()
    inference.put_off([work])
    wait_for(lambda: work.begun == 1)
    inference.replace(SlowEngine())
    wait_for(lambda: work.ended == 1 and not inference.working_ahead)


def test_a_question_is_answered_in_the_thread(inference: Inference, engine: SlowEngine):
    inference.submit(request("a")).future.result(5)
    wait_for(lambda: not inference.answering)
    thread = inference.ask(lambda _: threading.get_ident()).future.result(5)
    assert {thread} == engine.threads


def test_a_question_does_not_disturb_a_request(inference: Inference, engine: SlowEngine):
    job = inference.submit(request("a", steps=40))
    assert inference.ask(lambda _: "answer").future.result(5) is None
    assert job.future.result(5).text == "a"
    assert engine.stopped == []


def test_a_request_takes_the_place_of_a_question(inference: Inference):
    def question(cancelled: Callable[[], bool]) -> str:
        wait_for(cancelled)
        return "answer"

    job = inference.ask(question)
    assert inference.submit(request("a")).future.result(5).text == "a"
    assert job.future.result(5) is None


def test_a_question_only_delays_work_ahead(inference: Inference):
    begun: list[bool] = []

    def work(cancelled: Callable[[], bool]) -> None:
        begun.append(True)
        if len(begun) == 1:
            wait_for(cancelled)

    inference.work_ahead(work)
    wait_for(lambda: bool(begun))
    assert inference.ask(lambda _: "answer").future.result(5) == "answer"
    wait_for(lambda: len(begun) == 2)
