"""Notebooks are read cell by cell, whatever wrote them, and their outputs never."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.cells import BETWEEN, parse_notebook
from indexer.index import WorkspaceIndex
from indexer.notebooks import LONGEST_NOTEBOOK, Malformed, cells
from indexer.snippets import Snippet
from indexer.walk import Unreadable


def cell(kind: str, source: str | list[str]) -> dict[str, Any]:
    more = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def lines_of(source: str) -> list[str]:
    """As Jupyter writes a source."""
    return source.splitlines(keepends=True)


def notebook(*written: dict[str, Any], language: str = "python", indent: int | None = 1) -> str:
    metadata = {"language_info": {"name": language}}
    whole = {"cells": written, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=indent)


LOAD = '''import csv

def load_orders(path):
    """Read the orders from a table."""
    with open(path) as file:
        return list(csv.reader(file))
'''

ORDERS = notebook(
    cell("markdown", lines_of("# Orders\n\nWhat customers *ordered* last year.")),
    cell("code", lines_of(LOAD)),
    cell("code", lines_of("orders = load_orders('orders.csv')\norders[:5]")),
    cell("markdown", lines_of("## Totals\n")),
    cell("code", lines_of("%%sql\nCREATE TABLE totals (amount INTEGER)")),
)


def by_name(snippets: list[Snippet]) -> dict[str, Snippet]:
    return {each.name: each for each in snippets}


def test_cells_are_code_or_prose_and_lead_to_their_lines():
    found = by_name(parse_notebook(ORDERS, "orders.ipynb"))
    assert list(found) == [
        "Orders", "Orders > cell 2", "load_orders", "Orders > cell 3", "Totals", "totals",
    ]  # fmt: skip
    assert [each.language for each in found.values()] == [
        "markdown", "python", "python", "python", "markdown", "sql",
    ]  # fmt: skip
    assert found["load_orders"].docstring == "Read the orders from a table."
    assert found["load_orders"].imports == "import csv"
    lines = ORDERS.split("\n")
    for snippet in found.values():
        held = "".join(
            json.loads(line.rstrip(",")) for line in lines[snippet.start_line : snippet.end_line]
        )
        assert held.rstrip() == snippet.text.rstrip()
    assert "def load_orders" in lines[found["load_orders"].name_line]


sources = st.lists(st.text(st.characters(codec="utf-8") | st.sampled_from('\n"\\{}[]:,')))
kinds = st.sampled_from(["code", "markdown", "raw"])


@given(st.lists(st.tuples(kinds, sources)), st.sampled_from([None, 0, 1, 2]), st.booleans())
def test_every_source_is_read_as_it_was_written(
    written: list[tuple[str, list[str]]], indent: int | None, as_lists: bool
):
    text = notebook(
        *(cell(kind, pieces if as_lists else "".join(pieces)) for kind, pieces in written),
        indent=indent,
    )
    found = cells(text)
    assert [(each.kind, each.source) for each in found] == [
        (kind, "".join(pieces)) for kind, pieces in written
    ]
    last = text.count("\n")
    for each in found:
        assert len(each.lines) == each.source.count("\n") + 1
        assert list(each.lines) == sorted(each.lines)
        assert 0 <= each.lines[0] <= each.lines[-1] <= last


@given(st.lists(st.tuples(kinds, st.text())))
def test_each_line_of_a_cell_has_the_line_of_the_file_that_holds_it(
    written: list[tuple[str, str]],
):
    text = notebook(*(cell(kind, lines_of(source)) for kind, source in written))
    file_lines = text.split("\n")
    for each, (_, source) in zip(cells(text), written, strict=True):
        pieces = lines_of(source)
        if [piece.count("\n") for piece in pieces] != [1] * (len(pieces) - 1) + [
            int(source.endswith("\n"))
        ]:
            continue  # Python ends lines where notebooks do not
        for piece, line in zip(pieces, each.lines, strict=False):
            assert json.loads(file_lines[line].strip().rstrip(",")) == piece


@given(st.lists(st.tuples(kinds, st.text())))
def test_snippets_stand_where_they_say_in_the_sources(written: list[tuple[str, str]]):
    text = notebook(*(cell(kind, lines_of(source)) for kind, source in written))
    whole = BETWEEN.join(each.source for each in cells(text))
    for snippet in parse_notebook(text, "a.ipynb"):
        assert whole[snippet.start : snippet.end] == snippet.text


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
)


@given(
    st.text()
    | json_values.map(json.dumps)
    | json_values.map(lambda value: json.dumps({"cells": value}))
    | st.lists(json_values).map(lambda each: notebook(*each))  # type: ignore[arg-type]
    | st.tuples(json_values, json_values).map(lambda two: notebook(cell(*two)))  # type: ignore[arg-type]
    | st.integers(0, len(ORDERS)).map(lambda end: ORDERS[:end])
)
def test_what_is_no_notebook_is_malformed_at_worst(text: str):
    try:
        parse_notebook(text, "a.ipynb")
    except Malformed as error:
        assert str(error) == "not a notebook of format 4"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        '{"cells": [{"cell_type": "code", "source": 1}]}',
        '{"worksheets": []}',
        '{"cells": {}}',
        notebook(cell("code", "1")) + "}",
    ],
)
def test_these_are_malformed(text: str):
    with pytest.raises(Malformed):
        parse_notebook(text, "a.ipynb")


@pytest.mark.parametrize(
    ("kernel", "expected"), [("python", "python"), ("C++17", "cpp"), ("R", "text"), ("", "python")]
)
def test_code_is_in_the_kernels_language(kernel: str, expected: str):
    (snippet,) = parse_notebook(notebook(cell("code", "x = 1"), language=kernel), "a.ipynb")
    assert snippet.language == expected


def test_a_cell_of_data_is_left_out_and_a_secret_leaves_out_all():
    picture = cell("markdown", f"![](data:image/png;base64,{'A' * 9_000})")
    found = parse_notebook(notebook(picture, cell("code", "x = 1")), "a.ipynb")
    assert [each.text for each in found] == ["x = 1"]
    key = "Kx9" + "Zp3Lw9Rt5Vb2NqQ7"
    with pytest.raises(Unreadable, match="password or token"):
        parse_notebook(notebook(cell("code", f"api_token = '{key}'"), picture), "a.ipynb")
    with pytest.raises(Unreadable, match="larger than"):
        parse_notebook(notebook(*[cell("code", "x = 1\n" * 10_000)] * 9), "a.ipynb")


def test_a_notebook_is_found_by_its_code_and_its_prose(root: Path, index: WorkspaceIndex):
    (root / "orders.ipynb").write_text(ORDERS)
    (root / "use.py").write_text("from orders import load_orders\nload_orders('a.csv')\n")
    (root / "old.ipynb").write_text('{"worksheets": []}')
    (root / "large.ipynb").write_text(" " * (LONGEST_NOTEBOOK + 1))
    report = index.update()
    assert {each.path: each.reason for each in report.skipped} == {
        "old.ipynb": "not a notebook of format 4",
        "large.ipynb": "larger than 8 MiB",
    }
    assert index.definitions("load_orders")[0].path == "orders.ipynb"
    assert index.search("what customers ordered")[0].snippet.language == "markdown"
    usages = [(each.path, each.text) for each in index.usages("load_orders")]
    assert ("orders.ipynb", "orders = load_orders('orders.csv')") in usages
    assert ("orders.ipynb", "def load_orders(path):") not in usages
    assert [each.within for each in index.mentions("ordered")] == ["Orders"]
    assert index.status().languages == {"python": 2}
    assert {each.path: each.language for each in index.contents()}["orders.ipynb"] == "python"


def test_outputs_change_nothing(root: Path, index: WorkspaceIndex):
    whole = json.loads(ORDERS)
    (root / "orders.ipynb").write_text(json.dumps(whole, indent=1))
    index.update()
    before = index.file("orders.ipynb").snippets
    whole["cells"][1]["outputs"] = [{"output_type": "stream", "text": ["unheard of\n"]}]
    (root / "orders.ipynb").write_text(json.dumps(whole, indent=1))
    report = index.update()
    assert (report.files_read, report.snippets) == (1, 0)
    assert not index.search("unheard", mode="lexical")
    after = index.file("orders.ipynb").snippets
    assert [each.text for each in after] == [each.text for each in before]
    assert after[-1].start_line > before[-1].start_line
