"""Reads Jupyter notebooks (format 4, as JSON): what their cells say and where that stands.

Only sources are read. Outputs may hold images, whole tables and secrets, and are passed over.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from indexer.languages import Language, language_named
from indexer.source import encodable

LONGEST_NOTEBOOK = 8 * 1024 * 1024
"""In bytes, with outputs; the sources alone may be as long as any other file."""

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_MAGIC = re.compile(r"%%(\w+)")
_DEFAULT_LANGUAGE = "python"


class Malformed(ValueError):
    """A text that is no notebook of format 4."""


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook."""

    kind: str
    """ "code", "markdown" or "raw"."""
    language: Language | None
    """ `None` for plain text, and for a kernel's language that Bowerbird does not know."""
    source: str
    lines: tuple[int, ...]
    """The line of the file, zero-based, on which each line of the source stands."""


def is_notebook(path: str | PurePath) -> bool:
    """Whether a file is a notebook, by its name."""
    return str(path).lower().endswith(".ipynb")


def cells(text: str) -> list[Cell]:
    """The cells of a notebook in their order; raises `Malformed`."""
    try:
        whole = _DECODER.decode(text)
        kernel = language_named(_kernel_language(whole))
        starts = _members(text, _skip(text, 0))
        line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        return [
            _cell(text, start, cell, line_starts, kernel)
            for start, cell in zip(_items(text, starts["cells"]), whole["cells"], strict=True)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Malformed("not a notebook of format 4") from None


def _kernel_language(whole: dict[str, Any]) -> str:
    metadata = whole.get("metadata", {})
    name = metadata.get("language_info", {}).get("name")
    name = name or metadata.get("kernelspec", {}).get("language") or _DEFAULT_LANGUAGE
    return str(name).rstrip("0123456789")  # "C++17"


def _cell(
    text: str, start: int, cell: dict[str, Any], line_starts: list[int], kernel: Language | None
) -> Cell:
    source = cell["source"]
    place = _members(text, start)["source"]
    pieces = [source] if isinstance(source, str) else source
    places = [place] if isinstance(source, str) else list(_items(text, place))
    lines: list[int] = []
    begins_line = True
    for piece, at in zip(pieces, places, strict=True):
        line = bisect_right(line_starts, at) - 1
        lines += [line] * (begins_line + piece.count("\n") - piece.endswith("\n"))
        begins_line = piece.endswith("\n")
    if begins_line:
        lines.append(lines[-1] if lines else bisect_right(line_starts, place) - 1)
    joined, kind = encodable("".join(pieces)), str(cell["cell_type"])
    return Cell(kind, _language(kind, joined, kernel), joined, tuple(lines))


def _language(kind: str, source: str, kernel: Language | None) -> Language | None:
    """What a cell is written in; a magic on its first line may say so: `%%bash`."""
    if kind == "markdown":
        return language_named("markdown")
    if kind != "code":
        return None
    magic = _MAGIC.match(source)
    return (language_named(magic[1]) if magic else None) or kernel


# Where values stand in JSON that is known to be well-formed. `json` does not tell.


def _members(text: str, start: int) -> dict[str, int]:
    """Where the value of each key of an object begins."""
    found = {}
    at = _skip(text, start + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        found[key] = at
        at = _following(text, at)
    return found


def _items(text: str, start: int) -> Iterator[int]:
    """Where each item of an array begins."""
    at = _skip(text, start + 1)
    while text[at] != "]":
        yield at
        at = _following(text, at)


def _following(text: str, at: int) -> int:
    """Where the next item or member begins after the value at a place, or the closing bracket."""
    at = _skip(text, _DECODER.raw_decode(text, at)[1])
    return _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
