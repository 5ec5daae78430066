"""The snippets of a notebook: those of its cells, with places that lead to the cells."""

from collections.abc import Sequence
from dataclasses import replace

from indexer.notebooks import Cell, cells
from indexer.refusals import LONGEST_FILE, content_refusal, secret_refusal
from indexer.snippets import Snippet, parse
from indexer.walk import TOO_LARGE, Unreadable

BETWEEN = "\n\n"
"""Stands between two cells where a notebook is looked at as one text."""


def parse_notebook(text: str, path: str) -> list[Snippet]:
    """The snippets of a notebook in their order; the file's imports are those of all its cells.

    Lines are those of the file, in which each line of a cell's source usually has its own. Columns
    are those of the source. Characters are counted in the sources as one text. What begins no
    definition or section is named after the heading above it and the number of its cell.

    Raises `Malformed`, and `Unreadable` for what must not be in the index. A single cell that is
    generated, or holds data, is left out.
    """
    found = cells(text)
    whole = BETWEEN.join(cell.source for cell in found)
    if reason := TOO_LARGE if len(whole) > LONGEST_FILE else secret_refusal(whole):
        raise Unreadable(reason)
    snippets: list[Snippet] = []
    heading, offset = "", 0
    for number, cell in enumerate(found, 1):
        if not content_refusal(cell.source):
            label = f"{heading} > cell {number}" if heading else f"cell {number}"
            own = [_placed(each, cell, offset, label) for each in _parsed(cell, path)]
            sections = [each.name for each in own if each.kind == "section"]
            heading = sections[-1] if sections else heading
            snippets += own
        offset += len(cell.source) + len(BETWEEN)
    imports = "\n".join(dict.fromkeys(_imports(snippets)))
    return [replace(each, imports=imports) for each in snippets]


def _parsed(cell: Cell, path: str) -> list[Snippet]:
    return parse(cell.source, cell.language, path)


def _placed(snippet: Snippet, cell: Cell, offset: int, label: str) -> Snippet:
    """A snippet of a cell as one of the file."""
    return replace(
        snippet,
        name=snippet.name or label,
        start=snippet.start + offset,
        end=snippet.end + offset,
        start_line=cell.lines[snippet.start_line],
        end_line=cell.lines[snippet.end_line - 1] + 1,
        name_line=cell.lines[snippet.name_line],
    )


def _imports(snippets: Sequence[Snippet]) -> list[str]:
    return [line for each in snippets for line in each.imports.splitlines()]
