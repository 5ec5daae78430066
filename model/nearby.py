"""What comes next by the texts around a cursor, mixed into what the model says.

A small model knows how code goes on, but not the names of this repository; what followed the same
tokens in nearby text is the reverse. The two are mixed token by token, as a cache language model
does (Kuhn and De Mori, "A cache-based natural language model", 1990; for code Hellendoorn and
Devanbu, "Are deep neural networks the best choice for modeling source code?", FSE 2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST = 8  # tokens before the next one that are compared; longer matches say no more

END = -1
"""Stands behind each text: a token that none is keeps matches from running over the ends."""

# Of what the texts offer, the model has a say: its probability counts to this power.
_SAY = 0.3

# How much the texts count: the logistic function of a base, of how sure each side is, and of how
# likely the model finds what they offer. Fitted to 182 lines of `nestling` and 65 of Qwen
# (benchmarks/README.md).
_BASE, _SURE_TEXTS, _SURE_MODEL, _LIKELY = -1.3, 2.5, -1.9, 0.6


@dataclass(frozen=True)
class Nearby:
    """Texts as tokens, and what stands before the answer."""

    tokens: NDArray[np.int64]  # see `joined`
    before: tuple[int, ...]  # the last `LONGEST` at least, as far as there are so many

    def mix(self, scores: NDArray[np.float32], answer: Sequence[int]) -> NDArray[np.float32]:
        """The model's log-probabilities of the token behind `answer`, [vocabulary], mixed.

        What is impossible (-inf) stays so.
        """
        following, offered = self._following([*self.before, *answer][-LONGEST:])
        possible = np.isfinite(scores[following])
        following, offered = following[possible], offered[possible]
        if not following.size:
            return scores
        total = offered.sum() if possible.all() else 1.0
        chosen = offered / offered.sum() * np.exp(_SAY * scores[following].astype(np.float64))
        likely = chosen.sum()
        chosen *= total / likely
        sure = _BASE + _SURE_TEXTS * chosen.max() + _SURE_MODEL * np.exp(scores.max())
        weight = 1 / (1 + np.exp(-sure - _LIKELY * np.log(likely)))
        mixed = scores + np.float32(np.log1p(-weight * total))
        mixed[following] = np.logaddexp(mixed[following], np.log(weight * chosen))
        return mixed

    def _following(self, end: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The tokens that ever followed the last one, each once, and their probabilities.

        Interpolated from short matches to long ones by Witten and Bell, "The zero-frequency
        problem", 1991; what they leave to tokens never seen is missing from the sum.
        """
        places = np.flatnonzero(self.tokens[:-1] == end[-1]) if end else np.empty(0, np.int64)
        places = places[self.tokens[places + 1] != END]
        following, which = np.unique(self.tokens[places + 1], return_inverse=True)
        probabilities = np.zeros(len(following))
        for length in range(1, len(end) + 1):
            counts = np.bincount(which, minlength=len(following))
            different = np.count_nonzero(counts)
            probabilities = (counts + different * probabilities) / (len(which) + different)
            if length == len(end):
                break
            matching = (places >= length) & (self.tokens[places - length] == end[-length - 1])
            if not matching.any():
                break
            places, which = places[matching], which[matching]
        return following, probabilities


def joined(texts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The tokens of several texts as `Nearby` has them."""
    ended = [part for text in texts for part in (text, [END])]
    return np.concatenate([*ended, []]).astype(np.int64)


def log_softmax(
    logits: NDArray[np.float32], allowed: NDArray[np.int64] | None = None
) -> NDArray[np.float32]:
    """The logarithms of the tokens' probabilities, [vocabulary]; -inf for those not allowed."""
    if allowed is None:
        shifted: NDArray[np.float32] = logits - logits.max()
        shifted -= np.log(np.exp(shifted).sum())
        return shifted
    among = np.full_like(logits, -np.inf)
    among[allowed] = log_softmax(logits[allowed])
    return among
