import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.draft import Drafter
from model.nearby import joined

tokens = st.lists(st.integers(0, 5), min_size=1, max_size=40)


def test_what_followed_the_longest_match_is_proposed() -> None:
    drafter = Drafter([1, 2, 3, 4, 5], [9, 2, 3, 7, 8])
    assert drafter.propose([9, 2, 3])[:1] == [7]
    assert drafter.propose([1, 2, 3])[:1] == [4]


def test_without_a_match_nothing_is_proposed() -> None:
    assert Drafter([1, 2, 3]).propose([4]) == []
    assert Drafter([1, 2, 3]).propose([3]) == []
    assert Drafter().propose([1]) == []


def test_of_equal_matches_the_last_counts() -> None:
    assert Drafter([1, 2, 3], [1, 2, 4]).propose([1, 2]) == [4]


def test_texts_come_before_the_sequences() -> None:
    texts = joined([np.array([1, 2, 3, 7]), np.array([2, 9])])
    assert Drafter([2, 3, 4], texts=texts).propose([1, 2, 3])[:1] == [7]  # the longer match
    assert Drafter([2, 3, 4], texts=texts).propose([2])[:1] == [3]  # of equal ones the last


def test_an_end_of_the_tokens_themselves_is_no_match() -> None:
    """The prompt is among the sequences, and nothing follows its end."""
    assert Drafter([1, 2, 3, 1, 2], [5]).propose([1, 2])[:1] == [3]


def test_only_what_is_allowed_is_proposed_even_behind_other_tokens() -> None:
    drafter = Drafter([1, 2, 3], [1, 4, 5], [6, 7, 8])
    assert drafter.propose([1], np.array([2, 7])) == [2]
    assert drafter.propose([1], np.array([7])) == [7]
    assert drafter.propose([1], np.array([9])) == []


def test_a_draft_ends_with_its_sequence() -> None:
    assert Drafter([1, 2], [3, 4, 5]).propose([1]) == [2]


@given(st.lists(tokens, min_size=1, max_size=4), tokens)
def test_every_draft_stands_in_a_sequence(sequences: list[list[int]], end: list[int]) -> None:
    draft = Drafter(*sequences).propose(end)
    piece = [end[-1], *draft]
    assert not draft or any(
        sequence[start : start + len(piece)] == piece
        for sequence in sequences
        for start in range(len(sequence))
    )


def test_behind_a_long_match_a_long_draft_is_proposed() -> None:
    drafter = Drafter(list(range(100)))
    assert len(drafter.propose(list(range(20)))) > 2 * len(drafter.propose([19]))


def test_right_drafts_grow_and_wrong_ones_shrink() -> None:
    drafter = Drafter(list(range(100)))
    first = len(drafter.propose([0]))
    drafter.learn(first, first)
    longer = len(drafter.propose([0]))
    drafter.learn(longer, 0)
    assert len(drafter.propose([0])) <= first < longer
