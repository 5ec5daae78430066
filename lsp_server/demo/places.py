"""Chooses real places to type at: lines of code whose end is taken away."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.languages import language_of
from indexer.walk import Skipped, Unreadable, read, walk

# Statements, in most languages: an assignment, a returned value, a call. The first group ends
# where typing starts.
_STATEMENT = re.compile(
    r"""^(?P<kept>[ \t]+(?:
        (?:(?:const|let|var|auto)[ ])? [\w.\[\]"']+ [ ]:?=[ ]
        | return[ ]
        | (?:await[ ])? [\w.]+ [.(]
    ))(?P<rest>.+)$""",
    re.MULTILINE | re.VERBOSE,
)
_LEAST_REST = 10  # characters; a shorter rest is no help to anybody
_PROSE = {"markdown", "rst"}


@dataclass(frozen=True)
class Place:
    """A document whose line ends at the cursor, and how that line went on."""

    path: Path
    language: str
    text: str  # without the rest of the line
    offset: int  # of the cursor, in characters
    rest: str  # what was taken away


def choose_places(root: Path, count: int, seed: int = 0) -> list[Place]:
    """At most `count` places, one a file while there are files; the same for the same seed."""
    chance = random.Random(seed)
    files = [list(_places(path)) for path in walk(root) if not isinstance(path, Skipped)]
    files = [places for places in files if places]
    chance.shuffle(files)
    for places in files:
        chance.shuffle(places)
    rounds = max(map(len, files), default=0)
    order = [places[turn] for turn in range(rounds) for places in files if turn < len(places)]
    return order[:count]


def _places(path: Path) -> Iterator[Place]:
    language = language_of(path)
    if language is None or language.name in _PROSE:
        return
    try:
        text = read(path)
    except Unreadable:
        return
    for match in _STATEMENT.finditer(text):
        if len(match["rest"]) >= _LEAST_REST:
            without = text[: match.start("rest")] + text[match.end("rest") :]
            yield Place(path, language.name, without, match.start("rest"), match["rest"])
