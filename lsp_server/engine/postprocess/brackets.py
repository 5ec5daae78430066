"""Against brackets that close nothing."""

import re
from collections.abc import Iterator

from lsp_server.engine.context import Context

_PAIRS = {")": "(", "]": "[", "}": "{"}

# Whole texts, in which brackets mean nothing. A single quote may also stand alone, as in Rust.
_TEXTS = re.compile(
    r'"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\'(?:\\.|[^\'\\\n])\'|\'(?:\\.|[^\'\\\n])*\'(?!\w)'
)
_ARROWS = re.compile(r"[=-]>")


def balance_brackets(text: str, context: Context) -> str:
    """Cut before the first bracket that closes nothing: what it would close is closed already.

    Brackets opened on the typed part of the line and not closed in its rest may be closed. Angles
    count where one is closed right behind the cursor.
    """
    if not context.rest.strip() or context.place in ("string", "comment"):
        return text
    pairs = _PAIRS | ({">": "<"} if context.rest.lstrip().startswith(">") else {})
    open_before = _unclosed(context.typed, pairs)
    for bracket in context.rest:
        if open_before and pairs.get(bracket) == open_before[-1]:
            open_before.pop()
    stack = list(open_before)
    for place, letter in _code(text):
        if letter in pairs.values():
            stack.append(letter)
        elif letter in pairs:
            if not stack or stack[-1] != pairs[letter]:
                return text[:place]
            stack.pop()
    return text


def unclosed(line: str) -> list[str]:
    """The brackets that a line opens and does not close, from the outer to the inner."""
    return _unclosed(line, _PAIRS)


def _unclosed(line: str, pairs: dict[str, str]) -> list[str]:
    stack: list[str] = []
    for _, letter in _code(line):
        if letter in pairs.values():
            stack.append(letter)
        elif stack and pairs.get(letter) == stack[-1]:
            stack.pop()
    return stack


def _code(text: str) -> Iterator[tuple[int, str]]:
    """The letters of a text that stand in no string and are no arrow, each with its place."""
    for pattern in (_TEXTS, _ARROWS):
        text = pattern.sub(lambda found: " " * len(found[0]), text)
    return iter(enumerate(text))
