"""The answer that a model is writing, for who types on meanwhile."""

from dataclasses import dataclass, field

from lsp_server.engine.candidate import Candidate
from lsp_server.engine.context import Context
from lsp_server.engine.showing import Choice, begun
from lsp_server.engine.suggestion import CompletionRequest


@dataclass
class UnderWay:
    """An answer that grows."""

    request: CompletionRequest
    context: Context
    written: Candidate = field(default_factory=Candidate)

    def agrees(self, typed: str) -> bool:
        """Whether it may still begin with what was typed since it was asked for."""
        written = self.written.text
        return typed.startswith(written) or written.startswith(typed)

    def beginning(self, typed: str) -> Choice | None:
        """Its sure beginning, if that goes further than what was typed, and so can be shown."""
        if len(self.written.text) <= len(typed):
            return None
        choice = begun(self.written, self.context, self.request.eagerness)
        return choice if choice is not None and len(choice.text) > len(typed) else None
