"""Cuts a long span of a file into pieces, between statements or between paragraphs."""

import re
from collections.abc import Iterator
from itertools import pairwise

from tree_sitter import Node

from indexer.source import Source

# Longer than this, and a snippet says too many things to be found by any one of them.
LONGEST_LINES = 60
LONGEST_BYTES = 2_000

_BLANK_LINES = re.compile(rb"\n(?:[ \t\r]*\n)+[ \t]*(?=\S)")

Span = tuple[int, int]


def is_long(source: Source, start: int, end: int) -> bool:
    """Whether a span, in byte offsets, is too long for one snippet."""
    return end - start > LONGEST_BYTES or source.data.count(b"\n", start, end) >= LONGEST_LINES


def pieces(source: Source, root: Node | None, start: int, end: int) -> Iterator[Span]:
    """The spans that make up `start` to `end`, none of them too long if it can be helped.

    They are cut where statements of the tree `root` begin, or paragraphs where there is no tree,
    and elsewhere only if a single statement is too long. A line is never cut.
    """
    if not is_long(source, start, end):
        yield start, end
        return
    starts = _statements(source, root, start, end) if root else _paragraphs(source, start, end)
    cuts = [cut for cut in sorted(set(starts)) if start < cut < end]
    for cut, following in pairwise([*_with_lines(source, start, cuts, end), end]):
        if cut > start and is_long(source, start, following):
            yield start, cut
            start = cut
    yield start, end


def _statements(source: Source, root: Node, start: int, end: int) -> Iterator[int]:
    """The lines within a span on which a statement begins, or a comment that introduces one."""
    around = root.descendant_for_byte_range(start, end)
    waiting = [around] if around else []
    while waiting:
        introduced = False
        for child in waiting.pop().named_children:
            if child.end_byte > start and child.start_byte < end:
                line = source.line_start(child.start_byte)
                begins = not source.data[line : child.start_byte].strip()
                if begins and not introduced and not child.type.endswith("clause"):
                    yield line
                if is_long(source, child.start_byte, child.end_byte):
                    waiting.append(child)
            introduced = child.is_extra


def _paragraphs(source: Source, start: int, end: int) -> Iterator[int]:
    for blank in _BLANK_LINES.finditer(source.data, start, end):
        yield source.line_start(blank.end())


def _with_lines(source: Source, start: int, cuts: list[int], end: int) -> Iterator[int]:
    """The places to cut, with every line of what is too long between two of them."""
    for first, following in pairwise([start, *cuts, end]):
        yield first
        if is_long(source, first, following):
            line = source.line_end(first) + 1
            while line < following:
                yield line
                line = source.line_end(line) + 1
