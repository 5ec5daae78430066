"""What is shown of an answer whose tokens have made-up probabilities."""

import math

import pytest

from lsp_server.engine import showing
from lsp_server.engine.candidate import Candidate
from lsp_server.engine.confidence import Scale, Scales
from lsp_server.engine.context import Context, read_context
from lsp_server.engine.showing import Choice, begun, choose, is_hopeless, settled

SURE, UNSURE = 0.99, 0.05

SCALE = Scale(2.0, 1.5, quiet=0.8, balanced=0.6, eager=0.1)


@pytest.fixture(autouse=True)
def scales(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for every model, whatever was fitted last."""
    monkeypatch.setattr(showing, "scales_of", lambda model: Scales(SCALE, SCALE))


def context_at(text: str, language: str = "python") -> Context:
    """The context at the `|` of a text."""
    context = read_context("a.py", language, text.replace("|", ""), text.index("|"))
    assert context is not None
    return context


def candidate(*tokens: tuple[str, float]) -> Candidate:
    """What a model wrote, each token with its probability; "" is the one that ends the line."""
    text, steps = "", []
    for token, probability in tokens:
        text += token
        steps.append((len(text), math.log(probability)))
    return Candidate(text, tuple(steps), model="nestling")


def shown(place: str, *tokens: tuple[str, float], language: str = "python") -> Choice:
    return choose(candidate(*tokens), context_at(place, language), "balanced")


def test_a_sure_line_is_shown_whole() -> None:
    choice = shown("x = |\n", ("total", SURE), ("(a", SURE), (")", SURE), ("", SURE))
    assert (choice.text, choice.is_beginning) == ("total(a)", False)
    assert choice.confidence > 0.6


@pytest.mark.parametrize(
    ("place", "tokens", "begun"),
    [
        # as far as it is sure
        ("x = |\n", [("settings", SURE), (".", SURE), ("timeout", UNSURE)], "settings"),
        ("x = |\n", [("settings", SURE), (".load", SURE), ("(", SURE), ("a)", UNSURE)],
         "settings.load("),
        ("def f(|\n", [("self", SURE), (",", SURE), (" item", UNSURE), ("):", SURE)], "self,"),
        ("x = |\n", [("load()", SURE), ("[0]", UNSURE)], "load()"),
        # the end of the line is what is not sure
        ("x = |\n", [("load()", SURE), ("", UNSURE)], "load()"),
        # not in the middle of a word, nor of a string
        ("x = |\n", [("load", SURE), ("ing", SURE), ("_bay", UNSURE)], ""),
        ("x = |\n", [("loading", SURE), (" + tot", SURE), ("al", UNSURE)], "loading"),
        ("x = |\n", [("f(a", SURE), (', "name', SURE), ('_of")', UNSURE)], "f(a,"),
        ('x = f("|")\n', [("name", SURE), (" of", UNSURE), (" it", SURE)], "name"),
        # too short to be worth it
        ("x = |\n", [("abc", SURE), ("(d)", UNSURE)], ""),
        # what filters leave out is not shown at the beginning, either
        ("x = f(|)\n", [("abcd", SURE), (")", SURE), (".efg", UNSURE)], "abcd"),
        ("x = |\n", [("load(a", SURE), (", b", UNSURE)], "load"),
        ("x = |\n", [("load", SURE), ("(a, b", SURE), ("", SURE)], "load"),
        ("call(a)\n|", [("call", SURE), ("(a)", UNSURE)], ""),
    ],
)  # fmt: skip
def test_of_an_unsure_line_the_sure_beginning_is_shown(
    place: str, tokens: list[tuple[str, float]], begun: str
) -> None:
    choice = shown(place, *tokens)
    assert (choice.text, choice.is_beginning) == (begun, bool(begun))


def test_a_block_begins_with_its_first_line() -> None:
    place = "def f():\n    |\n"
    choice = shown(place, ("with", SURE), (" opened()", UNSURE), (":\n        pass", SURE))
    assert choice == Choice("with", choice.confidence, is_beginning=True)


def test_a_line_that_can_be_shown_no_more_is_hopeless() -> None:
    assert is_hopeless(candidate(("a", UNSURE)), "balanced")
    assert is_hopeless(candidate(("a", SURE), ("b", UNSURE)), "balanced")


def test_a_line_with_a_sure_beginning_or_one_that_may_be_sure_is_not() -> None:
    assert not is_hopeless(candidate(("settings", SURE), ("b", UNSURE)), "balanced")
    assert not is_hopeless(candidate(("a", SURE)), "balanced")
    assert not is_hopeless(candidate(), "quiet")


@pytest.mark.parametrize(
    "tokens",
    [
        [("settings", SURE), (".", SURE), ("timeout", UNSURE)],
        [("f(a", SURE), (', "name', SURE), ('_of")', UNSURE)],
        [("load", SURE), ("ing", SURE), ("_bay", UNSURE)],
        [("a", UNSURE)],
    ],
)
def test_what_is_shown_is_settled_once_the_line_is_unsure(tokens: list[tuple[str, float]]) -> None:
    context = context_at("x = |\n")
    assert settled(candidate(*tokens[:-1]), context, "balanced") is None
    assert settled(candidate(*tokens), context, "balanced") == shown("x = |\n", *tokens)


def test_where_filters_do_not_leave_the_beginning_the_rest_is_awaited() -> None:
    tokens = ("load(a", SURE), (', "AKIAIOSFODNN7EXAMPLE"', UNSURE)
    assert settled(candidate(*tokens), context_at("x = |\n"), "balanced") is None


def test_what_is_being_written_need_not_parse() -> None:
    tokens = ("load(a", SURE), (", b", UNSURE)
    choice = settled(candidate(*tokens), context_at("x = |\n"), "balanced")
    assert choice is not None and choice.text == "load(a"


def test_the_last_token_may_be_half_a_word() -> None:
    context = context_at("x = |\n")
    assert begun(candidate(("settings", SURE)), context, "balanced") is None
    choice = begun(candidate(("settings", SURE), (".time", SURE)), context, "balanced")
    assert choice is not None and choice.text == "settings"


def test_a_line_of_the_index_has_a_confidence_of_its_own() -> None:
    context = context_at("x = |\n")
    assert choose(Candidate("f(1)", confidence=0.9), context, "balanced") == Choice("f(1)", 0.9)
    assert choose(Candidate("f(1)", confidence=0.1), context, "balanced") == Choice("", 0.1)
