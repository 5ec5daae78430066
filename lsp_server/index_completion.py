"""Completes a line from the index alone: what came next where the same words stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.index import Hit
from lsp_server.context import Context

_SHORTEST_MATCH = 4  # characters typed; fewer say nothing about what comes


@dataclass(frozen=True)
class Continuation:
    """The rest of a line found elsewhere."""

    text: str
    confidence: float
    hit: Hit


def continue_line(context: Context, hits: Sequence[Hit]) -> Continuation | None:
    """The most telling continuation of the typed part of the line among the hits.

    A line serves that begins with what is typed; of several, the one that shares most with it
    and with the lines above. On an empty line, the line that follows the same line above serves.
    """
    typed = context.typed.strip()
    above = context.before.rstrip().rpartition("\n")[2].strip()
    if len(typed or above) < _SHORTEST_MATCH:
        return None
    best: Continuation | None = None
    for hit in hits:
        lines = hit.snippet.text.splitlines()
        for previous, line in zip(["", *lines], lines, strict=False):
            found = _continuation(typed, above, previous.strip(), line.strip())
            if found and (best is None or found[1] > best.confidence):
                best = Continuation(found[0], found[1], hit)
    return best


def _continuation(typed: str, above: str, previous: str, line: str) -> tuple[str, float] | None:
    """The text and the confidence that a line elsewhere gives, if any."""
    same_above = bool(above) and previous == above
    if typed:
        if not line.startswith(typed) or len(line) == len(typed):
            return None
        # The share of the line that was there to agree with, doubled by the line above.
        share = len(typed) / len(line)
        return line[len(typed) :], (share + same_above) / 2
    return (line, 0.5) if same_above and line else None
