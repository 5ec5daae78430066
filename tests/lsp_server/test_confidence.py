from typing import get_args

import pytest

from lsp_server.confidence import LEAST, Eagerness, confidence, evidence
from lsp_server.context import Context, read_context


@pytest.fixture
def context() -> Context:
    text = "def pay(customer):\n    \n"
    context = read_context("a.py", "python", text, len(text) - 1)
    assert context is not None
    return context


def sure(context: Context, text: str, log_probabilities: list[float], excerpt: str = "") -> float:
    return confidence(evidence(text, log_probabilities, context, [excerpt]))


def test_what_the_model_finds_likely_is_shown_and_what_it_finds_unlikely_is_not(
    context: Context,
) -> None:
    likely = sure(context, "customer.charge()", [-0.01, -0.05, -0.02], "customer.charge()")
    unlikely = sure(context, "customer.charge()", [-2.0, -1.5, -3.0], "customer.charge()")
    assert unlikely < LEAST["eager"] < LEAST["quiet"] < likely


def test_each_doubtful_token_makes_the_line_more_doubtful(context: Context) -> None:
    short, long = [-0.3] * 3, [-0.3] * 12
    assert sure(context, "customer", short) > sure(context, "customer", long)


def test_known_names_count_for_a_suggestion(context: Context) -> None:
    known = sure(context, "charge(customer)", [-0.5], "def charge(person): ...")
    assert known > sure(context, "charge(customer)", [-0.5])


def test_a_block_counts_by_its_first_line(context: Context) -> None:
    assert sure(context, "customer\nunknown", [-0.5]) == sure(context, "customer", [-0.5])


def test_the_more_eager_the_less_sure_a_suggestion_must_be() -> None:
    quiet, balanced, eager = (LEAST[each] for each in get_args(Eagerness))
    assert 1 > quiet > balanced > eager > 0
