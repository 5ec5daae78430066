"""Which of the names that may stand at a cursor are likely, before a model is asked."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from indexer.members import Symbol
from indexer.nearness import distance

# All in nats, as the model's logarithms of probabilities are, to which they are added.
_USED_HERE = 3.0  # the name stands in the document already
_USED_LONG_AGO = 0.5  # less for each tenfold distance to where it stands last, in characters
_STEP_AWAY = 0.4  # less for each step through the folder tree
_FARTHEST = 6  # steps that count
_OPEN = 1.0  # its file is open in the editor
_PRIVATE = 2.0  # less for `_name`
_SPECIAL = 4.0  # less for `__name__`
_OVERRIDDEN = 8.0  # a method of the base class, in the one that takes its place
# For how often the name stands behind the same receiver, for each e-fold.
_BEHIND_HERE = 0.75  # in the document
_BEHIND_ELSEWHERE = 0.5  # in other files


@dataclass(frozen=True)
class Surroundings:
    """What tells which names are near."""

    path: str
    """Of the document, relative to the workspace."""
    before: str
    """The document's text up to the word at the cursor."""
    prefix: str
    """What of the word is typed."""
    open_paths: Collection[str]
    """The files that are open in the editor."""
    behind_here: Mapping[str, int] = field(default_factory=dict)
    """How often each name stands behind a receiver as the cursor does, in the document."""
    behind_elsewhere: Mapping[str, int] = field(default_factory=dict)
    """The same in other files."""
    overridden: str = ""
    """The method around the cursor, if that stands behind `super().`."""

    @property
    def may_be_private(self) -> bool:
        """Whether `_names` are meant, too: one is begun, or the class's own members are asked."""
        return self.prefix.startswith("_") or self.before.endswith(("self.", "cls.", "this."))


def likelihood(symbol: Symbol, around: Surroundings) -> float:
    """How likely a name is meant; higher is likelier, and only differences mean something."""
    score = -_STEP_AWAY * min(distance(symbol.path, around.path), _FARTHEST)
    last = _last_place(symbol.name, around.before)
    if last is not None:
        score += _USED_HERE - _USED_LONG_AGO * math.log10(1 + len(around.before) - last)
    score += _BEHIND_HERE * math.log1p(around.behind_here.get(symbol.name, 0))
    score += _BEHIND_ELSEWHERE * math.log1p(around.behind_elsewhere.get(symbol.name, 0))
    score += _OVERRIDDEN * (symbol.name == around.overridden)
    score += _OPEN * (symbol.path in around.open_paths)
    if symbol.name.startswith("__"):
        score -= _SPECIAL
    elif symbol.name.startswith("_") and not around.may_be_private:
        score -= _PRIVATE
    return score


def _last_place(name: str, text: str) -> int | None:
    """Where a name stands last as a whole word."""
    place = text.rfind(name)
    while place >= 0:
        if not re.match(r"\w", text[place + len(name) :][:1]) and not re.match(
            r"\w", text[place - 1 : place]
        ):
            return place
        place = text.rfind(name, 0, place)
    return None
