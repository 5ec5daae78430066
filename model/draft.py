"""Guesses the next tokens for free, from what was written before.

The continuation of the longest earlier occurrence of the last tokens is often what comes next:
in code that a retrieved snippet, the same file or the last completion already holds. Checking a
guess costs little more than a step (prompt lookup decoding, Saxena 2023; LLMA, Yang et al. 2023;
REST, He et al. 2023), and a wrong one changes nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_LONGEST_MATCH = 8  # tokens compared; longer ones say no more
_SHORTEST, _LONGEST = 1, 11  # tokens drafted; odd, as the decoder runs even numbers of tokens


class Drafter:
    """Drafts from token sequences, later ones first in case of doubt."""

    def __init__(self, *sequences: ArrayLike) -> None:
        # A token that none is keeps matches from running over the ends.
        ended = [part for sequence in sequences for part in (sequence, [-1])]
        self._tokens = np.concatenate([*ended, []]).astype(np.int64)[:-1]
        self._length = _SHORTEST

    def propose(self, tokens: Sequence[int], allowed: NDArray[np.int64] | None = None) -> list[int]:
        """What followed the longest end of `tokens` found in the sequences; [] if nothing did.

        `allowed`: what the first token may be, if not all are; then even what follows other tokens
        than the last is a guess.
        """
        if allowed is None:
            places = np.flatnonzero(self._tokens[:-1] == tokens[-1])
        else:
            places = np.flatnonzero(np.isin(self._tokens[1:], allowed))
        if not places.size:
            return []
        matched = 0
        for back, token in enumerate(reversed(tokens[-_LONGEST_MATCH:])):
            matching = places[(places >= back) & (self._tokens[places - back] == token)]
            if not matching.size:
                break
            places, matched = matching, matched + 1
        # After a whole match, as of the last answer, what followed mostly follows again.
        length = _LONGEST if matched == _LONGEST_MATCH else self._length
        start = int(places[-1]) + 1
        draft: list[int] = self._tokens[start : start + length].tolist()
        return draft[: draft.index(-1)] if -1 in draft else draft

    def learn(self, drafted: int, accepted: int) -> None:
        """Drafts longer after a draft that was right, shorter after one that was not."""
        if accepted == drafted:
            self._length = min(_LONGEST, self._length * 2 + 1)
        else:
            self._length = max(_SHORTEST, accepted + 1 | 1)
