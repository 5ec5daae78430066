"""What the texts around a cursor say, beside the model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.nearby import Nearby, joined, log_softmax

VOCABULARY = 10
tokens = st.lists(st.integers(0, VOCABULARY - 1), max_size=30)


def nearby(*texts: list[int], before: tuple[int, ...]) -> Nearby:
    return Nearby(joined([np.array(text, np.int64) for text in texts]), before)


def unsure() -> NDArray[np.float32]:
    """A model that finds all tokens equally probable."""
    return log_softmax(np.zeros(VOCABULARY, np.float32))


def test_what_followed_the_same_tokens_becomes_the_most_probable() -> None:
    mixed = nearby([1, 2, 3, 4], [7, 2, 5], before=(1, 2)).mix(unsure(), [])
    assert mixed.argmax() == 3
    assert mixed[5] > mixed[6]  # it followed a part of them
    assert nearby([1, 2, 3, 4], before=(1,)).mix(unsure(), [2, 3]).argmax() == 4


def test_a_sure_model_is_not_overruled() -> None:
    logits = np.zeros(VOCABULARY, np.float32)
    logits[6] = 20
    assert nearby([1, 2, 3] * 5, before=(1, 2)).mix(log_softmax(logits), []).argmax() == 6


def test_of_what_followed_equally_often_the_model_chooses() -> None:
    logits = np.zeros(VOCABULARY, np.float32)
    logits[4] = 2
    scores = log_softmax(logits)
    mixed = nearby([1, 2, 3], [1, 2, 4], before=(1, 2)).mix(scores, [])
    left = np.exp(mixed[5] - scores[5])  # of what the model said, where texts say nothing
    gained = np.exp(mixed) - left * np.exp(scores)
    assert gained[4] > 1.5 * gained[3] > 0


def test_texts_count_less_where_the_model_finds_what_they_offer_unlikely() -> None:
    weights = []
    for doubt in (0, 5, 10):
        logits = np.zeros(VOCABULARY, np.float32)
        logits[3] = -doubt
        scores = log_softmax(logits)
        mixed = nearby([1, 2, 3], before=(1, 2)).mix(scores, [])
        weights.append(1 - np.exp(mixed[5] - scores[5]))  # which is what the others gave away
    assert weights == sorted(weights, reverse=True)
    assert weights[0] > 2 * weights[2]


def test_where_the_last_token_never_stood_the_model_alone_counts() -> None:
    for texts in ([], [[1, 2, 3]], [[9]]):
        scores = unsure()
        assert (nearby(*texts, before=(9,)).mix(scores, []) == scores).all()
    assert (nearby([1, 2], before=()).mix(unsure(), []) == unsure()).all()


def test_no_match_runs_over_the_end_of_a_text() -> None:
    mixed = nearby([1, 2], [3, 4], before=(1, 2)).mix(unsure(), [])
    assert (mixed == unsure()).all()


def test_what_is_not_allowed_stays_impossible() -> None:
    scores = log_softmax(np.zeros(VOCABULARY, np.float32), np.array([4, 5]))
    mixed = nearby([1, 3], [1, 5], before=(1,)).mix(scores, [])
    assert mixed.argmax() == 5
    assert set(np.flatnonzero(np.isfinite(mixed))) == {4, 5}


@given(st.lists(tokens, max_size=4), tokens, st.lists(st.floats(-9, 9), min_size=10, max_size=10))
def test_probabilities_sum_to_one(
    texts: list[list[int]], before: list[int], logits: list[float]
) -> None:
    scores = log_softmax(np.array(logits, np.float32))
    mixed = nearby(*texts, before=tuple(before)).mix(scores, [])
    assert np.exp(mixed.astype(np.float64)).sum() == pytest.approx(1, abs=1e-4)
