"""Answers that stand while the user types along, and where the user is likely to ask next."""

from dataclasses import replace

import pytest

from lsp_server.engine.ahead import accepted, next_line
from lsp_server.engine.recent import Edit, OpenDocument, Recent
from lsp_server.engine.standing import Standing
from lsp_server.engine.suggestion import CompletionRequest, Suggestion


def request(marked: str) -> CompletionRequest:
    """At the `|` of a text."""
    offset = marked.index("|")
    return CompletionRequest("a.py", "python", marked.replace("|", ""), offset)


def suggestion(text: str, ahead: bool = False) -> Suggestion:
    return Suggestion(text, text, 1.0, (), 100.0, "model", ahead=ahead)


@pytest.fixture
def standing() -> Standing:
    answers = Standing()
    answers.add(request("x = |\ny\n"), suggestion("first + second"))
    return answers


def rest(standing: Standing, marked: str) -> str | None:
    found = standing.find(request(marked))
    return found.text if found else None


def test_it_is_typed_along_and_deleted_back(standing: Standing):
    assert rest(standing, "x = first|\ny\n") == " + second"
    assert rest(standing, "x = fi|\ny\n") == "rst + second"
    assert rest(standing, "x = |\ny\n") == "first + second"


@pytest.mark.parametrize(
    "marked",
    ["x = first + second|\ny\n", "x = fa|\ny\n", "x = fi|\nz\n", "x = |fi\ny\n", "x =|\ny\n"],
)
def test_anything_else_is_not_known(standing: Standing, marked: str):
    assert rest(standing, marked) is None


def test_what_was_computed_ahead_stands_beside_what_is_shown(standing: Standing):
    standing.add(request("x = first + second|\ny\n"), suggestion(" + third", ahead=True))
    assert rest(standing, "x = first|\ny\n") == " + second"
    assert rest(standing, "x = first + second|\ny\n") == " + third"


def test_that_there_is_nothing_to_show_is_known_when_computed_ahead(standing: Standing):
    standing.add(request("x = first + second|\ny\n"), suggestion("", ahead=True))
    assert rest(standing, "x = first + second|\ny\n") == ""


def test_a_text_is_expected_as_far_as_it_was_suggested(standing: Standing):
    assert standing.expects("a.py", "x = first + second\ny\n")
    assert not standing.expects("a.py", "x = first + second \ny\n")
    assert not standing.expects("b.py", "x = first\ny\n")


@pytest.mark.parametrize("text", ["", "first"])
def test_who_asks_for_a_suggestion_is_not_left_with_a_beginning_or_nothing(text: str):
    typed, standing = request("x = |\ny\n"), Standing()
    wanted = replace(typed, eagerness="eager", is_wanted=True)
    begun = replace(suggestion(text, ahead=True), is_beginning=bool(text))
    standing.add(typed, begun)
    assert standing.find(typed) == begun
    assert standing.find(wanted) is None
    standing.add(wanted, begun)  # as they got it when they asked
    assert standing.find(wanted) == begun


def test_who_asks_for_a_suggestion_gets_the_whole_one_that_stands(standing: Standing):
    assert standing.find(replace(request("x = f|\ny\n"), is_wanted=True)) is not None


def test_old_answers_are_forgotten(standing: Standing):
    for number in range(20):
        standing.add(request(f"{number} = |"), suggestion("1"))
    assert rest(standing, "x = |\ny\n") is None
    assert rest(standing, "19 = |") == "1"


def test_the_next_request_is_behind_what_was_taken():
    assert accepted(request("x = |\ny\n"), "1") == request("x = 1|\ny\n")


@pytest.mark.parametrize(
    ("here", "below"),
    [
        ("def f():\n    x = 1|\n", "def f():\n    x = 1\n    |\n"),
        ("if a:\n  b()\nif c:|", "if a:\n  b()\nif c:\n  |"),
        ("if c:|", "if c:\n    |"),
        ("func f() {|  \n", "func f() {\n    |  \n"),
    ],
)
def test_the_next_line_is_indented_as_an_editor_does_it(here: str, below: str):
    assert next_line(request(here)) == request(below)


@pytest.mark.parametrize("here", ["f(|)\n", "    |\n"])
def test_an_unfinished_line_has_no_next(here: str):
    assert next_line(request(here)) is None


@pytest.mark.parametrize(
    ("marked", "typed"),
    [
        ("x = fi|\ny\n", "fi"),
        ("x = |\ny\n", None),  # nothing was typed
        ("x = f|i\ny\n", None),  # or a bracket was closed behind the cursor
        ("x = fi|\nz\n", None),
        ("z = fi|\ny\n", None),
        ("x =|\ny\n", None),
    ],
)
def test_what_was_typed_until_a_newer_request(marked: str, typed: str | None):
    assert request("x = |\ny\n").typed_until(request(marked)) == typed
    other = replace(request(marked), path="b.py")
    assert request("x = |\ny\n").typed_until(other) is None


def test_an_answer_from_before_an_edit_in_another_document_stands_no_more():
    def after(time: float) -> Recent:
        return Recent((OpenDocument("b.py", "python", "", (Edit(0, 1, time),)),))

    standing = Standing()
    standing.add(replace(request("x = |"), recent=after(1.0)), suggestion("19"))
    assert standing.find(replace(request("x = 1|"), recent=after(1.0)))
    assert not standing.find(replace(request("x = 1|"), recent=after(2.0)))
