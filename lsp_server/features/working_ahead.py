"""Has the inference thread do, while the user is not waiting, what the user will wait for next."""

import contextlib
import re
from collections.abc import Sequence
from functools import partial

from lsprotocol import types

from indexer.languages import language_of
from indexer.notebooks import is_notebook
from indexer.walk import Unreadable, read
from lsp_server.documents import Document, units
from lsp_server.engine.engine import Engine
from lsp_server.engine.suggestion import CompletionRequest, Suggestion
from lsp_server.inference import Cancelled
from lsp_server.session import Session
from lsp_server.workspace import Folder

BETTER = "bowerbird/better"
"""Tells the editor that asking again at a place brings a better suggestion than it was given."""

_WARMED_UP = 3
"""Places of the last session that are read at the start."""

RESTING = 0.3
"""Seconds after an edit until its place is read, if no suggestion was asked for."""


def warm_up(session: Session) -> None:
    """Read the places of the last session, when there is nothing else to do at all.

    And get to know the workspace's snippets.
    """
    if _wanted(session):
        session.inference.put_off(
            partial(_read_file, session.engine, folder, path, line)
            for folder in session.workspace.folders
            for path, line in folder.places.newest(_WARMED_UP)
        )
    indexed(session)


def indexed(session: Session) -> None:
    """Get to know the snippets of a workspace that was indexed, when there is nothing else to do.

    What was known before takes next to no time.
    """
    if _wanted(session):
        session.inference.put_off([session.engine.warm_up])


def opened(session: Session, document: Document) -> None:
    """Read where the user is likely to begin: where the cursor was last, or at the end."""
    place = session.place(document)
    line = place.folder.places.line(place.path) if place.folder else None
    text = document.printable
    _read(session, document, len(text) if line is None else _end_of_line(text, line))


def edited(
    session: Session,
    document: Document,
    changes: Sequence[types.TextDocumentContentChangeEvent],
) -> None:
    """Read the place of an edit once the user rests; forget what it made worthless."""
    end = _end_of(changes[-1], document) if changes else None
    place = session.place(document)
    if place.folder is not None and end is not None:
        place.folder.places.note(place.path, end.line)
    whole, _ = session.whole(document)
    if session.engine.expects(place.path, whole.printable):
        return
    session.inference.stop_ahead()
    stop_resting(session)
    if end is not None:
        read = partial(_read, session, document, document.offset(end))
        session.resting = session.client.later(RESTING, read)


def stop_resting(session: Session) -> None:
    """The user asks for a suggestion or edits on: nothing is read for the last edit alone."""
    if session.resting is not None:
        session.resting.cancel()
        session.resting = None


def answered(
    session: Session, document: Document, request: CompletionRequest, suggestion: Suggestion
) -> None:
    """Compute what is asked next, and first the better suggestion where a quick one was given.

    One along which the user types had this done, or has it done right now.
    """
    if suggestion.along or not _wanted(session):
        return
    follow = partial(_follow, session, session.engine, document, request, suggestion)
    session.inference.work_ahead(follow)


def _wanted(session: Session) -> bool:
    completion, model = session.settings.completion, session.loading.models.main
    return completion.enabled and not completion.low_power and model is not None


def _read(session: Session, document: Document, offset: int) -> None:
    if _wanted(session):
        request = session.request(document, document.printable, offset)
        session.inference.work_ahead(partial(session.engine.read, request))


def _end_of(
    change: types.TextDocumentContentChangeEvent, document: Document
) -> types.Position | None:
    """Where an edit ends in the document after it; None when the whole text was replaced."""
    if not isinstance(change, types.TextDocumentContentChangePartial):
        return None
    start, lines = change.range.start, change.text.split("\n")
    column = units(lines[-1], document.encoding)
    if len(lines) == 1:
        return types.Position(start.line, start.character + column)
    return types.Position(start.line + len(lines) - 1, column)


def _read_file(engine: Engine, folder: Folder, path: str, line: int, cancelled: Cancelled) -> None:
    """Runs in the inference thread."""
    if is_notebook(path):
        return  # it is not completed in as the file that it is
    language = language_of(path)
    with contextlib.suppress(Unreadable):  # it is gone, or another file by now
        text = read(folder.root / path)
        offset = _end_of_line(text, line)
        name = language.name if language else "text"
        engine.read(CompletionRequest(path, name, text, offset), cancelled)


def _end_of_line(text: str, number: int) -> int:
    """The offset of the end of a line, from 0; of the last one where there are not so many."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    start = starts[min(number, len(starts) - 1)]
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _follow(
    session: Session,
    engine: Engine,
    document: Document,
    request: CompletionRequest,
    suggestion: Suggestion,
    cancelled: Cancelled,
) -> None:
    """Runs in the inference thread."""
    if suggestion.quick and (better := engine.improve(request, suggestion.text, cancelled)):
        whole, start = session.whole(document)
        if better.text != suggestion.text and request.text == whole.printable:
            _tell(session, document, request.offset - start, engine.typed_since(request))
        suggestion = better
    if not cancelled():
        engine.prepare(request, suggestion, cancelled)


def _tell(session: Session, document: Document, offset: int, typed: str) -> None:
    """Of a place in a document in which something was typed meanwhile, which is no new line."""
    position = document.position(offset)
    character = position.character + units(typed, document.encoding)
    place = {
        "textDocument": {"uri": document.uri},
        "position": types.Position(position.line, character),
    }
    session.client.notify(BETTER, place)
