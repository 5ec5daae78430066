"""The page on which lists and hovers of both servers stand side by side, for a person to judge."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.lists import Answer, Compared

_NAMES = 8  # shown of a list
_LINES, _LETTERS = 14, 700  # shown of a hover


def page(found: Sequence[Compared]) -> str:
    """Markdown, a section for each place."""
    head = (
        "# Lists and hover beside jedi-language-server\n\n"
        "Written by `python -m benchmarks.lists`. The list is asked for at the bar, with the rest\n"
        "of the line not yet there; hover is of the finished file.\n"
    )
    return head + "".join(_section(number, each) for number, each in enumerate(found, start=1))


def _section(number: int, compared: Compared) -> str:
    place = compared.place
    code, cursor = place.code, place.column + place.typed
    marked = html.escape(code[:cursor].lstrip() + "‸" + code[cursor:])
    cells = (_cell(answer, place.name) for answer in (compared.ours, compared.jedi))
    row = "".join(f"<td valign=top>{cell}</td>" for cell in cells)
    return (
        f"\n## {number}. `{place.name}` in {place.repository} {place.path}:{place.line + 1}\n\n"
        f"<pre>{marked}</pre>\n"
        "<table><tr><th>Bowerbird</th><th>jedi-language-server</th></tr>\n"
        f"<tr>{row}</tr></table>\n"
    )


def _cell(answer: Answer | None, name: str) -> str:
    if answer is None:
        return "not asked"
    rank = answer.names.index(name) + 1 if name in answer.names else None
    where = f"place {rank} of {len(answer.names)}" if rank else f"not of {len(answer.names)}"
    names = [
        f"<b>{html.escape(each)}</b>" if each == name else html.escape(each)
        for each in answer.names[:_NAMES]
    ]
    lines = answer.hover[:_LETTERS].split("\n")[:_LINES]
    hover = html.escape("\n".join(lines)) or "(nothing)"
    return f"{', '.join(names) or '(empty)'} ({where})<pre>{hover}</pre>"
