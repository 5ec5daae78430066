import pytest

from lsp_server.context import read_context
from lsp_server.postprocess import clean


def cleaned(place: str, answer: str) -> str:
    """What is shown of an answer at the `|` of a Python text."""
    context = read_context("a.py", "python", place.replace("|", ""), place.index("|"))
    assert context is not None
    return clean(answer, context)


@pytest.mark.parametrize(
    ("place", "answer", "shown"),
    [
        # what fits is left alone
        ("a = |", "f(b)", "f(b)"),
        ("print(|)", "f(x)", "f(x)"),
        ("f(g(|))", "a, h(b)", "a, h(b)"),
        # spaces at the end
        ("a = |", "b  \n\n", "b"),
        ("a = |", "   \n", ""),
        # what the rest of the line has already
        ("print(|)", "a)", "a"),
        ("print(f(|))", "a))", "a"),
        ('print("|")', 'hello")', "hello"),
        ("if a|:", " == 1:", " == 1"),
        ("def f(|):", "self):", "self"),
        # what closes nothing
        ("x = [f(|)]", "a)]\n", "a"),
        # copies of the neighbouring line
        ("a = 1\n|\nb = 2\n", "b = 2", ""),
        ("call(a)\n|", "call(a)", ""),
        # loops
        ("x = |", "one_thing, one_thing, one_thing, one_thing, ", "one_thing,"),
        ("|", "a = 1\nb\nb\nb\nb", "a = 1\nb"),
    ],
)
def test_an_answer_is_made_fit(place: str, answer: str, shown: str) -> None:
    assert cleaned(place, answer) == shown
