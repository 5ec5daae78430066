"""Against tabs in a file of spaces, and spaces in a file of tabs."""

import re
from collections import Counter
from collections.abc import Iterable

from lsp_server.engine.context import Context

_READ = 20_000  # characters around the cursor; they tell how the file is indented
_DEFAULT_UNIT = 4  # spaces


def indent_like_file(text: str, context: Context) -> str:
    """Further lines begin with tabs or spaces as the file's own lines do."""
    if "\n" not in text:
        return text
    near = context.text[max(0, context.offset - _READ) : context.offset + _READ]
    starts = re.findall(r"^(\t+| {2,})(?=\S)", near, re.MULTILINE)
    with_tabs = sum(start[0] == "\t" for start in starts)
    if not starts or 2 * with_tabs == len(starts):
        return text
    first, *lines = text.split("\n")
    if 2 * with_tabs > len(starts):
        unit = _unit([*lines, context.typed])
        lines = [_replaced(line, " " * unit, "\t") for line in lines]
    else:
        unit = _unit(start for start in starts if start[0] == " ")
        lines = [_replaced(line, "\t", " " * unit) for line in lines]
    return "\n".join([first, *lines])


def _replaced(line: str, old: str, new: str) -> str:
    code = line.lstrip(" \t")
    return line[: len(line) - len(code)].replace(old, new) + code


def _unit(lines: Iterable[str]) -> int:
    """How many spaces a level has: 2, 4 or 8, whichever divides most lines' indentations."""
    widths = Counter(len(line) - len(line.lstrip(" ")) for line in lines)
    widths.pop(0, None)
    total = widths.total()
    if not total:
        return _DEFAULT_UNIT
    fits = {unit: sum(n for width, n in widths.items() if width % unit == 0) for unit in (8, 4, 2)}
    return next((unit for unit, count in fits.items() if count >= 0.9 * total), _DEFAULT_UNIT)
