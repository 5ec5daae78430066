"""Guesses the next tokens for free, from what was written before.

The continuation of the longest earlier occurrence of the last tokens is often what comes next:
in code that a retrieved snippet, the same file or the last completion already holds. Checking a
guess costs little more than a step (prompt lookup decoding, Saxena 2023; LLMA, Yang et al. 2023;
REST, He et al. 2023), and a wrong one changes nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LONGEST_MATCH = 8  # tokens compared; longer ones say no more
_SHORTEST, _LONGEST = 2, 12  # tokens drafted


class Drafter:
    """Drafts from token sequences, earlier ones first in case of doubt."""

    def __init__(self, *sequences: Sequence[int]) -> None:
        # A token that none is keeps matches from running over the ends.
        joined = [token for sequence in sequences for token in (*sequence, -1)]
        self._tokens = np.array(joined[:-1], np.int64)
        self._length = _SHORTEST * 2

    def propose(self, tokens: Sequence[int]) -> list[int]:
        """What followed the longest end of `tokens` found in the sequences; [] if nothing did."""
        best, best_length = -1, 0
        for place in self._places(tokens[-1]):
            length = self._match(place, tokens)
            if length > best_length:
                best, best_length = int(place), length
        draft = self._tokens[best + 1 : best + 1 + self._length].tolist() if best_length else []
        return draft[: draft.index(-1)] if -1 in draft else draft

    def learn(self, drafted: int, accepted: int) -> None:
        """Drafts longer after a draft that was right, shorter after one that was not."""
        if accepted == drafted:
            self._length = min(_LONGEST, self._length * 2)
        else:
            self._length = max(_SHORTEST, accepted + 1)

    def _places(self, token: int) -> NDArray[np.intp]:
        """Where the token stands with something behind it."""
        return np.flatnonzero(self._tokens[:-1] == token)

    def _match(self, place: int, tokens: Sequence[int]) -> int:
        """How many tokens up to `place` are the last ones of `tokens`."""
        longest = min(_LONGEST_MATCH, place + 1, len(tokens))
        for length in range(1, longest):
            if self._tokens[place - length] != tokens[-1 - length]:
                return length
        return longest
