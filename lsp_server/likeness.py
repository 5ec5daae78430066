"""Finds the lines of a snippet that stand as the cursor's line does, and what follows them.

What somebody types next often stands elsewhere after lines like those that he has just typed. So
lines are compared one by one, the cursor's with each of a snippet and those above it with those
above that; shared rare words count most. Showing the lines around a match with what follows it is
from RepoCoder (Zhang et al. 2023), which compares whole windows instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from indexer.results import Hit
from indexer.snippets import Snippet
from indexer.terms import terms
from lsp_server.context import Context

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
    where to where in characters of the snippet's file.
    """
    lines = snippet.text.split("\n")
    scores = _scores(place, lines, rarity)
    starts = [snippet.start]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found: list[tuple[int, int, float]] = []
    for number, score in sorted(scores.items(), key=lambda each: -each[1]):
        first, last = max(0, number - _SHOWN_ABOVE), min(len(lines), number + 1 + _SHOWN_BELOW)
        is_shown = starts[first] <= hidden[1] and starts[last] - 1 >= hidden[0]
        overlaps = any(first < end and last > start for start, end, _ in found)
        if score > 0 and not is_shown and not overlaps:
            found.append((first, last, score))
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


def _joined(found: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Spans of lines with scores, those that lie close together as one; best first."""
    joined: list[tuple[int, int, float]] = []
    for first, last, score in sorted(found):
        if joined and first - joined[-1][1] < _GAP:
            start, _, other = joined.pop()
            joined.append((start, last, max(score, other)))
        else:
            joined.append((first, last, score))
    return sorted(joined, key=lambda each: -each[2])


def _scores(place: Place, lines: list[str], rarity: Mapping[str, float]) -> dict[int, float]:
    """How like the cursor's line each line is that is not blank, by its number."""
    numbers = [number for number, line in enumerate(lines) if line.strip()]
    written = [set(terms(lines[number])) for number in numbers]
    shared = [each & rarity.keys() for each in written]
    scores: dict[int, float] = {}
    for at, number in enumerate(numbers):
        score = 0.0
        for above, wanted in enumerate(place.lines[: at + 1]):
            common = wanted & shared[at - above]
            if common:
                long = 1 + _LONG_LINE * len(written[at - above])
                score += _LINE_ABOVE**above * sum(map(rarity.__getitem__, common)) / long
        around = slice(max(0, at - _SHOWN_ABOVE), at + 1 + _SHOWN_BELOW)
        telling = set().union(*shared[around])
        size = len(set().union(*written[around])) + _SHORT_PASSAGE
        weight = sum(place.closeness[term] * rarity[term] for term in telling)
        scores[number] = score + _AROUND * weight / size**_LONG_PASSAGE
    return scores


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
