"""What the replayed user does: pieces of text with pauses, and now and then something else.

All of it follows from the seed and the place in the text, so that every system is shown the same
script, however much of it its suggestions save.
"""

from dataclasses import dataclass
from random import Random
from typing import Literal

BETWEEN_KEYS = (0.06, 0.09)  # seconds
_PAUSE = (0.5, 2.0)  # seconds, at line starts and now and then
_PAUSES = 0.02  # share of the keys within a line that come after a pause
_DETOURS = 1 / 8  # share of the line starts before which the user does something else

Detour = Literal["visit", "edit"]
"""A visit to another function, where a word is typed again, or an edit elsewhere in the file."""


@dataclass(frozen=True)
class Key:
    """A piece of a function that comes with one key."""

    start: int  # in the function's code, in characters
    text: str  # one character, or a line break with the next line's indentation
    pause: float  # seconds from the key before
    detour: Detour | None = None  # what is done before

    @property
    def end(self) -> int:
        """Where the next key goes on."""
        return self.start + len(self.text)


def keys_of(code: str, name: str, seed: int) -> list[Key]:
    """The keys with which a function is typed, under its name."""
    keys: list[Key] = []
    for start, text in _pieces(code):
        chance = Random(f"{seed} {name} {start}")
        begins = not keys or keys[-1].text.startswith("\n")
        pauses = chance.random() < (1 if begins else _PAUSES)
        pause = chance.uniform(*(_PAUSE if pauses else BETWEEN_KEYS))
        detour: Detour | None = None
        if begins and keys and chance.random() < _DETOURS:
            detour = chance.choice(("visit", "edit"))
        keys.append(Key(start, text, pause, detour))
    return keys


def _pieces(code: str) -> list[tuple[int, str]]:
    """The code in keys: an editor indents a new line by itself, and so the first one."""
    pieces = []
    start = 0
    while start < len(code):
        end = start + 1
        if start == 0 or code[start] == "\n":
            while end < len(code) and code[end] in " \t":
                end += 1
        pieces.append((start, code[start:end]))
        start = end
    return pieces
