"""The sections of a document: Markdown and reStructuredText."""

from collections.abc import Sequence

from tree_sitter import Node

from indexer.definitions import Definition
from indexer.source import Source


def sections(source: Source, headings: Sequence[tuple[Node, Node]]) -> tuple[Definition, ...]:
    """Each from its heading to the next one; `headings` are given with the node of their text.

    A section is named with those around it: "Install > From source".
    """
    ordered = sorted(headings, key=lambda heading: heading[0].start_byte)
    starts = [source.line_start(heading.start_byte) for heading, _ in ordered]
    around: list[tuple[int, str]] = []
    styles: list[str] = []
    found = []
    for (heading, name), start, end in zip(
        ordered, starts, [*starts[1:], len(source.data)], strict=True
    ):
        level = _level(source.between(heading.start_byte, heading.end_byte), styles)
        title = " ".join(source.between(name.start_byte, name.end_byte).split())
        around = [each for each in around if each[0] < level] + [(level, title)]
        names = " > ".join(each for _, each in around)
        found.append(Definition("section", names, title, "", start, end, name.start_byte))
    return tuple(found)


def _level(heading: str, styles: list[str]) -> int:
    """How deep a heading stands; `styles` remembers the underlines in their order of appearance."""
    if heading.startswith("#"):
        return len(heading) - len(heading.lstrip("#"))
    lines = heading.strip().splitlines()
    style = lines[-1][:1] + (lines[0][:1] if len(lines) > 2 else "")
    if style not in styles:
        styles.append(style)
    return styles.index(style) + 1
