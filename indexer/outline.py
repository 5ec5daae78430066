"""What a file defines and imports.

One algorithm for all languages. What is special about a language stands in its query file; see
`queries/README.md` for the captures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tree_sitter import Node

from indexer.definitions import Definition, nested
from indexer.languages import Language, tree
from indexer.marks import Marks, marks_of
from indexer.prose import sections
from indexer.source import Source

# A text whose broken parts are more than this share of it is treated as plain text.
_MOST_ERRORS = 0.5

_LONGEST_IMPORTS = 2_000


@dataclass(frozen=True)
class Outline:
    """What a file defines and imports."""

    definitions: tuple[Definition, ...] = ()
    imports: str = ""
    root: Node | None = None
    """The syntax tree; `None` for plain text."""


def outline(source: Source, language: Language | None) -> Outline:
    """The outline of `source`; empty for plain text and where most of it does not parse."""
    if language is None:
        return Outline()
    root = tree(source.data, language).root_node
    if _errors(root) > _MOST_ERRORS * len(source.data):
        return Outline()
    marks = marks_of(root, language)
    definitions = sections(source, marks.headings) if marks.headings else nested(source, marks)
    return Outline(definitions, _imports(source, marks, definitions), root)


def _errors(root: Node) -> int:
    """How many bytes the parser could not make sense of."""
    total, waiting = 0, [root] if root.has_error else []
    while waiting:
        node = waiting.pop()
        if node.is_error:
            total += node.end_byte - node.start_byte
        else:
            waiting.extend(child for child in node.children if child.has_error)
    return total


def _imports(source: Source, marks: Marks, definitions: Sequence[Definition]) -> str:
    """The imports that hold for the whole file, one a line."""
    bodies = [(each.start, each.end) for each in definitions if each.kind != "block"]
    lines = dict.fromkeys(
        source.between(node.start_byte, node.end_byte).strip()
        for node in marks.imports
        if not any(start <= node.start_byte < end for start, end in bodies)
    )
    return "\n".join(lines)[:_LONGEST_IMPORTS]
