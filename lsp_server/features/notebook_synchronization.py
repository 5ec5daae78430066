"""Open notebooks: keeps their cells and the cells' texts.

What is not saved of them does not enter the index, in which notebooks stand as files.
"""

from collections.abc import Iterable

from lsprotocol import types

from lsp_server.features import working_ahead
from lsp_server.session import Session


def opened(session: Session, params: types.DidOpenNotebookDocumentParams) -> None:
    """Follow a notebook."""
    notebook = params.notebook_document
    session.notebooks.put(notebook.uri, [cell.document for cell in notebook.cells])
    _open(session, params.cell_text_documents)


def changed(session: Session, params: types.DidChangeNotebookDocumentParams) -> None:
    """Take over cells that came, went or moved, and edits within cells."""
    changes = params.change.cells
    if changes is None:
        return
    if structure := changes.structure:
        array = structure.array
        session.notebooks.splice(
            params.notebook_document.uri,
            array.start,
            array.delete_count,
            [cell.document for cell in array.cells or ()],
        )
        _open(session, structure.did_open or ())
        for closed_cell in structure.did_close or ():
            session.documents.close(closed_cell.uri)
    for edit in changes.text_content or ():
        uri, version = edit.document.uri, edit.document.version
        if document := session.documents.change(uri, version, edit.changes):
            working_ahead.edited(session, document, edit.changes)


def closed(session: Session, params: types.DidCloseNotebookDocumentParams) -> None:
    """Forget a notebook with its cells."""
    cells = session.notebooks.close(params.notebook_document.uri)
    for uri in {*cells, *(cell.uri for cell in params.cell_text_documents)}:
        session.documents.close(uri)


def _open(session: Session, cells: Iterable[types.TextDocumentItem]) -> None:
    for cell in cells:
        session.documents.open(cell.uri, cell.language_id, cell.version, cell.text)
