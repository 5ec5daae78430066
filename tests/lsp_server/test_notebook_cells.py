"""Completion in cells of notebooks, whether the editor tells of the notebook or only of cells."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from editor import Client, connected, write_project
from lsprotocol import types

from lsp_server.documents import Documents
from lsp_server.notebooks import Notebooks

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOAD = "def load_invoices(folder):\n    return list(folder)\n"
CELLS = [
    ("code", "python", "invoices_by_week = {}\nfrom shop.cart import Cart"),
    ("markdown", "markdown", "# Invoices\n"),
    ("code", "python", "cart = Cart()\ninvoices_b"),
    ("code", "python", "last = 1"),
]


def uri_of(root: Path, number: int) -> str:
    """As VS Code names a cell."""
    return (root / "sales.ipynb").as_uri().replace("file:", "vscode-notebook-cell:") + f"#W{number}"


def cell_of(root: Path, number: int, kind: str) -> types.NotebookCell:
    is_code = kind == "code"
    known = types.NotebookCellKind.Code if is_code else types.NotebookCellKind.Markup
    return types.NotebookCell(known, uri_of(root, number))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client of a project with a notebook."""
    project = write_project(tmp_path_factory.mktemp("notebooks"))
    saved = {"cell_type": "code", "source": LOAD, "metadata": {}, "outputs": []}
    whole = {"cells": [saved], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (project / "sales.ipynb").write_text(json.dumps(whole, indent=1))
    async with connected(project) as own_client:
        yield own_client


def open_notebook(client: Client) -> None:
    notebook = (client.root / "sales.ipynb").as_uri()
    client.lsp.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            types.NotebookDocument(
                notebook,
                "jupyter-notebook",
                1,
                [cell_of(client.root, at, kind) for at, (kind, _, _) in enumerate(CELLS)],
            ),
            [
                types.TextDocumentItem(uri_of(client.root, at), language, 1, text)
                for at, (_, language, text) in enumerate(CELLS)
            ],
        )
    )


def close_notebook(client: Client) -> None:
    notebook = types.NotebookDocumentIdentifier((client.root / "sales.ipynb").as_uri())
    cells = [types.TextDocumentIdentifier(uri_of(client.root, at)) for at in range(len(CELLS))]
    client.lsp.notebook_document_did_close(types.DidCloseNotebookDocumentParams(notebook, cells))


async def names_at(client: Client, uri: str, line: int, character: int) -> list[str]:
    params = types.CompletionParams(
        types.TextDocumentIdentifier(uri), types.Position(line, character)
    )
    return [item.label for item in (await client.lsp.text_document_completion_async(params)).items]


async def test_a_cell_is_completed_with_what_the_cells_above_define(client: Client):
    open_notebook(client)
    uri = uri_of(client.root, 2)
    assert await names_at(client, uri, 1, len("invoices_b")) == ["invoices_by_week"]
    notebook = types.VersionedNotebookDocumentIdentifier(2, (client.root / "sales.ipynb").as_uri())
    edits = types.NotebookDocumentCellContentChanges(
        types.VersionedTextDocumentIdentifier(2, uri),
        [types.TextDocumentContentChangeWholeDocument("cart = Cart()\ncart.tot")],
    )
    cells = types.NotebookDocumentCellChanges(text_content=[edits])
    client.lsp.notebook_document_did_change(
        types.DidChangeNotebookDocumentParams(
            notebook, types.NotebookDocumentChangeEvent(cells=cells)
        )
    )
    assert await names_at(client, uri, 1, len("cart.tot")) == ["total_price"], (
        "the class is imported in a cell above"
    )
    hovered = await client.lsp.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(0, 8))
    )
    assert hovered and "Items and their numbers." in hovered.contents.value
    assert hovered.range == types.Range(types.Position(0, 7), types.Position(0, 11))
    close_notebook(client)


async def test_the_index_keeps_the_notebook_as_it_was_saved(client: Client):
    open_notebook(client)
    assert "load_invoices" in await client.symbols("load invoices")
    close_notebook(client)
    assert "load_invoices" in await client.symbols("load invoices")


async def test_a_cell_that_comes_without_its_notebook_is_completed_alone(client: Client):
    uri = uri_of(client.root, 9)
    text = "first_invoice = 1\nfirst_inv"
    client.lsp.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, text))
    )
    params = types.InlineCompletionParams(
        types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked),
        types.TextDocumentIdentifier(uri),
        types.Position(1, 9),
    )
    assert await client.lsp.text_document_inline_completion_async(params)
    assert await names_at(client, uri, 1, 9) == []
    assert "load_invoices" in await client.symbols("load invoices")


async def test_cells_come_go_and_move():
    documents, notebooks = Documents(), Notebooks()
    opened = [
        documents.open(name, language, 1, name.upper())
        for name, language in zip("abcd", ["python", "markdown", "python", "python"], strict=True)
    ]
    notebooks.put("n", "abcd")
    assert notebooks.around(opened[2], documents) == ("A\n\n", "\n\nD")
    assert notebooks.around(opened[1], documents) == ("", "")
    notebooks.splice("n", 0, 2, ["d"])
    notebooks.splice("n", 2, 1, ["a"])
    assert notebooks.around(opened[0], documents) == ("D\n\nC\n\n", "")
    notebooks.splice("unknown", 0, 9, ["a"])
    assert notebooks.close("n") == ("d", "c", "a")
    assert notebooks.around(opened[0], documents) == ("", "")


async def test_only_what_changes_of_the_others_is_joined_anew():
    documents, notebooks = Documents(), Notebooks()
    first, second = (documents.open(name, "python", 1, name.upper()) for name in "ab")
    notebooks.put("n", "ab")
    before, _ = notebooks.around(second, documents)
    edited = documents.change("b", 2, [types.TextDocumentContentChangeWholeDocument("B = 1")])
    assert edited is not None
    assert notebooks.around(edited, documents)[0] is before
    documents.change("a", 2, [types.TextDocumentContentChangeWholeDocument("A = 1")])
    assert notebooks.around(edited, documents) == ("A = 1\n\n", "")
    assert notebooks.around(first, documents) == ("", "\n\nB = 1")
