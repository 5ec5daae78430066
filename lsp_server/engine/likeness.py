"""Finds the lines of a snippet that stand as the cursor's line does, and what follows them.

What somebody types next often stands elsewhere after lines like those that he has just typed. So
lines are compared one by one, the cursor's with each of a snippet and those above it with those
above that; shared rare words count most. Showing the lines around a match with what follows it is
from RepoCoder (Zhang et al. 2023), which compares whole windows instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from indexer.results import Hit
from indexer.snippets import Snippet
from indexer.terms import terms
from lsp_server.engine.context import Context

# Lines above the cursor's that are compared one by one, and how much less each counts.
_COMPARED = 6
_LINE_ABOVE = 0.5

# Terms anywhere around the cursor count, too, by their distance in lines.
_LINES_BEFORE, _LINES_AFTER = 12, 3
_LINE_AWAY = 0.7
_AROUND = 0.5

# What a passage shows beside the line that was matched, and how many a snippet may give.
_SHOWN_ABOVE, _SHOWN_BELOW = 1, 3
_PASSAGES = 2

# Fewer lines than this between two passages are shown, too.
_GAP = 3

# Long lines and passages share words by chance.
_LONG_LINE = 0.05
_LONG_PASSAGE = 0.3
_SHORT_PASSAGE = 5  # terms


@dataclass(frozen=True)
class Place:
    """The terms around a cursor."""

    lines: tuple[frozenset[str], ...]
    """Those of the cursor's line, and of the lines above it that are not blank, upwards."""
    closeness: Mapping[str, float]
    """All terms around: 1 on the cursor's line, less farther away."""


def read_place(context: Context) -> Place:
    """The terms around the cursor of a context."""
    above = context.before.splitlines()[-4 * _LINES_BEFORE :][::-1]
    written = [frozenset(terms(line)) for line in above if line.strip()]
    below = context.after.split("\n", _LINES_AFTER)[:_LINES_AFTER]
    closeness: dict[str, float] = {}
    for distance, line in enumerate([context.typed, *above[:_LINES_BEFORE]]):
        for term in terms(line):
            closeness.setdefault(term, _LINE_AWAY**distance)
    for distance, line in enumerate(below):
        for term in terms(line):
            closeness.setdefault(term, 0.5 * _LINE_AWAY**distance)
    return Place((frozenset(terms(context.typed)), *written[:_COMPARED]), closeness)


def passages(
    place: Place, snippet: Snippet, rarity: Mapping[str, float], hidden: tuple[int, int]
) -> list[Hit]:
    """The few lines of a snippet that are most like those at a place, best first.

    `rarity` says how telling the place's terms are. No passage overlaps what is `hidden`, from
    where to where in characters of the snippet's file. The score is that of the line which is most
    like the cursor's, 1 where it and those above it are the same.
    """
    most = _score_of_itself(place, rarity)
    lines = snippet.text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=snippet.start))
    found: list[_Span] = []
    for score, number in _scores(place, lines, rarity) if most else ():
        first, last = max(0, number - _SHOWN_ABOVE), min(len(lines), number + 1 + _SHOWN_BELOW)
        is_hidden = starts[first] <= hidden[1] and starts[last] - 1 >= hidden[0]
        overlaps = any(first < end and last > start for start, end, _ in found)
        if not is_hidden and not overlaps:
            found.append((first, last, score / most))
        if len(found) == _PASSAGES:
            break
    return [
        Hit(
            replace(
                snippet,
                text="\n".join(lines[first:last]),
                start=starts[first],
                end=starts[last] - 1,
                start_line=snippet.start_line + first,
                end_line=snippet.start_line + last,
            ),
            score,
        )
        for first, last, score in _joined(found)
    ]


_Span = tuple[int, int, float]
"""From which line to which, and the score."""


def _joined(spans: Iterable[_Span]) -> list[_Span]:
    """Those that lie close together as one; best first."""
    joined: list[_Span] = []
    for first, last, score in sorted(spans):
        if joined and first - joined[-1][1] < _GAP:
            start, _, other = joined.pop()
            joined.append((start, last, max(score, other)))
        else:
            joined.append((first, last, score))
    return sorted(joined, key=lambda each: -each[2])


def _scores(
    place: Place, lines: Sequence[str], rarity: Mapping[str, float]
) -> list[tuple[float, int]]:
    """How like the cursor's line each line is, and its number; best first, the unlike left out."""
    numbers = [number for number, line in enumerate(lines) if line.strip()]
    written = [frozenset(terms(lines[number])) for number in numbers]
    scores = []
    for at, number in enumerate(numbers):
        upwards = [written[at - above] for above in range(min(at + 1, len(place.lines)))]
        around = written[max(0, at - _SHOWN_ABOVE) : at + 1 + _SHOWN_BELOW]
        score = _score(place, rarity, upwards, around)
        if score > 0:
            scores.append((score, number))
    return sorted(scores, key=lambda each: (-each[0], each[1]))


def _score(
    place: Place,
    rarity: Mapping[str, float],
    upwards: Sequence[frozenset[str]],
    around: Sequence[frozenset[str]],
) -> float:
    """How like a place another one is, whose lines are given as their terms."""
    score = 0.0
    for above, (wanted, line) in enumerate(zip(place.lines, upwards, strict=False)):
        if common := wanted & line:
            telling = sum(rarity.get(term, 0.0) for term in common)
            score += _LINE_ABOVE**above * telling / (1 + _LONG_LINE * len(line))
    if not score:
        return 0.0
    here = frozenset().union(*around)
    shared = sum(place.closeness[term] * rarity[term] for term in here & rarity.keys())
    size: float = (len(here) + _SHORT_PASSAGE) ** _LONG_PASSAGE
    return score + _AROUND * shared / size


def _score_of_itself(place: Place, rarity: Mapping[str, float]) -> float:
    return _score(place, rarity, place.lines, place.lines[: 1 + _SHOWN_ABOVE])


def distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Those hits of which most lines are in none before them."""
    kept: list[Hit] = []
    texts: list[set[str]] = []
    for hit in hits:
        text = {line.strip() for line in hit.snippet.text.split("\n") if line.strip()}
        if all(len(text & other) < 0.7 * min(len(text), len(other)) for other in texts):
            kept.append(hit)
            texts.append(text)
    return kept
