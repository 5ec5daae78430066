"""Makes a model's answer fit for showing: a list of filters, each a pure function.

A filter takes the text and the context and returns the text, repaired, or "" to show nothing.
"""

import re
from collections.abc import Callable

from lsp_server.context import Context

Filter = Callable[[str, Context], str]

_PAIRS = {")": "(", "]": "[", "}": "{"}


def clean(text: str, context: Context) -> str:
    """Runs a text through all filters; "" when nothing is left to show."""
    for apply in FILTERS:
        text = apply(text, context)
        if not text.strip():
            return ""
    return text


def trim_end(text: str, _: Context) -> str:
    """Spaces and empty lines at the end are noise."""
    return text.rstrip()


def drop_repetition(text: str, _: Context) -> str:
    """A small model that is lost repeats itself: keep what comes before the third time."""
    loop = re.search(r"(.{8,}?)\1\1", text, re.DOTALL)
    if loop:
        return text[: loop.end(1)]
    lines = text.split("\n")
    for number in range(2, len(lines)):
        if lines[number].strip() and lines[number] == lines[number - 1] == lines[number - 2]:
            return "\n".join(lines[: number - 1])
    return text


def trim_overlap(text: str, context: Context) -> str:
    """What the rest of the line already has is not written again.

    A bracket at the end that closes one of the text's own stays.
    """
    rest = context.rest.strip()
    for length in range(min(len(rest), len(text)), 0, -1):
        overlaps = text.endswith(rest[:length])
        if overlaps and not rest[:length].isalnum() and not _unclosed(text[:-length]):
            return text[:-length]
    return text


def drop_copy(text: str, context: Context) -> str:
    """A line that stands right below or right above is not suggested once more."""
    below = next((line.strip() for line in context.after.splitlines() if line.strip()), "")
    above = context.before.rstrip().rpartition("\n")[2].strip()
    line = (context.typed + text).strip()
    copies = line == below or (line == above and len(line) > 3)
    return "" if copies and "\n" not in text.strip() else text


def balance_brackets(text: str, context: Context) -> str:
    """Cut before the first bracket that closes nothing: what it would close is closed already.

    Brackets opened on the typed part of the line and not closed in its rest may be closed.
    """
    if not context.rest.strip():
        return text
    open_before = _unclosed(context.typed)
    for bracket in context.rest:
        if open_before and _PAIRS.get(bracket) == open_before[-1]:
            open_before.pop()
    stack = list(open_before)
    for place, letter in enumerate(text):
        if letter in _PAIRS.values():
            stack.append(letter)
        elif letter in _PAIRS:
            if not stack or stack[-1] != _PAIRS[letter]:
                return text[:place]
            stack.pop()
    return text


FILTERS: tuple[Filter, ...] = (
    trim_end,
    drop_repetition,
    trim_overlap,
    balance_brackets,
    drop_copy,
    trim_end,
)


def _unclosed(line: str) -> list[str]:
    stack: list[str] = []
    for letter in line:
        if letter in _PAIRS.values():
            stack.append(letter)
        elif stack and _PAIRS.get(letter) == stack[-1]:
            stack.pop()
    return stack
