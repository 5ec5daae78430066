"""Completes a line from the index alone: what came next where the same words stand."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.results import Hit
from lsp_server.engine.context import Context

_SHORTEST_MATCH = 4  # characters; fewer say nothing about what comes
_TELLING_MATCH = 16  # characters; as many say all that typing can

# What the line above being the same, too, adds to the confidence.
_LINE_ABOVE = 0.45


@dataclass(frozen=True)
class Continuation:
    """The rest of a line found elsewhere."""

    text: str
    confidence: float
    hit: Hit


def continue_line(context: Context, hits: Sequence[Hit]) -> Continuation | None:
    """The most telling continuation of what is typed on the line among the hits.

    It is what follows the longest end of the typed part that stands elsewhere, cut at words; on
    an empty line, the line below one like the line above.
    """
    typed = context.typed.strip()
    above = context.before.rstrip().rpartition("\n")[2].strip()
    found = [
        Continuation(text, confidence, hit)
        for hit in hits
        for text, confidence in _continuations(typed, above, hit.snippet.text)
    ]
    # max() takes the first of equals, and so that of the better hit.
    return max(found, key=lambda each: each.confidence, default=None)


def _continuations(typed: str, above: str, text: str) -> Iterator[tuple[str, float]]:
    lines = [line.strip() for line in text.splitlines()]
    for previous, line in zip(["", *lines], lines, strict=False):
        same_above = len(above) >= _SHORTEST_MATCH and previous == above
        if not typed:
            if same_above and line:
                yield line, _LINE_ABOVE
            continue
        rest, length = _after_longest_end(typed, line)
        if rest:
            certainty = min(1.0, length / _TELLING_MATCH)
            yield rest, (1 - _LINE_ABOVE) * certainty + _LINE_ABOVE * same_above


def _after_longest_end(typed: str, line: str) -> tuple[str, int]:
    """What follows the longest end of `typed` in a line, and how long that end is."""
    for start in (match.start() for match in re.finditer(r"\w+|[^\w\s]", typed)):
        end = typed[start:]
        if len(end) < _SHORTEST_MATCH:
            break
        place = re.search(r"(?<!\w)" + re.escape(end) if end[0].isalnum() else re.escape(end), line)
        if place:
            return line[place.end() :], len(end)
    return "", 0
