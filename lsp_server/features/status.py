"""What the server is doing: in short for an editor's status line, and in full on demand."""

import re
from dataclasses import asdict
from typing import Any

from lsp_server.features.suggesting import effort
from lsp_server.session import Session

STATUS = "bowerbird/status"


def brief(session: Session) -> dict[str, Any]:
    """State, model, indexed files and the last answer, known without a wait.

    `state` is "indexing", "loading" (a model, which may be a download) or "ready"; `lastAnswer`
    says what the last answer took, also if it was that there is nothing to suggest. That libraries
    are read, which only fills idle time, is no state.
    """
    state = "ready"
    if session.loading.is_under_way:
        state = "loading"
    if session.workspace.busy:
        state = "indexing"
    last, model = session.last_answer, session.loading.models.main
    return {
        "state": state,
        "model": model.name if model else "index",
        "readsLibraries": session.workspace.reads_libraries,
        "indexedFiles": sum(folder.files for folder in session.workspace.folders),
        "lastLatencyMs": round(last.suggestion.latency_ms, 1) if last else None,
        "lastAnswer": effort(last) if last else None,
    }


def full(session: Session) -> dict[str, Any]:
    """Also the indexes, folder by folder, and what became of suggestions; reads both logs.

    `workingAhead` says whether the model is at work though nobody waits for it, `cache` what its
    cache was good for since it was loaded, `work` what was generated since then, or since folders
    changed.
    """
    model = session.loading.models.main
    return {
        **brief(session),
        "workingAhead": session.inference.working_ahead,
        "work": as_json(session.engine.work),
        "cache": as_json(model.decoder.cache_use) if model else None,
        "folders": [
            {
                "root": str(folder.root),
                **as_json(folder.index.status()),
                "libraries": [as_json(each) for each in folder.libraries.status()],
            }
            for folder in session.workspace.folders
        ],
        "suggestions": as_json(session.metrics.summary()),
    }


def as_json(record: Any) -> dict[str, Any]:
    """A dataclass as the protocol spells it; of what was skipped, only how much."""
    values = asdict(record)
    if "skipped" in values:
        values["skipped"] = len(values["skipped"])
    return {re.sub(r"_(.)", lambda m: m[1].upper(), key): value for key, value in values.items()}


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
