"""Open documents: keeps their text, and has the index stand for what the editor shows."""

from functools import partial

from lsprotocol import types

from lsp_server.features import working_ahead
from lsp_server.session import Session

TYPING_PAUSE = 1.0
"""Seconds after the last edit until an unsaved text enters the index."""


def opened(session: Session, params: types.DidOpenTextDocumentParams) -> None:
    """Follow a document. Its text may differ from the file's, after a crash for instance."""
    item = params.text_document
    document = session.documents.open(item.uri, item.language_id, item.version, item.text)
    _index_soon(session, item.uri)
    working_ahead.opened(session, document)


def changed(session: Session, params: types.DidChangeTextDocumentParams) -> None:
    """Apply edits."""
    uri, version = params.text_document.uri, params.text_document.version
    if document := session.documents.change(uri, version, params.content_changes):
        _index_soon(session, uri)
        working_ahead.edited(session, document, params.content_changes)


def saved(session: Session, params: types.DidSaveTextDocumentParams) -> None:
    """The file has the document's text now."""
    document = session.documents.save(params.text_document.uri)
    if document and document.path:
        _cancel(session, document.uri)
        session.files_changed({document.path})
        if folder := session.place(document).folder:
            folder.places.save()


def closed(session: Session, params: types.DidCloseTextDocumentParams) -> None:
    """Forget a document; its file counts again."""
    document = session.documents.close(params.text_document.uri)
    if document and document.path:
        _cancel(session, document.uri)
        session.files_changed({document.path})


def _index_soon(session: Session, uri: str) -> None:
    _cancel(session, uri)
    session.typing[uri] = session.client.later(TYPING_PAUSE, partial(_index, session, uri))


def _cancel(session: Session, uri: str) -> None:
    if timer := session.typing.pop(uri, None):
        timer.cancel()


def _index(session: Session, uri: str) -> None:
    session.typing.pop(uri, None)
    if document := session.documents.get(uri):
        session.index_text(document)
