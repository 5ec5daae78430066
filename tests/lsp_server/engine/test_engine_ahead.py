"""What the engine does before it is asked, with the model that comes along on a slow machine."""

from dataclasses import replace
from functools import partial

import pytest

from lsp_server.engine.engine import Engine, never
from lsp_server.engine.suggestion import CompletionRequest, Suggestion
from model.language_model import LanguageModel, load_model

STEPS = "".join(f"def step_{number}(left, right):\n    return left\n\n\n" for number in range(20))
ADD = STEPS + "def add(first, second):\n    return first + "


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    """It takes ten seconds for a hundred tokens, as far as it knows."""
    loaded = load_model("nestling", threads=1)
    loaded.prefill_speed = 10.0
    return loaded


@pytest.fixture
def engine(model: LanguageModel) -> Engine:
    return Engine([], model, quick=model)


@pytest.fixture
def text(request: pytest.FixtureRequest) -> str:
    """A text of each test's own, which is in no cache."""
    return ADD.replace("step", request.node.name)


def at_end(text: str) -> CompletionRequest:
    return CompletionRequest("new.py", "python", text, len(text))


def test_a_quick_answer_is_improved_even_if_it_was_asked_for_again(engine: Engine, text: str):
    quick = engine.complete(at_end(text))
    assert quick.quick
    assert engine.complete(at_end(text)).text == quick.text
    better = engine.improve(at_end(text), quick.text, never)
    assert better is not None and better.text.startswith("second")
    assert not better.quick
    assert engine.complete(at_end(text)).text == better.text


def test_a_quick_answer_stays_while_the_user_types_along(engine: Engine, text: str):
    quick = engine.complete(at_end(text))
    assert quick.text.startswith("second")
    typed = engine.known(at_end(text + "se"))
    assert typed is not None and typed.along
    assert engine.improve(at_end(text), quick.text, never) is None
    further = engine.known(at_end(text + "sec"))
    assert further is not None and further.text == quick.text[3:]


def test_what_was_read_ahead_is_answered_from_the_whole_prompt(engine: Engine, text: str):
    engine.read(at_end(text), never)
    suggestion = engine.complete(at_end(text))
    assert not suggestion.quick
    assert suggestion.reused_tokens > suggestion.read_tokens


def test_the_next_line_is_known_when_this_one_is_finished(engine: Engine, text: str):
    engine.read(at_end(text), never)
    suggestion = engine.complete(at_end(text))
    engine.prepare(at_end(text), suggestion, never)
    taken = engine.known(at_end(text + suggestion.text))
    assert taken is not None and taken.ahead
    if not taken.text:
        assert engine.known(at_end(text + suggestion.text + "\n    ")) is not None


def test_nothing_is_kept_of_what_was_cancelled(engine: Engine, text: str):
    suggestion = replace(engine.complete(at_end(text)), text="second")
    engine.prepare(at_end(text), suggestion, lambda: True)
    assert engine.known(at_end(text + "second")) is None


def test_who_types_along_gets_the_sure_beginning_before_the_line_is_finished(
    engine: Engine, model: LanguageModel, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "complete", partial(model.complete, draft=False))
    call = "sum_of_prices(first_price, second_price, third_price)"
    lines = "".join(f"total_{number} = {call}\n" for number in range(1, 9))
    asked = at_end(text + "a\n" + lines + "total_9 = s")
    engine.read(asked, never)
    engine.complete(asked, lambda: not engine.writes("u"))  # "u" was typed meanwhile
    typed = replace(asked, text=asked.text + "u", offset=asked.offset + 1)
    begun = engine.complete(typed)
    assert begun.text and call.startswith("su" + begun.text)
    assert (begun.is_beginning, begun.quick) == (True, True)
    engine.known(replace(typed, text=typed.text + begun.text[0], offset=typed.offset + 1))
    better = engine.improve(typed, begun.text, never)  # the user has typed on along it
    assert better is not None and "su" + better.text == call
    assert engine.typed_since(typed) == begun.text[0]
    other = replace(typed, text=typed.text + "-", offset=typed.offset + 1)
    engine.complete(other, lambda: True)
    assert engine.improve(typed, begun.text, never) is None


def test_a_sure_beginning_is_told_soon_and_the_rest_is_better(
    engine: Engine, model: LanguageModel, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "complete", partial(model.complete, draft=False))
    monkeypatch.setattr("lsp_server.engine.engine._SOON", 0.0)  # as on a slow machine
    call = "sum_of_prices(first_price, second_price, third_price)"
    lines = "".join(f"total_{number} = {call}\n" for number in range(1, 9))
    asked = at_end(text + "a\n" + lines + "total_9 = s")
    told: list[Suggestion] = []
    begun = engine.complete(asked, tell=told.append)
    assert told == [begun]
    assert begun.text and call.startswith("s" + begun.text) and len(begun.text) < len(call) - 1
    assert begun.quick  # so that the rest is made
    whole = engine.complete(replace(asked, is_wanted=True), tell=told.append)
    assert "s" + whole.text == call  # who asks for it waits for all of it
    engine.complete(asked)  # the newest question is again that of who types
    better = engine.improve(asked, begun.text, never)
    assert better is not None and "s" + better.text == call


def test_who_types_something_else_is_not_kept_waiting(engine: Engine, text: str) -> None:
    engine.read(at_end(text), never)
    suggestion = engine.complete(at_end(text), lambda: not engine.writes("fi"))
    assert suggestion.text == ""
    assert engine.known(at_end(text + "fi")) is None


def test_that_nothing_will_be_shown_is_told_before_the_answer_is_finished(
    engine: Engine, text: str
) -> None:
    told: list[Suggestion] = []
    asked = at_end(text + "f(lambda ")
    engine.read(asked, never)
    suggestion = engine.complete(asked)
    early = engine.complete(asked, tell=told.append)
    assert told == [early]
    assert early.text == suggestion.text == ""
    assert early.generated_tokens < suggestion.generated_tokens
    assert suggestion.candidate.startswith(early.candidate)
