"""Code under other names: what makes much of little for benchmarks, and stays code."""

import keyword
import random
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial

_NAME = re.compile(r"[A-Za-z_]\w{3,}")
_REPLACED = 0.3
_SPARED = frozenset([*keyword.kwlist, "self"])


def renaming(names: Sequence[str], seed: int) -> Callable[[str], str]:
    """Replaces three in ten of the names in Python code, each by the same one wherever it stands.

    `names` are those that come in their place.
    """
    chance = random.Random(seed)
    new: dict[str, str] = {}

    def renamed(match: re.Match[str]) -> str:
        old = match[0]
        if old not in new:
            is_kept = old in _SPARED or chance.random() >= _REPLACED
            new[old] = old if is_kept else chance.choice(names)
        return new[old]

    return partial(_NAME.sub, renamed)


def names_in(texts: Iterable[str]) -> list[str]:
    """The names that stand in texts, in order."""
    return sorted({name for text in texts for name in _NAME.findall(text)} - _SPARED)
