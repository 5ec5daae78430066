"""An interpolated 5-gram over code, which can count some texts more than others.

Interpolated by Witten and Bell, "The zero-frequency problem", 1991; that such a model with a cache
of the open file is a fair floor, say Hellendoorn and Devanbu, "Are deep neural networks the best
choice for modeling source code?", FSE 2017. A token that was never seen is spelled letter by
letter, so every text has a probability.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

ORDER = 5

# A line break with the indentation below it, or a word or sign with the spaces before it.
_TOKEN = re.compile(r"\s*\n[^\S\n]*|[^\S\n]*(?:\w+|[^\w\s])|[^\S\n]+")

# Of a token never seen: each of its letters is one of a hundred, or the end.
_LETTERS = 100.0

_NEVER_SEEN = "\0"

_LONGEST = 64  # tokens of an answer

Context = tuple[str, ...]


def tokens_of(text: str) -> list[str]:
    """A text in tokens, which put together are the text again."""
    return _TOKEN.findall(text)


class NGrams:
    """Counts of all sequences of up to five tokens."""

    def __init__(self) -> None:
        self._following: defaultdict[Context, Counter[str]] = defaultdict(Counter)
        self._total: Counter[Context] = Counter()

    def add(self, tokens: Sequence[str], times: int = 1) -> None:
        """Counts the sequences of a text; the same with `times` negative forgets them."""
        for place, token in enumerate(tokens):
            for length in range(min(ORDER - 1, place) + 1):
                context = tuple(tokens[place - length : place])
                following = self._following[context]
                following[token] += times
                self._total[context] += times
                if not following[token]:
                    del following[token]

    def probability(self, token: str, before: Sequence[str]) -> float:
        """Of a token after all that stands before it."""
        result = _LETTERS ** -(len(token) + 1)
        for context in _contexts(before):
            total = self._total.get(context, 0)
            if not total:
                break
            following = self._following[context]
            result = (following[token] + len(following) * result) / (total + len(following))
        return result

    def complete(
        self, before: Sequence[str], beginning: str, stop: Callable[[str], int | None]
    ) -> str:
        """The most probable token at each step; the first one begins with `beginning`.

        `stop` says where the text after the beginning is to be cut, when it is complete.
        """
        standing, answer = list(before), ""
        for number in range(_LONGEST):
            wanted = beginning if number == 0 else ""
            candidates = self._beginning_with(wanted) if wanted else self._after(standing)
            if not candidates:
                return answer
            # By its letters where two are equally probable, so that the answer is always the same.
            token = max(candidates, key=lambda each: (self.probability(each, standing), each))
            standing.append(token)
            answer += token[len(wanted) :]
            if (cut := stop(answer)) is not None:
                return answer[:cut]
        return answer

    def bits(self, before: Sequence[str], beginning: str, text: str) -> float:
        """Of a text, given what stands before it and that it goes on from `beginning`."""
        standing, bits = list(before), 0.0
        for token in tokens_of(beginning + text):
            bits -= math.log2(self.probability(token, standing))
            standing.append(token)
        if beginning:
            bits += math.log2(self._probability_of_beginning(before, beginning))
        return bits

    def _after(self, before: Sequence[str]) -> list[str]:
        """What followed the longest part of a context that was ever followed by anything."""
        known = [context for context in _contexts(before) if self._total.get(context, 0)]
        return list(self._following[known[-1]]) if known else []

    def _beginning_with(self, text: str) -> list[str]:
        return [token for token in self._following[()] if token.startswith(text)]

    def _probability_of_beginning(self, before: Sequence[str], beginning: str) -> float:
        seen = self._beginning_with(beginning)
        total = sum(self.probability(token, before) for token in seen)
        # And those never seen, of which each has its part of what its letters make likely.
        letters = len(_NEVER_SEEN) + 1 - len(beginning)
        return total + self.probability(_NEVER_SEEN, before) * _LETTERS**letters


def _contexts(before: Sequence[str]) -> list[Context]:
    """The last tokens of a text, from none of them to as many as count."""
    last = tuple(before[-(ORDER - 1) :])
    return [last[len(last) - length :] for length in range(len(last) + 1)]
