"""Against loops."""

import re

from lsp_server.engine.context import Context

_MANY = 2  # lines in a row that all stood there before


def drop_repetition(text: str, context: Context) -> str:
    """A small model that is lost repeats itself.

    Of what stands three times in a row, the first is kept. Of lines, those are left out that do
    again what the line above does, and those at the end that all stand further up.
    """
    loop = re.search(r"(.{8,}?)\1\1", text, re.DOTALL)
    if loop:
        text = text[: loop.end(1)]
    lines = (context.typed + text).split("\n")
    for number in range(1, len(lines)):
        again = _says_something(lines[number]) and lines[number] == lines[number - 1]
        rest = [line for line in lines[number:] if _says_something(line)]
        if again or (len(rest) >= _MANY and all(line in lines[:number] for line in rest)):
            return "\n".join(lines[:number])[len(context.typed) :]
    return text


def _says_something(line: str) -> bool:
    return re.search(r"\w", line) is not None
