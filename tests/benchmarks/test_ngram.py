"""The 5-gram floor: a proper model of text that learns from a repository and the open file."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.ngram import NGrams, tokens_of
from lsp_server.engine.stops import line_end

REPOSITORY = "for item in cart.items:\n    total += item.price\nreturn total\n" * 3


def model(repository: str = REPOSITORY) -> NGrams:
    grams = NGrams()
    grams.add(tokens_of(repository))
    return grams


@given(st.text(alphabet="ab_1 .(\n\t=é", max_size=60))
def test_tokens_put_together_are_the_text(text: str) -> None:
    assert "".join(tokens_of(text)) == text


def test_a_line_of_the_repository_goes_on() -> None:
    before = tokens_of("x = 1\nfor item in cart")
    assert model().complete(before, "", line_end) == ".items:"


def test_a_name_that_is_cut_is_finished() -> None:
    *before, beginning = tokens_of("for item in cart.it")
    assert model().complete(before, beginning, line_end) == "ems:"


def test_what_is_counted_more_often_is_likelier() -> None:
    here = model()
    here.add(tokens_of("for item in cart.parcels:\n"), 5)
    assert here.complete(tokens_of("for item in cart"), "", line_end) == ".parcels:"


def test_a_file_that_is_forgotten_leaves_nothing() -> None:
    forgetful, never, before = model(), model(), tokens_of("for item in")
    forgetful.add(tokens_of("for item in parcel\n"), 2)
    forgetful.add(tokens_of("for item in parcel\n"), -2)
    for token in (" parcel", " cart", " unseen"):
        assert forgetful.probability(token, before) == never.probability(token, before)


def test_probabilities_of_what_was_seen_leave_some_for_the_rest() -> None:
    seen = set(tokens_of(REPOSITORY))
    for before in (tokens_of("for item"), tokens_of("nothing like it"), []):
        total = sum(model().probability(token, before) for token in seen)
        assert 0.5 < total < 1


def test_what_stood_there_before_costs_fewer_bits_than_what_did_not() -> None:
    before = tokens_of("for item in")
    likely, unlikely = (model().bits(before, "", text) for text in (" cart.items", " zzzz.qqqqq"))
    assert 0 < likely < unlikely < math.inf


def test_bits_do_not_count_what_is_typed_already() -> None:
    *before, beginning = tokens_of("for item in cart.it")
    assert model().bits(before, beginning, "ems") < model().bits([*before], "", "items")
    only = model(repository="cart.items\n" * 50)
    assert only.bits(tokens_of("cart."), "it", "ems") == pytest.approx(0, abs=0.05)
