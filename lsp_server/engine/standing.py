"""The last answers, which stand as long as the user types along them: no model is asked again."""

import threading
from dataclasses import dataclass, replace

from lsp_server.engine.suggestion import CompletionRequest, Suggestion, typed_at

_KEPT = 8


@dataclass(frozen=True)
class _Answer:
    """What was answered at a place, or is going to be once the user gets there."""

    request: CompletionRequest
    suggestion: Suggestion

    @property
    def is_for_who_asked(self) -> bool:
        """Whether it will do for who asks for a suggestion, and not only types.

        They get what is less sure, too, and more than a beginning.
        """
        shown = self.suggestion
        is_whole = shown.text and not shown.is_beginning and not shown.quick
        return self.request.is_wanted or bool(is_whole)

    def typed(self, path: str, text: str) -> int | None:
        """How many of its characters the user has typed; None when anything else is different."""
        old, shown = self.request, self.suggestion.text
        if path != old.path or len(text) > len(old.text) + len(shown):
            return None
        typed = typed_at(old.offset, old.text, text)
        return len(typed) if typed is not None and shown.startswith(typed) else None


class Standing:
    """A few answers, newest first. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: tuple[_Answer, ...] = ()

    def add(self, request: CompletionRequest, suggestion: Suggestion) -> None:
        """Keep an answer, in the place of an older one to the same request."""
        with self._lock:
            others = [each for each in self._answers if each.request != request]
            self._answers = (_Answer(request, suggestion), *others)[:_KEPT]

    def find(self, request: CompletionRequest) -> Suggestion | None:
        """The answer to a request, or the rest of one along which the user has typed."""
        for answer in self._answers:
            count = answer.typed(request.path, request.text)
            if count is None or request.offset != answer.request.offset + count:
                continue
            if request.recent.elsewhere != answer.request.recent.elsewhere:
                continue  # what was edited there may have made another answer likelier
            if request.is_wanted and not answer.is_for_who_asked:
                continue
            suggestion = answer.suggestion
            if count == 0 and suggestion.ahead:
                return suggestion
            if count < len(suggestion.text):
                return replace(suggestion, text=suggestion.text[count:], along=True)
        return None

    def expects(self, path: str, text: str) -> bool:
        """Whether a document has come to this text by typing or taking a suggestion."""
        return any(answer.typed(path, text) is not None for answer in self._answers)
