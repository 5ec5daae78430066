"""The figures of the completion benchmark, on predictions judged by hand."""

import math

import pytest

from benchmarks.scores import (
    Score,
    comparison,
    difference,
    interval,
    mean,
    precision_by_share,
    relative_gain,
    score,
    share,
    summary,
)


def judged(expected: str, predicted: str) -> Score:
    return score(expected, predicted, shown=predicted)


def test_spaces_at_line_ends_do_not_matter() -> None:
    assert judged("total = 1  \nreturn total", "total = 1\nreturn total \n").exact == 1
    assert judged("total", " total").exact == 0


def test_edit_similarity_is_one_less_the_share_of_edits() -> None:
    assert judged("abcd", "abcx").edit_similarity == 0.75
    assert judged("abcd", "").edit_similarity == 0
    assert judged("abcd", "abcd").edit_similarity == 1


def test_names_count_as_often_as_they_stand_there() -> None:
    # wanted: cart, add, item, item; found: cart, add, thing: two in common
    assert judged("cart.add(item, item)", "cart.add(thing)").name_f1 == pytest.approx(4 / 7)
    assert judged("0)", "1)").name_f1 == 1
    assert judged("0)", "one)").name_f1 == 0


def test_the_first_token_is_a_whole_word_or_a_sign() -> None:
    assert judged("cart.add()", "cart[0]").first_token == 1
    assert judged("cart.add()", "carts").first_token == 0
    assert judged("(a)", "(b)").first_token == 1
    assert judged("cart", "").first_token == 0


def test_what_is_not_shown_is_not_precise_but_may_be_exact() -> None:
    hidden = score("cart", "cart", shown="", confidence=0.1)
    assert (hidden.exact, hidden.shown, hidden.shown_exact) == (1, 0, 0)
    block = score("a = 1\nb = 2", "a = 1\nb = 3", shown="a = 1\nb = 3")
    assert (block.exact, block.first_line_exact, block.shown_exact) == (0, 1, 1)


def test_precision_is_that_of_what_is_shown() -> None:
    scores = [judged("a", "a"), judged("a", "b"), score("a", "a", shown="")]
    figures = summary(scores)
    assert figures["precision"] and figures["precision"].value == 0.5
    assert figures["shown"] and figures["shown"].value == pytest.approx(2 / 3)
    assert figures["bits_per_character"] is None


def test_bits_are_per_character_of_all_texts_together() -> None:
    scores = [score("ab", "", shown="", bits=4), score("abcdef", "", shown="", bits=4)]
    figure = summary(scores)["bits_per_character"]
    assert figure and figure.value == 1


def test_the_surest_are_the_more_precise_where_confidence_tells() -> None:
    scores = [
        score("a", "a" if number < 50 else "b", shown="x", confidence=1 - number / 100)
        for number in range(100)
    ]
    found = precision_by_share(scores)
    assert found["0.2"] == 1
    assert found["0.6"] == pytest.approx(50 / 60)


def test_an_interval_holds_the_figure_and_narrows_with_more_cases() -> None:
    few, many = (interval([[0.0], [1.0]] * count, mean) for count in (10, 1000))
    assert few and many
    assert few.low < few.value == 0.5 < few.high
    assert many.high - many.low < (few.high - few.low) / 5
    # the standard error of a share of one half over 2000 cases, on both sides
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(2000), rel=0.1)


def test_a_paired_difference_is_surer_than_the_figures_themselves() -> None:
    ours = [judged("a", "a" if number % 2 else "b") for number in range(100)]
    theirs = [judged("a", "a" if number % 2 and number > 10 else "b") for number in range(100)]
    found = comparison(ours, theirs)
    assert found["exact"] and found["exact"].value == pytest.approx(0.05)
    assert found["exact"].high - found["exact"].low < 0.1
    assert found["exact_relative"] and found["exact_relative"].value == pytest.approx(5 / 45)


def test_what_cannot_be_said_is_none() -> None:
    assert interval([], mean) is None
    assert interval([[1.0, 0.0]], share) is None
    assert interval([[1.0, 0.0]], relative_gain) is None
    assert interval([[1.0, 0.0]], difference)
