"""What the syntax around a cursor is, read from a part of the document that is quick to parse.

A file of 5,000 lines with an unclosed bracket takes the parser 150 ms, and while a user types
brackets are unclosed. So only the neighbourhood is parsed, inside the lines that enclose it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile
from typing import Literal

from tree_sitter import Node

from indexer.languages import Language, language_named, tree

Place = Literal["code", "string", "comment", "import"]

_WHOLE = 12_000  # characters; a document that is no longer is parsed as it is
_LINES = 60  # of a longer one, before the cursor and after it
_MORE_LINES = 100  # further ones, among which a good place to break is looked for

# Strings and comments, most of which stand on one line; only the others matter.
_TEXTS = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|/\*.*?\*/|`(?:\\.|[^\\`])*`'
    r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|(?:#|//)[^\n]*',
    re.DOTALL,
)

_NAME = "name"  # stands for what is to be typed at the cursor

_CLOSERS = re.compile(r"\s*(?:[)\]}]|end\b)")

_CODE_IN_STRING = {"interpolation", "template_substitution", "string_interpolation"}
_IMPORTS = re.compile(r"import|use_declaration|using_directive|preproc_include")

# What holds statements, members, elements or arguments, and is empty when it holds nothing else.
_BODIES = re.compile(
    r"block$|body|compound_statement|declaration_list|field_declaration_list|enumerator_list"
    r"|initializer_list|statement_list|object$|object_type|dictionary|^set$|^list$|array|arguments"
    r"|argument_list|parameters"
)


@dataclass(frozen=True)
class Neighbourhood:
    """A part of a document that can be parsed by itself, and where the cursor is in it."""

    language: Language
    before: str
    after: str

    def errors(self, written: str = "") -> int:
        """How many errors the parser finds with a text written at the cursor."""
        return _errors(_root(self.before + written + self.after, self.language))

    def errors_allowed(self) -> int:
        """How many a text written at the cursor may leave.

        While a user types, a file seldom parses; without what is being typed, or with a name at
        the cursor, it often does. Where the lines below are a block that only the cursor's line
        can open, a text that opens it leaves fewer errors than there are without it. A text in
        front of something, such as the bracket that an editor closes, cannot finish the line: what
        is missing behind that, a colon or a body, is still to be typed.
        """
        fewest = min(self.errors(), self.errors(_NAME))
        rest, *lines = self.after.split("\n")
        if fewest == 0 or rest.strip():
            return fewest
        below = _first(lines)
        lacks_opener = _indentation(below) > self._column
        return min(fewest - lacks_opener, self._errors_without_statement())

    def _errors_without_statement(self) -> int:
        """How many there are without the cursor's line and the block that it is to open, if any."""
        above = self.before.rpartition("\n")[0]
        lines = self.after.split("\n")[1:]
        below = dropwhile(lambda line: _belongs_below(line, self._column), lines)
        return _errors(_root("\n".join([above, *below]), self.language))

    @property
    def _column(self) -> int:
        """Where the cursor's line begins."""
        return _indentation(self.before.rpartition("\n")[2])

    def place(self) -> Place:
        """What a text typed at the cursor would be a part of."""
        for node in _ancestors(self._name):
            if node.type in _CODE_IN_STRING:
                return "code"
            if "comment" in node.type:
                return "comment"
            if "string" in node.type or node.type == "heredoc_body":
                return "string"
            if _IMPORTS.search(node.type):
                return "import"
        return "code"

    def in_docstring(self) -> bool:
        """Whether the cursor is in a string that stands for itself, as Python's docstrings do."""
        strings = (node for node in _ancestors(self._name) if node.type == "string")
        string = next(strings, None)
        parent = string.parent if string else None
        return parent is not None and parent.type in ("expression_statement", "module", "block")

    def in_empty_body(self) -> bool | None:
        """Whether the cursor is in a body with nothing in it; None where the syntax does not say.

        Comments count for nothing, nor does a text at its beginning that says what it is for.
        """
        name = inner = self._name
        for node in _ancestors(name):
            if node.is_error:
                return None
            if _BODIES.search(node.type) and not node.has_error:
                others = (each for each in node.named_children if each != inner)
                return all(_says_nothing(each) for each in others)
            if (node.start_byte, node.end_byte) != (name.start_byte, name.end_byte):
                begins_line = not self.before.rpartition("\n")[2].strip()
                return None if node.has_error or begins_line else False
            inner = node
        return False

    @cached_property
    def _name(self) -> Node:
        """The leaf that a name at the cursor is."""
        start = len(self.before.encode("utf-8", "replace"))
        root = _root(self.before + _NAME + self.after, self.language)
        found = root.descendant_for_byte_range(start, start + len(_NAME))
        assert found is not None  # the root holds every position of its text
        return found


