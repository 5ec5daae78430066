"""Where a file of code can be cut for the completion benchmark, by its syntax tree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tree_sitter import Node

from indexer.languages import Language, tree
from indexer.source import Source

BODY = "body"
"""The kind of a cut that takes a whole short body of a function."""

# Kinds by the token that they come after.
_AFTER = {"=": "after =", "(": "after (", ".": "after .", "return": "after return"}
_IN_NAME, _LINE_START = "in a name", "line start"

LINE_KINDS = (*_AFTER.values(), _IN_NAME, _LINE_START)
"""The kinds of a cut that takes the end of a line."""

_NAMES = {
    *("identifier", "property_identifier", "type_identifier"),
    *("shorthand_property_identifier", "private_property_identifier"),
}
_SHORTEST_NAME = 5  # characters; a cut leaves at least two on each side

_FUNCTIONS = {
    *("function_definition", "function_declaration", "method_definition", "arrow_function"),
    *("function_expression", "generator_function_declaration"),
}

# A rest shorter than this is no help to anybody; longer ones nobody gets right.
_SHORTEST_REST, _LONGEST_REST = 3, 100
_BODY_LINES, _LONGEST_BODY = (2, 6), 240


@dataclass(frozen=True)
class Cut:
    """A part of a file that is taken out and has to be found again; in characters."""

    kind: str
    start: int
    end: int


def cuts(text: str, language: Language, chance: Random) -> list[Cut]:
    """All places of a file that are worth cutting; `chance` decides where names are cut.

    Nothing of a comment, a docstring or another text of several lines is among them.
    """
    source = Source(text)
    root = tree(source.data, language).root_node
    leaves, prose = _leaves(root)
    found = [*_line_cuts(source, leaves, prose, chance), *_bodies(source, root, prose)]
    return [Cut(kind, source.character(a), source.character(b)) for kind, a, b in found]


def _leaves(root: Node) -> tuple[list[Node], set[int]]:
    """The tokens of code, in order, and the lines on which comments or longer texts stand."""
    leaves: list[Node] = []
    prose: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        first, last = node.start_point.row, node.end_point.row
        if "comment" in node.type or ("string" in node.type and first < last):
            prose.update(range(first, last + 1))
        elif "string" in node.type or node.type == "regex":
            continue
        elif node.children:
            waiting += reversed(node.children)
        elif node.start_byte < node.end_byte:
            leaves.append(node)
    return leaves, prose


Span = tuple[str, int, int]
"""A kind, and from where to where, in bytes."""


def _line_cuts(
    source: Source, leaves: list[Node], prose: set[int], chance: Random
) -> Iterator[Span]:
    seen = -1
    for leaf in leaves:
        line = leaf.start_point.row
        begins, seen = line != seen, line
        rest = source.data[leaf.start_byte : source.line_end(leaf.start_byte)]
        end = leaf.start_byte + len(rest.rstrip())
        starts = []
        if begins and not source.data[source.line_start(leaf.start_byte) : leaf.start_byte].strip():
            starts.append((_LINE_START, leaf.start_byte))
        if leaf.type in _AFTER:
            blanks = re.compile(rb"[ \t]*").match(source.data, leaf.end_byte)
            starts.append((_AFTER[leaf.type], blanks.end() if blanks else leaf.end_byte))
        name = source.data[leaf.start_byte : leaf.end_byte]
        if leaf.type in _NAMES and len(name) >= _SHORTEST_NAME and name.isascii():
            starts.append((_IN_NAME, leaf.start_byte + chance.randint(2, len(name) - 2)))
        for kind, start in starts:
            if line not in prose and _is_worth_it(source.data[start:end]):
                yield kind, start, end


def _is_worth_it(rest: bytes) -> bool:
    fits = _SHORTEST_REST <= len(rest) <= _LONGEST_REST
    return fits and re.search(rb"\w", rest) is not None


def _bodies(source: Source, root: Node, prose: set[int]) -> Iterator[Span]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        body = node.child_by_field_name("body") if node.type in _FUNCTIONS else None
        statements = body.named_children if body else []
        if statements and _is_docstring(statements[0]):
            statements = statements[1:]
        if not statements:
            continue
        first, last = statements[0], statements[-1]
        lines = range(first.start_point.row, last.end_point.row + 1)
        alone = not source.data[source.line_start(first.start_byte) : first.start_byte].strip()
        rest = source.data[last.end_byte : source.line_end(last.end_byte)]
        short = last.end_byte - first.start_byte <= _LONGEST_BODY
        if (
            _BODY_LINES[0] <= len(lines) <= _BODY_LINES[1]
            and (alone and short and not rest.strip())
            and not prose.intersection(lines)
        ):
            yield BODY, first.start_byte, last.end_byte


def _is_docstring(statement: Node) -> bool:
    """Whether a statement is nothing but a text."""
    children = statement.children
    return statement.type == "expression_statement" and "string" in children[0].type
