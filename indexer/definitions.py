"""What a definition is, and how those of a file of code stand in one another."""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from indexer.documentation import comment_text, string_text
from indexer.marks import Mark, Marks
from indexer.source import Source

# Definitions nested deeper than this are part of what they stand in.
_DEEPEST = 24

_LONGEST_SIGNATURE = 400

# What may follow a definition on its last line and still belongs to it: `};  // namespace paths`.
_LINE_REST = re.compile(rb"[ \t\r;,)\]}]*(?:(?://|#|--|/\*)[^\n]*)?")

# How a line ends that a definition is in the middle of: `defineProperty(name, { get: function`.
_UNFINISHED = (b"(", b"[", b"{", b",", b"=", b":", b"?", b"&", b"|")

# Type arguments and quotes say nothing about whose name it is.
_NAME_NOISE = re.compile(r"<[^<>]*>|[\s\"'`]+")
_NAME_SEPARATOR = re.compile(r"::|[.:\\]")

# Where a signature was broken into lines: `( a, b, )` -> `(a, b)`.
_INNER_SPACE = re.compile(r"(?<=[(\[]) |,? (?=[)\]])")


@dataclass(frozen=True)
class Definition:
    """A definition and where it stands, in byte offsets."""

    kind: str
    """"function", "method", "class" or "section"; "block" for a namespace or an `impl`."""
    name: str
    """Qualified: "Router.add_route"."""
    signature: str
    docstring: str
    start: int
    """Includes the comments, decorators and attributes that belong to it."""
    end: int
    name_start: int
    """Where the last component of its name stands."""
    children: tuple["Definition", ...] = ()


def nested(source: Source, marks: Marks) -> tuple[Definition, ...]:
    """The definitions of code, each with those that stand in it."""
    # What wraps others comes before them.
    waiting = deque(
        sorted(marks.definitions, key=lambda mark: (mark.node.start_byte, -mark.node.end_byte))
    )

    def take(end: int, parents: tuple[Mark, ...], start: int) -> tuple[Definition, ...]:
        """Those that begin before `end`, each with what stands in it."""
        found: list[Definition] = []
        while waiting and waiting[0].node.start_byte < end:
            mark = waiting.popleft()
            if len(parents) > _DEEPEST or _is_part_of_another(source, mark, parents):
                continue
            definition = _definition(source, marks, mark, parents)
            first = max(definition.start, found[-1].end if found else start)
            last = min(definition.end, end)
            children = take(mark.node.end_byte, (*parents, mark), first)
            is_empty_scope = mark.kind == "block" and not children
            if first < last and not is_empty_scope:
                found.append(replace(definition, start=first, end=last, children=children))
        return tuple(found)

    return take(len(source.data), (), 0)


def _is_part_of_another(source: Source, mark: Mark, parents: Sequence[Mark]) -> bool:
    """Whether it is no snippet of its own: it begins in the middle of an expression, or on the
    first line of a definition that it stands in."""
    start = mark.outer.start_byte
    before = source.data[source.line_start(start) : start].rstrip()
    if parents and parents[-1].kind == "block":  # as in `namespace paths { class Route {`
        is_unfinished = before.endswith(_UNFINISHED) and not before.endswith(b"{")
        is_associated_type = parents[-1].holds_methods and mark.kind == "class" and not mark.body
        return is_unfinished or is_associated_type
    line = mark.node.start_point.row
    is_on_first_line = any(line == parent.node.start_point.row for parent in parents)
    return is_on_first_line or before.endswith(_UNFINISHED)


def _definition(source: Source, marks: Marks, mark: Mark, parents: Sequence[Mark]) -> Definition:
    above = marks.above(mark.outer)
    start = (above[0] if above else mark.outer).start_byte
    if not source.data[source.line_start(start) : start].strip():
        start = source.line_start(start)
    is_method = mark.kind == "function" and parents and parents[-1].holds_methods
    return Definition(
        kind="method" if is_method else mark.kind,
        name=_qualified_name(source, [*parents, mark]),
        signature=_signature(source, mark),
        docstring=_docstring(source, marks, mark, above),
        start=start,
        end=_end(source, mark.outer),
        name_start=_name_start(source, mark.name),
    )


def _end(source: Source, node: Node) -> int:
    """Where a node ends, with what else belongs to it on its last line."""
    rest = _LINE_REST.match(source.data, node.end_byte)
    ends_line = rest and rest.end() == source.line_end(rest.end())
    return rest.end() if rest and ends_line else node.end_byte


def _qualified_name(source: Source, marks: Sequence[Mark]) -> str:
    names = [name for mark in marks for name in (mark.owner, mark.name) if name]
    return ".".join(part for name in names for part in _name_parts(source, name))


def _name_parts(source: Source, name: Node) -> list[str]:
    """The components of a name as it is written: `Route<T>::path` -> ["Route", "path"]."""
    written = _NAME_NOISE.sub("", source.between(name.start_byte, name.end_byte))
    return [part for part in _NAME_SEPARATOR.split(written) if part] or [written]


def _name_start(source: Source, name: Node) -> int:
    last = _name_parts(source, name)[-1].encode("utf-8", "replace")
    return max(name.start_byte, source.data.rfind(last, name.start_byte, name.end_byte))


def _signature(source: Source, mark: Mark) -> str:
    """The head of a definition, up to its body, on one line."""
    end = mark.body.start_byte if mark.body else mark.node.end_byte
    comments = [node.start_byte for node in mark.node.children if node.is_extra]
    end = min([end, *(start for start in comments if start > mark.name.end_byte)])
    words = source.between(mark.node.start_byte, end)[: 2 * _LONGEST_SIGNATURE].split()
    return _INNER_SPACE.sub("", " ".join(words))[:_LONGEST_SIGNATURE]


def _docstring(source: Source, marks: Marks, mark: Mark, above: Sequence[Node]) -> str:
    inside = marks.docstrings.get(mark.body.start_byte) if mark.body else None
    if inside:
        return string_text(source.between(inside.start_byte, inside.end_byte))
    comments = [node for node in above if marks.is_comment(node)]
    return comment_text(source.between(node.start_byte, node.end_byte) for node in comments)
