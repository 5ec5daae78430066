"""Asks the engine for a suggestion and keeps what is known about it.

Inline completion and the completion list both show what comes from here.
"""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from lsprotocol.types import Command

from lsp_server.documents import Document
from lsp_server.engine.suggestion import CompletionRequest, Source, Suggestion
from lsp_server.features import working_ahead
from lsp_server.inference import Cancelled, Job
from lsp_server.session import Session, Shown

_T = TypeVar("_T")

ACCEPT = "bowerbird.accept"


async def suggest(
    session: Session, document: Document, text: str, offset: int, *, is_wanted: bool = False
) -> Shown | None:
    """What to show at an offset (in characters) of `text`, the document as the user sees it.

    None when there is nothing to show, or when a newer request took this one's place. Where the
    user asked for it (`is_wanted`), it need not be as sure as while they type.
    """
    completion = session.settings.completion
    if not completion.enabled:
        return None
    request = session.request(document, text, offset)
    if is_wanted:
        request = replace(request, eagerness="eager", is_wanted=True)
    session.newest_request = request
    if folder := session.place(document).folder:
        folder.places.note(request.path, text.count("\n", 0, offset))
    working_ahead.stop_resting(session)
    if suggestion := session.engine.known(request):
        session.inference.stop_requests()
    elif (suggestion := await _answer(session, request)) is None:
        return None
    shown = Shown(uuid.uuid4().hex, suggestion)
    session.note(shown, request.language)
    if session.newest_request is request:
        working_ahead.answered(session, document, request, suggestion)
    return shown if suggestion.text else None


async def alternatives(
    session: Session, document: Document, text: str, offset: int, shown: Shown
) -> Sequence[str]:
    """Other texts than the one shown at an offset of `text`; none when a newer request came."""
    request, engine = session.request(document, text, offset), session.engine

    def others(cancelled: Cancelled) -> Sequence[str]:
        return engine.alternatives(request, shown.suggestion.text, cancelled)

    return await _wait(session.inference.ask(others)) or ()


async def _answer(session: Session, request: CompletionRequest) -> Suggestion | None:
    """What the model says; if it is the rest of an answer, nobody was shown that one."""
    suggestion = await _wait(session.inference.submit(request))
    return replace(suggestion, along=False) if suggestion else None


async def _wait(job: Job[_T]) -> _T | None:
    """What a job comes to; it stops soon when nobody waits any more."""
    try:
        return await asyncio.wrap_future(job.future)
    except asyncio.CancelledError:
        job.leave()
        raise


def accept_command(session: Session, shown: Shown) -> Command:
    """The command that an editor runs when the user takes the suggestion.

    Its second argument says where the suggestion came from, for an editor to show.
    """
    return Command("Accept", ACCEPT, arguments=[shown.id, details(session, shown)])


def details(session: Session, shown: Shown) -> dict[str, Any]:
    """What a suggestion took and where it came from, as `bowerbird/suggestion` answers."""
    suggestion = shown.suggestion
    return {
        **effort(shown),
        "confidence": round(suggestion.confidence, 3),
        "sources": [_source(session, source) for source in suggestion.sources],
    }


def effort(shown: Shown) -> dict[str, Any]:
    """What an answer took."""
    suggestion = shown.suggestion
    return {
        "id": shown.id,
        "model": suggestion.model,
        "latencyMs": round(suggestion.latency_ms, 1),
        "along": suggestion.along,
        "ahead": suggestion.ahead,
        "quick": suggestion.quick,
        "readTokens": suggestion.read_tokens,
        "reusedTokens": suggestion.reused_tokens,
        "generatedTokens": suggestion.generated_tokens,
        "passes": suggestion.passes,
    }


def _source(session: Session, source: Source) -> dict[str, Any]:
    roots = [folder.root for folder in session.workspace.folders]
    files = [root / source.path for root in roots]
    file = next((file for file in files if len(files) == 1 or file.exists()), None)
    return {
        "path": source.path,
        "uri": file.as_uri() if file else None,
        "name": source.name,
        "startLine": source.start_line,
        "endLine": source.end_line,
        "score": round(source.score, 3),
    }
