"""Guesses the next tokens for free, from what was written before.

The continuation of the longest earlier occurrence of the last tokens is often what comes next:
in code that a retrieved snippet, the same file or the last completion already holds. Checking a
guess costs little more than a step (prompt lookup decoding, Saxena 2023; LLMA, Yang et al. 2023;
REST, He et al. 2023), and a wrong one changes nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.nearby import END, joined

_LONGEST_MATCH = 8  # tokens compared; longer ones say no more
_SHORTEST, _LONGEST = 1, 11  # tokens drafted; odd, as the decoder runs even numbers of tokens


class Drafter:
    """Drafts from token sequences, later ones first in case of doubt."""

    def __init__(self, *sequences: ArrayLike, texts: NDArray[np.int64] | None = None) -> None:
        """`texts`: more sequences, before the others, as `joined` makes them.

        They are many tokens, mostly the same from one answer to the next, and not copied.
        """
        own = joined([np.asarray(each, np.int64) for each in sequences])
        self._parts = (own,) if texts is None else (own, texts)
        self._length = _SHORTEST

    def propose(self, tokens: Sequence[int], allowed: NDArray[np.int64] | None = None) -> list[int]:
        """What followed the longest end of `tokens` found in the sequences; [] if nothing did.

        `allowed`: what the first token may be, if not all are; then even what follows other tokens
        than the last is a guess.
        """
        found = [(*_last_match(part, tokens, allowed), part) for part in self._parts]
        matched, start, part = max(found, key=lambda each: each[0])
        # After a whole match, as of the last answer, what followed mostly follows again.
        length = _LONGEST if matched == _LONGEST_MATCH else self._length
        draft: list[int] = part[start : start + length].tolist()
        return draft[: draft.index(END)] if END in draft else draft

    def learn(self, drafted: int, accepted: int) -> None:
        """Drafts longer after a draft that was right, shorter after one that was not."""
        if accepted == drafted:
            self._length = min(_LONGEST, self._length * 2 + 1)
        else:
            self._length = max(_SHORTEST, accepted + 1 | 1)


def _last_match(
    part: NDArray[np.int64], tokens: Sequence[int], allowed: NDArray[np.int64] | None
) -> tuple[int, int]:
    """How many tokens before a place are the last of `tokens`, and the place: the best one's.

    Of several, it is the last; where there is none, it is -1 tokens, and the end.
    """
    if allowed is None:
        places = np.flatnonzero((part[:-1] == tokens[-1]) & (part[1:] != END))
    else:
        places = np.flatnonzero(np.isin(part[1:], allowed))
    if not places.size:
        return -1, len(part)
    matched = 0
    for back, token in enumerate(reversed(tokens[-_LONGEST_MATCH:])):
        matching = places[(places >= back) & (part[places - back] == token)]
        if not matching.size:
            break
        places, matched = matching, matched + 1
    return matched, int(places[-1]) + 1
