"""Draws whole functions of a real repository, for the benchmark that types them again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tree_sitter import Node

from benchmarks.cases import Hole, is_product
from indexer.languages import Language, language_of, tree
from indexer.source import Source
from indexer.walk import Unreadable, read, walk
from model.training.rules import LARGEST_FILE, is_generated

_NAMED = {
    *("function_definition", "function_declaration", "method_definition"),
    "generator_function_declaration",
}
_LINES = (5, 25)
_MOST_PROSE = 1 / 3  # of its lines may be comments and docstrings

# What may stand before a function on its first line.
_BEFORE = re.compile(rb"[ \t]*(export[ ])?(default[ ])?")


@dataclass(frozen=True)
class Function(Hole):
    """A hole from the start of a function's first line to the end of its last one.

    The document without it has an empty line there.
    """

    @property
    def name(self) -> str:
        """What tells it from all others."""
        return f"{self.repository}/{self.path}:{self.start}"


def draw_functions(root: Path, seed: int) -> list[Function]:
    """One function of each file of a repository, in random order; the same for the same seed."""
    chance = Random(f"{seed} {root.name}")
    drawn = []
    for path in walk(root):
        if isinstance(path, Path) and is_product(root, path):
            found = list(_functions(root, path))
            if found:
                drawn.append(chance.choice(found))
    chance.shuffle(drawn)
    return drawn


def _functions(root: Path, path: Path) -> Iterator[Function]:
    language = language_of(path)
    try:
        text = read(path)
    except Unreadable:
        return
    if language is None or len(text) > LARGEST_FILE or is_generated(path.name, text):
        return
    source = Source(text)
    for start, end in _spans(source, language):
        first, last = source.character(start), source.character(end)
        relative = path.relative_to(root).as_posix()
        yield Function(root, relative, language.name, text, first, last)


def _spans(source: Source, language: Language) -> Iterator[tuple[int, int]]:
    """Where functions of a fitting length stand, in bytes."""
    waiting = [tree(source.data, language).root_node]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.type not in _NAMED or node.parent is None:
            continue
        whole = node.parent if node.parent.type == "decorated_definition" else node
        start, end = source.line_start(whole.start_byte), source.line_end(whole.end_byte)
        before, after = source.data[start : whole.start_byte], source.data[whole.end_byte : end]
        lines = whole.end_point.row - whole.start_point.row + 1
        few_words = len(_prose(whole)) <= _MOST_PROSE * lines
        alone = _BEFORE.fullmatch(before) and not after.strip()
        if alone and few_words and _LINES[0] <= lines <= _LINES[1]:
            yield start, whole.end_byte


def _prose(root: Node) -> set[int]:
    """The lines on which comments or texts of several lines stand."""
    lines: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        first, last = node.start_point.row, node.end_point.row
        if "comment" in node.type or ("string" in node.type and first < last):
            lines.update(range(first, last + 1))
    return lines
