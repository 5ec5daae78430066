"""Against text that breaks the syntax of the file."""

import re
from collections.abc import Iterator

from lsp_server.engine.context import Context

_MOST_CUTS = 12  # each costs a parse of the neighbourhood, one or two milliseconds

_TOKEN = re.compile(r"\w+|\"{3}|'{3}|[^\w\s]")


def keep_what_parses(text: str, context: Context) -> str:
    """As much of the text as leaves no more errors than the file has without it.

    It is cut back from its end: at its line ends first, then at the tokens of its first line.
    """
    if context.syntax is None:
        return text
    allowed = context.syntax.errors_allowed()
    for shorter in _beginnings(text):
        if context.syntax.errors(shorter) <= allowed:
            return shorter
    return ""


def _beginnings(text: str) -> Iterator[str]:
    """The text and, from the longest, the parts of it that may stand alone."""
    first, *more = text.split("\n")
    for count in range(len(more), 0, -1):
        yield "\n".join([first, *more[:count]])
    yield first
    ends = [token.end() for token in _TOKEN.finditer(first)]
    for end in ends[-2 : -_MOST_CUTS - 2 : -1]:
        if re.search(r"\w", first[:end]):
            yield first[:end]
