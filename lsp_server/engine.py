"""The whole way from a cursor to a suggestion, without a word of LSP.

context -> search -> prompt -> model -> stop rules -> filters; each step is a pure function of its
own module, and between steps a request can be cancelled.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from indexer.index import WorkspaceIndex
from indexer.results import Hit
from indexer.search import Mode
from lsp_server.context import Context, read_context
from lsp_server.index_completion import continue_line
from lsp_server.postprocess import clean
from lsp_server.prompt import build_prompt, surroundings
from lsp_server.retrieval import Retriever
from lsp_server.stops import stop_rule
from lsp_server.suggestion import CompletionRequest, Source, Suggestion
from model.generate import Generation, Limits
from model.language_model import LanguageModel, Prompt

# What the prompt may cost to read when nothing of it is cached.
_PREFILL_SECONDS = 1.5
_SHORTEST_PROMPT, _LONGEST_PROMPT = 256, 2048  # tokens
_CHARACTERS_PER_TOKEN = 3  # of code, on the low side

_LEAST_CONFIDENCE = 0.3  # below it nothing is shown


@dataclass(frozen=True)
class _Candidate:
    """What may be shown, before filters, and what it took."""

    text: str = ""
    confidence: float = 0.0
    hits: tuple[Hit, ...] = ()
    read_tokens: int = 0
    reused_tokens: int = 0


@dataclass(frozen=True)
class _Standing:
    """The last suggestion shown, which stands as long as the user types along it."""

    request: CompletionRequest
    suggestion: Suggestion

    def rest(self, request: CompletionRequest) -> str | None:
        """What is left of it where the user has typed its beginning and changed nothing else."""
        old, text = self.request, self.suggestion.text
        count = request.offset - old.offset
        along = request.path == old.path and 0 <= count < len(text)
        expected = old.text[: old.offset] + text[:count] + old.text[old.offset :]
        return text[count:] if along and request.text == expected else None


def never() -> bool:
    """A request that nobody cancels."""
    return False


class Engine:
    """Completes at cursors; one thread uses it at a time.

    `retrieval` is how the indexes are searched (see `Retriever`), `prompt_tokens` how long a prompt
    may be; by default, what this machine reads in the time set for it.
    """

    def __init__(
        self,
        indexes: Sequence[WorkspaceIndex],
        model: LanguageModel | None,
        *,
        retrieval: Mode = "lexical",
        prompt_tokens: int | None = None,
    ) -> None:
        self._retriever = Retriever(indexes, retrieval)
        self._model = model
        self._prompt_tokens = prompt_tokens
        self._standing: _Standing | None = None

    def complete(
        self, request: CompletionRequest, cancelled: Callable[[], bool] = never
    ) -> Suggestion:
        """Answers a request within its deadline, with what is good so far when it passes."""
        started = time.monotonic()
        rest = self._standing.rest(request) if self._standing else None
        if self._standing and rest is not None:
            return replace(
                self._standing.suggestion,
                text=rest,
                latency_ms=(time.monotonic() - started) * 1000,
                along=True,
                read_tokens=0,
                reused_tokens=0,
            )
        suggestion = self._suggest(request, started, cancelled)
        self._standing = _Standing(request, suggestion) if suggestion.text else None
        return suggestion

    def _suggest(
        self, request: CompletionRequest, started: float, cancelled: Callable[[], bool]
    ) -> Suggestion:
        context = read_context(request.path, request.language, request.text, request.offset)
        candidate = _Candidate()
        if context is not None and not cancelled():
            limits = Limits(
                tokens=request.max_tokens,
                deadline=started + request.deadline if request.deadline else math.inf,
                cancelled=cancelled,
            )
            candidate = self._candidate(context, limits)
        sure = candidate.confidence >= _LEAST_CONFIDENCE and not cancelled()
        return Suggestion(
            text=clean(candidate.text, context) if context and sure else "",
            candidate=candidate.text,
            confidence=candidate.confidence,
            sources=tuple(_source(hit) for hit in candidate.hits),
            latency_ms=(time.monotonic() - started) * 1000,
            model=self._model.name if self._model else "index",
            read_tokens=candidate.read_tokens,
            reused_tokens=candidate.reused_tokens,
        )

    def _candidate(self, context: Context, limits: Limits) -> _Candidate:
        if self._model is None:
            here = (context.offset, context.offset)
            found = continue_line(context, self._retriever.search(context, here))
            return _Candidate(found.text, found.confidence, (found.hit,)) if found else _Candidate()
        if not self._model.infills and not context.open_to_left_context:
            return _Candidate()
        prompt, hits = self.prompt(context, self._model)
        generation = self._model.complete(prompt, stop=stop_rule(context), limits=limits)
        return _Candidate(
            _usable(generation, context),
            math.exp(generation.mean_log_probability),
            hits,
            generation.prefilled,
            generation.reused,
        )

    def prompt(self, context: Context, model: LanguageModel) -> tuple[Prompt, tuple[Hit, ...]]:
        """What a model is shown at a place, and the hits that its excerpts are from."""
        budget = _CHARACTERS_PER_TOKEN * (self._prompt_tokens or _affordable_tokens(model))
        hits = self._retriever.near(context, surroundings(context, budget))
        prompt = build_prompt(context, hits, budget)
        return prompt, hits[: len(prompt.excerpts)]


def _affordable_tokens(model: LanguageModel) -> int:
    """How long a prompt this machine reads in the time set for it.

    In powers of two, so that the same machine shows the model the same from day to day.
    """
    tokens = 1 << round(math.log2(model.prefill_speed * _PREFILL_SECONDS))
    return min(max(tokens, _SHORTEST_PROMPT), model.longest_prompt, _LONGEST_PROMPT)


def _usable(generation: Generation, context: Context) -> str:
    """The text, without a line that was cut off by the deadline or by its length."""
    if generation.finish in ("stop", "cancelled") or not context.block:
        return generation.text
    return generation.text.rpartition("\n")[0] or generation.text


def _source(hit: Hit) -> Source:
    snippet = hit.snippet
    return Source(snippet.path, snippet.name, snippet.start_line, snippet.end_line, hit.score)
