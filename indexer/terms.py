"""The words under which code is found: identifiers, whole and in their parts."""

import re
from collections.abc import Iterator
from functools import lru_cache

_WORD = re.compile(r"\w+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_A-Za-z0-9]+")

# Longer words are data: keys, hashes, encoded files.
_LONGEST_WORD = 64


def terms(text: str) -> Iterator[str]:
    """All terms of a text, in order and as often as they occur.

    `addRoute` and `add_route` give themselves, "add" and "route"; everything is in lower case.
    """
    for word in _WORD.findall(text):
        yield from _terms_of_word(word)


@lru_cache(maxsize=100_000)
def _terms_of_word(word: str) -> tuple[str, ...]:
    if len(word) > _LONGEST_WORD:
        return ()
    parts = [part.lower() for part in _PART.findall(word) if len(part) > 1]
    whole = word.lower()
    return tuple(dict.fromkeys([whole, *parts]))
