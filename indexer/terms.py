"""The words under which code is found: identifiers, whole and in their parts."""

import re
from functools import lru_cache

_WORD = re.compile(r"\w+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_A-Za-z0-9]+")

# Longer words are data: keys, hashes, encoded files.
_LONGEST_WORD = 64


def terms(text: str) -> list[str]:
    """All terms of a text, in order and as often as they occur.

    `addRoute` and `add_route` give themselves, "add" and "route"; everything is in lower case.
    """
    return spelled_out(text).split()


def spelled_out(text: str) -> str:
    """The terms of a text with spaces between them."""
    return " ".join(map(_word_spelled_out, _WORD.findall(text)))


@lru_cache(maxsize=100_000)
def _word_spelled_out(word: str) -> str:
    if len(word) > _LONGEST_WORD:
        return ""
    parts = [part.lower() for part in _PART.findall(word) if len(part) > 1]
    return " ".join(dict.fromkeys([word.lower(), *parts]))
