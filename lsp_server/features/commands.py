"""`workspace/executeCommand` and the requests of our own: reindex, status, models, suggestion."""

import asyncio
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from lsp_server.features import status
from lsp_server.features.suggesting import details
from lsp_server.session import Session
from model import store
from model.catalog import known_models

MODELS = "bowerbird.models"
REINDEX = "bowerbird.reindex"
STATUS = "bowerbird.status"
SUGGESTION = "bowerbird/suggestion"


async def reindex(session: Session) -> list[dict[str, Any]]:
    """Look at every file again; what was found, for each folder."""
    reports = await asyncio.wrap_future(session.workspace.reindex())
    return [status.as_json(report) for report in reports]


async def full_status(session: Session) -> dict[str, Any]:
    """What the server is doing and has."""
    return await session.ask(status.full, session)


async def models(session: Session) -> list[dict[str, Any]]:
    """The models that can be pulled, and which are installed, for a user to choose from."""
    return await session.ask(_models)


def _models() -> list[dict[str, Any]]:
    usable = store.usable()
    return [
        {
            "name": name,
            "description": entry.description,
            "licence": entry.licence,
            "downloadBytes": entry.download_size,
            "installed": name in usable,
        }
        for name, entry in known_models().items()
    ]


async def accept(session: Session, id: str) -> bool:
    """Note that the user took a suggestion; False when it is not known."""
    return await session.ask(session.metrics.accept, id)


def suggestion(session: Session, params: object) -> dict[str, Any]:
    """Where a recent suggestion came from, by its id; without one, the last that was shown."""
    newest_first = reversed(session.shown.items())
    last = next((id for id, shown in newest_first if shown.suggestion.text), None)
    id = getattr(params, "id", last)
    if not isinstance(id, str) or id not in session.shown:
        raise JsonRpcInvalidParams(
            "There is no such suggestion: `id` must be that of a recent one."
        )
    return details(session, session.shown[id])
