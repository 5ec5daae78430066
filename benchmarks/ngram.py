"""The floor: an interpolated 5-gram over a repository with a cache of the open document.

Nested models, the document's over the repository's, after Hellendoorn and Devanbu, "Are deep
neural networks the best choice for modeling source code?", FSE 2017; each interpolated by Witten
and Bell, "The zero-frequency problem", 1991. A token that was never seen is spelled letter by
letter, so every text has a probability.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

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
        """Counts the sequences of a text; -1 `times` forgets them."""
        for place, token in enumerate(tokens):
            for length in range(min(ORDER - 1, place) + 1):
                context = tuple(tokens[place - length : place])
                following = self._following[context]
                following[token] += times
                self._total[context] += times
                if not following[token]:
                    del following[token]

    def probability(self, token: str, context: Context, base: float) -> float:
        """Of a token after a context, where `base` is its probability if nothing is known."""
        result = base
        for length in range(len(context) + 1):
            shorter = context[len(context) - length :]
            total = self._total.get(shorter, 0)
            if not total:
                break
            following = self._following[shorter]
            result = (following[token] + len(following) * result) / (total + len(following))
        return result

    def after(self, context: Context) -> Counter[str]:
        """What followed the longest part of a context that was ever followed by anything."""
        for length in range(len(context), -1, -1):
            shorter = context[len(context) - length :]
            if self._total.get(shorter, 0):
                return self._following[shorter]
        return Counter()

    def beginning_with(self, text: str) -> list[str]:
        """The tokens that begin with a text."""
        return [token for token in self._following[()] if token.startswith(text)]


class NestedModel:
    """The document's 5-grams over those of the repository's other files."""

    def __init__(self, repository: NGrams, document: Iterable[Sequence[str]]) -> None:
        """`document`: the parts of it that are known, in tokens."""
        self._repository = repository
        self._document = NGrams()
        for part in document:
            self._document.add(part)

    def probability(self, token: str, before: Sequence[str]) -> float:
        """Of a token after all that stands before it."""
        context = tuple(before[-(ORDER - 1) :])
        spelled = _LETTERS ** -(len(token) + 1)
        wide = self._repository.probability(token, context, spelled)
        return self._document.probability(token, context, wide)

    def complete(
        self, before: Sequence[str], beginning: str, stop: Callable[[str], int | None]
    ) -> str:
        """The most probable token at each step; the first one begins with `beginning`.

        `stop` says where the text after the beginning is to be cut, when it is complete.
        """
        standing, answer = list(before), ""
        for number in range(_LONGEST):
            wanted = beginning if number == 0 else ""
            token = self._best(standing, wanted)
            if token is None:
                return answer
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

    def _best(self, before: Sequence[str], beginning: str) -> str | None:
        context = tuple(before[-(ORDER - 1) :])
        grams = (self._document, self._repository)
        if beginning:
            candidates = {token for each in grams for token in each.beginning_with(beginning)}
        else:
            candidates = {token for each in grams for token in each.after(context)}
        # By its letters, where two are equally probable, so that the answer is always the same.
        return max(
            candidates, key=lambda token: (self.probability(token, before), token), default=None
        )

    def _probability_of_beginning(self, before: Sequence[str], beginning: str) -> float:
        seen = {
            token
            for each in (self._document, self._repository)
            for token in each.beginning_with(beginning)
        }
        total = sum(self.probability(token, before) for token in seen)
        # And those never seen, of which each has its part of what its letters make likely.
        letters = len(_NEVER_SEEN) + 1 - len(beginning)
        return total + self.probability(_NEVER_SEEN, before) * _LETTERS**letters
