"""What a language's query marks in a syntax tree, sorted out but not yet nested."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node, QueryCursor

from indexer.languages import Language, query

# Bytes that the query looks at in one go. Between two goes other threads get their turn, so a
# large file does not hold up an editor's event loop.
_WINDOW = 16 * 1024

# Capture -> the kind of the definition, and whether functions in it are methods.
_DEFINITIONS = {
    "definition.class": ("class", True),
    "definition.function": ("function", False),
    "definition.method": ("method", False),
    "scope": ("block", False),
    "scope.type": ("block", True),
}

Captures = dict[str, list[Node]]


@dataclass(frozen=True)
class Mark:
    """One definition in the tree."""

    kind: str
    """"function", "method", "class"; "block" for a namespace or what adds methods to a class."""
    holds_methods: bool
    node: Node
    outer: Node
    """The node itself, or the decorators and `export` that wrap it."""
    name: Node
    owner: Node | None
    """The class that it belongs to without standing in it."""
    body: Node | None


@dataclass
class Marks:
    """Everything that the query marks in one file."""

    definitions: list[Mark] = field(default_factory=list)
    headings: list[tuple[Node, Node]] = field(default_factory=list)
    """Each with its text."""
    imports: list[Node] = field(default_factory=list)
    comments: dict[int, Node] = field(default_factory=dict)
    """By the line on which each ends."""
    attributes: dict[int, Node] = field(default_factory=dict)
    """By the line on which each ends."""
    docstrings: dict[int, Node] = field(default_factory=dict)
    """By the position of the body that each stands in."""

    def above(self, node: Node) -> list[Node]:
        """The comments and attributes right above a node, from top to bottom."""
        found = [node]
        while above := self._ending_on(found[0].start_point.row - 1):
            if above.start_point.column != node.start_point.column:
                break
            found.insert(0, above)
        return found[:-1]

    def is_comment(self, node: Node) -> bool:
        """Whether what stands above a definition documents it."""
        return self.comments.get(_last_line(node)) == node

    def _ending_on(self, line: int) -> Node | None:
        return self.comments.get(line) or self.attributes.get(line)


def marks_of(root: Node, language: Language) -> Marks:
    """What the query of `language` marks under `root`."""
    marks = Marks()
    outer: set[int] = set()
    definitions: dict[int, tuple[str, Captures]] = {}
    for captures in _matches(root, language):
        for capture, nodes in captures.items():
            if capture in _DEFINITIONS:
                definitions.setdefault(nodes[0].id, (capture, captures))
            elif capture == "outer":
                outer.update(node.id for node in nodes)
            elif capture == "comment":
                marks.comments |= {_last_line(node): node for node in nodes}
            elif capture == "above":
                marks.attributes |= {_last_line(node): node for node in nodes}
            elif capture == "docstring":
                marks.docstrings |= {node.start_byte: node for node in nodes}
            elif capture == "heading":
                marks.headings.append((nodes[0], captures["name"][0]))
            elif capture == "import":
                marks.imports += nodes
    marks.definitions = [_mark(*each, outer) for each in definitions.values()]
    return marks


def _matches(root: Node, language: Language) -> Iterator[Captures]:
    """The captures of each match; one that reaches over two windows comes twice."""
    cursor = QueryCursor(query(language))
    for start in range(root.start_byte, root.end_byte, _WINDOW):
        cursor.set_byte_range(start, start + _WINDOW)
        for _pattern, captures in cursor.matches(root):
            yield captures


def _mark(capture: str, captures: Captures, outer: set[int]) -> Mark:
    node = wrapper = captures[capture][0]
    while (parent := wrapper.parent) and parent.id in outer:
        wrapper = parent
    kind, holds_methods = _DEFINITIONS[capture]
    return Mark(
        kind=kind,
        holds_methods=holds_methods,
        node=node,
        outer=wrapper,
        name=captures["name"][0],
        owner=captures.get("owner", [None])[0],
        body=captures.get("body", [None])[0],
    )


def _last_line(node: Node) -> int:
    """The line that a node ends on, whether or not it takes the line feed with it."""
    end = node.end_point
    return end.row if end.column else end.row - 1
