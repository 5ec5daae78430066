"""Types at places of a repository and measures what comes."""

import asyncio
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_server.demo.places import Place
from lsp_server.demo.typist import Answer, Progress, typist

KEYS = 3  # typed at each place, one request each
_BETWEEN_KEYS = 0.15  # seconds
_LOOKING = 1.0  # seconds that the user looks on after the last key


@dataclass(frozen=True)
class Visit:
    """What happened at a place: an answer on arrival, one after each key, and a better one."""

    place: Place
    arrival: Answer
    keys: tuple[Answer, ...]
    better: Answer | None = None  # than the last of them; that may be its whole line

    @property
    def typed(self) -> str:
        """What was typed there."""
        return self.place.rest[: len(self.keys)]

    @property
    def final(self) -> Answer:
        """What is shown after the last key, once the user has looked on for a moment."""
        return self.better or self.keys[-1]

    @property
    def asked(self) -> tuple[Answer, ...]:
        """The answers to keys that were not what the suggestion before had next.

        The others are answered with the rest of that suggestion, in no time.
        """
        before = (self.arrival, *self.keys)
        pairs = zip(before, self.typed, self.keys, strict=False)
        return tuple(answer for last, key, answer in pairs if not last.text.startswith(key))

    @property
    def exact(self) -> bool:
        """Whether the first line of the suggestion is what stood there."""
        wanted = self.place.rest[len(self.keys) :].rstrip()
        return bool(self.final.text) and self.final.text.split("\n")[0].rstrip() == wanted


async def visit_all(
    root: Path,
    places: Sequence[Place],
    settings: dict[str, Any],
    progress: Progress,
    visited: Callable[[Visit], None],
) -> list[Visit]:
    """Starts the server on `root` and visits the places; each visit is reported as it ends."""
    visits = []
    async with typist(root, settings, progress) as editor:
        for place in places:
            editor.open(place.path, place.language, place.text, place.offset)
            arrival = await editor.ask()
            keys = []
            for key in place.rest[:KEYS]:
                await asyncio.sleep(_BETWEEN_KEYS)
                editor.type(key)
                keys.append(await editor.ask())
            is_final = bool(keys[-1].text) and not keys[-1].details.get("quick")
            better = None if is_final else await editor.better(_LOOKING)
            editor.close()
            visits.append(Visit(place, arrival, tuple(keys), better))
            visited(visits[-1])
    return visits


def summary(visits: Sequence[Visit]) -> dict[str, Any]:
    """Figures over all visits; times are what the editor saw, in milliseconds.

    A key that goes along the suggestion before needs no model; the others are asked of it.
    """
    keys = [answer for visit in visits for answer in visit.keys]
    asked = [answer for visit in visits for answer in visit.asked]
    return {
        "places": len(visits),
        "with_suggestion": sum(bool(visit.final.text) for visit in visits),
        "exact": sum(visit.exact for visit in visits),
        "median_arrival_ms": _median([visit.arrival for visit in visits]),
        "median_key_ms": _median(keys),
        "keys_along_a_suggestion": len(keys) - len(asked),
        "keys_asked": len(asked),
        "median_asked_key_ms": _median(asked),
    }


def _median(answers: Sequence[Answer]) -> float | None:
    times = [answer.milliseconds for answer in answers]
    return round(statistics.median(times), 1) if times else None
