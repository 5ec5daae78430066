"""What the server is doing: in short for an editor's status line, and in full on demand."""

from dataclasses import asdict
from typing import Any

from lsp_server.session import Session

STATUS = "bowerbird/status"


def brief(session: Session) -> dict[str, Any]:
    """State, model, indexed files and last latency, known without a wait.

    `state` is "indexing", "loading" (a model, which may be a download) or "ready".
    """
    state = "ready"
    if session.loading_model:
        state = "loading"
    if session.workspace.busy:
        state = "indexing"
    return {
        "state": state,
        "model": session.model.name if session.model else "index",
        "indexedFiles": sum(folder.files for folder in session.workspace.folders),
        "lastLatencyMs": session.last_latency_ms,
    }


def full(session: Session) -> dict[str, Any]:
    """Also the indexes, folder by folder, and what became of suggestions; reads both logs."""
    return {
        **brief(session),
        "folders": [
            {"root": str(folder.root), **_index(asdict(folder.index.status()))}
            for folder in session.workspace.folders
        ],
        "suggestions": asdict(session.metrics.summary()),
    }


def _index(status: dict[str, Any]) -> dict[str, Any]:
    """An index's status with a count of the skipped files in place of the list."""
    return {**status, "skipped": len(status["skipped"])}


class Reporter:
    """Sends the brief status when it changed."""

    def __init__(self, session: Session):
        self._session = session
        self._sent: dict[str, Any] | None = None

    def report(self) -> None:
        """Tell the editor, if there is something new to tell."""
        current = brief(self._session)
        if current != self._sent:
            self._sent = current
            self._session.client.notify(STATUS, current)
