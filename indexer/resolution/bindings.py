"""Where a variable or parameter of Python has its value from, by the text alone, which may be half
typed."""

import re
from collections.abc import Iterator

from indexer.expressions import closing
from indexer.resolution.declarations import indentation

_FUNCTION = re.compile(r"[ \t]*(?:async[ \t]+)?def[ \t]+[\w\0]+[^(\n]*\(")
_NAME = "\0"  # stands for the variable, so that patterns are compiled once and not for each name
_BINDING = re.compile(
    # `a = 1`, `a: int = 1`, `b, (a, c) = pair`; without the space, `a=1` is an argument
    rf"^[ \t]*(?:\(?[*\w.]+[ \t]*,[ \t]*)*\(?\*?({_NAME})(?:[ \t]*[:,)][^=\n]*)?[ \t]=(?!=)"
    rf"|\bfor\b(?:(?!\bin\b)[^\n:])*?({_NAME})(?=[^\n]*\bin\b)"
    rf"|^(?![ \t]*(?:import|from)\b).*\bas[ \t]+({_NAME})|({_NAME})[ \t]*:=",
)
_PARAMETER = re.compile(rf"{_NAME}(?=\s*[:=,)])")


def binding(text: str, name: str) -> int | None:
    """The line, from zero, on which a variable of the last line of a text has its value from: an
    assignment, a parameter, `for`, `with`, `except` or `:=`; None where the text does not tell.

    Only the functions around that line are looked through, or all where there is none.
    """
    marked = re.sub(rf"(?<![\w.]){re.escape(name)}(?!\w)", _NAME, text)
    heads = list(_functions_around(marked))
    found = _last_binding(marked, heads[-1] if heads else 0)
    for head in heads:
        opening = marked.index("(", head)
        parameter = _PARAMETER.search(marked, opening, closing(marked, opening))
        found += [parameter.start()] if parameter else []
    return marked.count("\n", 0, max(found)) if found else None


def _last_binding(text: str, start: int) -> list[int]:
    """Where the variable is bound last behind `start`, if anywhere; only lines that have it are
    looked at."""
    end = len(text)
    while (place := text.rfind(_NAME, start, end)) >= 0:
        end = text.rfind("\n", 0, place) + 1
        line_end = text.find("\n", place)
        line = text[end : line_end if line_end >= 0 else None]
        if matches := [*_BINDING.finditer(line)]:
            return [end + matches[-1].start()]
    return []


def _functions_around(text: str) -> Iterator[int]:
    """Where the functions begin that the last line of a text is in, innermost first; told by
    indentation."""
    lines = text.split("\n")
    place = len(text) - len(lines[-1])
    limit = indentation(lines[-1])
    for line in reversed(lines[:-1]):
        if not limit:
            return
        place -= len(line) + 1
        if line[:limit].isspace() and len(line) > limit:
            continue  # most lines: they are indented as far
        closes = line.lstrip()[:1] in (")", "]", "}")  # the end of a head on several lines
        if line.strip() and not closes and indentation(line) < limit:
            limit = indentation(line)
            if _FUNCTION.match(line):
                yield place