def neighbourhood(language: str, text: str, offset: int) -> Neighbourhood | None:
    """What is parsed for a cursor; None in a language without a grammar, or of no statements."""
    known = language_named(language)
    if known is None or known.name in ("markdown", "rst"):
        return None
    if len(text) <= _WHOLE:
        return Neighbourhood(known, text[:offset], text[offset:])
    lines = text.split("\n")
    cursor = text.count("\n", 0, offset)
    breaks = _breaks(text, lines)
    start = _best(breaks, lines, range(cursor - _LINES, cursor - _LINES - _MORE_LINES, -1), 0)
    end = _best(breaks, lines, range(cursor + _LINES, cursor + _LINES + _MORE_LINES), len(lines))
    above = [lines[number] for number in range(start) if number in breaks]
    below = [lines[number] for number in range(end, len(lines)) if number in breaks]
    openers = reversed(list(_enclosing(reversed(above), _first(lines[start:]))))
    closers = filter(_CLOSERS.match, _enclosing(below, _first(reversed(lines[:end]))))
    before = "\n".join([*openers, *lines[start:cursor], ""])
    after = "\n".join([*lines[cursor + 1 : end], *closers, ""])
    line_start = text.rfind("\n", 0, offset) + 1
    line_end = line_start + len(lines[cursor])
    return Neighbourhood(
        known, before + text[line_start:offset], f"{text[offset:line_end]}\n{after}"
    )


def _breaks(text: str, lines: list[str]) -> set[int]:
    """The lines that begin with code, not within a string or a comment."""
    inside: set[int] = set()
    line = place = 0
    for found in _TEXTS.finditer(text):
        line += text.count("\n", place, found.start())
        place = found.start()
        inside.update(range(line + 1, line + 1 + found[0].count("\n")))
    return {number for number, line in enumerate(lines) if line.strip()} - inside


def _best(breaks: set[int], lines: list[str], choice: range, default: int) -> int:
    """Where to break: behind an empty line, little indented, near; `default` at the text's ends."""
    if not 0 < choice.stop < len(lines):
        return default

    def worth(number: int) -> tuple[bool, int]:
        return lines[number - 1].strip() != "", _indentation(lines[number])

    return min((n for n in choice if n in breaks), key=worth, default=choice.start)


def _first(lines: Iterable[str]) -> str:
    return next((line for line in lines if line.strip()), "")


def _enclosing(lines: Iterable[str], inner: str) -> Iterator[str]:
    """Of some lines, going away from an inner one, those that are less and less indented."""
    deep = _indentation(inner)
    for line in lines:
        if deep == 0:
            return
        if line.strip() and _indentation(line) < deep:
            deep = _indentation(line)
            yield line


def _indentation(line: str) -> int:
    line = line.expandtabs(8)
    return len(line) - len(line.lstrip(" "))


def _belongs_below(line: str, column: int) -> bool:
    """Whether a line is of the block opened by a line at a column, or closes it."""
    deep = _indentation(line)
    return not line.strip() or deep > column or (deep == column and bool(_CLOSERS.match(line)))


def _ancestors(node: Node) -> Iterator[Node]:
    """A node and all that it is in."""
    current: Node | None = node
    while current is not None:
        yield current
        current = current.parent


def _says_nothing(node: Node) -> bool:
    is_text = node.type == "expression_statement" and "string" in node.children[0].type
    return is_text or "comment" in node.type


def _root(text: str, language: Language) -> Node:
    return tree(text.encode("utf-8", "replace"), language).root_node


def _errors(root: Node) -> int:
    """The errors and missing tokens of a tree, of which only the broken parts are visited."""
    count, waiting = 0, [root]
    while waiting:
        node = waiting.pop()
        if node.has_error:
            count += node.is_error or node.is_missing
            waiting += node.children
    return count
