"""The whole way from a cursor to a suggestion, without a word of LSP.

context -> search -> prompt -> model -> stop rules -> filters; each step is a pure function of its
own module, and between steps a request can be cancelled.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from indexer.index import WorkspaceIndex
from indexer.search import Mode
from lsp_server.engine import ahead, prompt_length
from lsp_server.engine.candidate import Candidate, Watch, generate_candidate, usable
from lsp_server.engine.composer import Composer, context_of
from lsp_server.engine.context import Context
from lsp_server.engine.postprocess import clean
from lsp_server.engine.showing import Choice, begun, choose, made, settled
from lsp_server.engine.standing import Standing
from lsp_server.engine.stops import stop_rule
from lsp_server.engine.suggestion import CompletionRequest, Suggestion, Work
from lsp_server.engine.under_way import UnderWay
from model.decoder import CHUNK
from model.generate import Limits
from model.language_model import LanguageModel

# Seconds; a user who types on presses the next key soon after.
_SOON = 0.04

_REMEMBERED = 4000  # snippets of each workspace: two or three seconds' work

_ALTERNATIVES = 2  # beside the suggestion
_MOST_TO_RANK = 16  # tokens read to rank a list: a step or two


def never() -> bool:
    """A request that nobody cancels."""
    return False


class Engine:
    """Completes at cursors. One thread at a time, but for `known`, `expects` and `interrupt`.

    `quick` is the model that answers first where reading the whole prompt takes long; it may be
    `model` itself. `retrieval` and `prompt_tokens` are for the prompts (see `Composer`). `standing`
    has the answers of an engine before.
    """

    def __init__(
        self,
        indexes: Sequence[WorkspaceIndex],
        model: LanguageModel | None,
        *,
        quick: LanguageModel | None = None,
        retrieval: Mode = "lexical",
        prompt_tokens: int | None = None,
        standing: Standing | None = None,
    ) -> None:
        self.composer = Composer(indexes, retrieval, prompt_tokens)
        self._model = model
        self._quick = quick
        self._name = model.name if model else "index"
        self._models = tuple({id(each): each for each in (model, quick) if each}.values())
        self._standing = standing or Standing()
        self._asked: CompletionRequest | None = None
        self._under_way: UnderWay | None = None  # the answer to it
        self.work = Work()

    def known(self, request: CompletionRequest) -> Suggestion | None:
        """The answer that takes no work: it was given before, or computed ahead."""
        started = time.monotonic()
        suggestion = self._standing.find(request)
        if suggestion is None:
            return None
        self._asked = request
        return replace(
            suggestion,
            latency_ms=(time.monotonic() - started) * 1000,
            read_tokens=0,
            reused_tokens=0,
            generated_tokens=0,
            passes=0,
        )

    def expects(self, path: str, text: str) -> bool:
        """Whether a document's text is what typing or taking a known suggestion makes of it."""
        return self._standing.expects(path, text)

    def interrupt(self) -> None:
        """Ends what another thread has the models do, at once: it gets `Interrupted`."""
        for model in self._models:
            model.decoder.interrupt()

    def complete(
        self,
        request: CompletionRequest,
        cancelled: Callable[[], bool] = never,
        tell: Callable[[Suggestion], None] | None = None,
    ) -> Suggestion:
        """Answers a request within its deadline, with what is good so far when it passes.

        Quickly, from a short prompt, where there is a model for it and much of the whole is unread.
        If there is somebody to `tell`, that is all of the answer as soon as it is certain, or after
        a moment its sure beginning, and the model writes no more.
        """
        if known := self.known(request):
            return known
        self._asked, self._under_way = request, None

        def keep(suggestion: Suggestion) -> None:
            if suggestion.text:
                self._standing.add(request, suggestion)

        def keep_and_tell(suggestion: Suggestion) -> None:
            keep(suggestion)  # first, since the user may type along as soon as it is told
            if tell is not None:
                tell(suggestion)

        suggestion = self._suggest(request, cancelled, self._quick, keep_and_tell if tell else None)
        keep(suggestion)
        return suggestion

    def writes(self, typed: str) -> bool:
        """Whether the answer under way is worth waiting for to who typed this since it was asked.

        It is not where it begins otherwise; nor once the user can be shown a sure beginning of it,
        to which a better answer is made later.
        """
        under_way = self._under_way
        if under_way is None:  # it is not begun
            return True
        if not under_way.agrees(typed):
            return False
        choice = under_way.beginning(typed)
        if choice is not None:
            beginning = self._suggestion(under_way.written, choice, time.monotonic())
            self._standing.add(under_way.request, replace(beginning, quick=True))
        return choice is None

    def alternatives(
        self, request: CompletionRequest, shown: str, cancelled: Callable[[], bool] = never
    ) -> tuple[str, ...]:
        """Up to two other texts for a place where `shown` is suggested, likeliest first."""
        context = context_of(request)
        if self._model is None or context is None:
            return ()
        limits = _limits(request, cancelled)
        prompt, _ = self.composer.whole(context, self._model)
        found = self._model.alternatives(
            prompt, _ALTERNATIVES, stop=stop_rule(context), limits=limits
        )
        texts = dict.fromkeys(clean(usable(each, context), context) for each in found)
        return tuple(text for text in texts if text and text != shown)[:_ALTERNATIVES]

    def rank(self, request: CompletionRequest, words: Sequence[str]) -> list[float] | None:
        """How probable words are at a place, as logarithms; None where that takes a long run."""
        context = context_of(request)
        if self._model is None or context is None:
            return None
        prompt, _ = self.composer.whole(context, self._model)
        return self._model.word_log_probabilities(prompt, words, most=_MOST_TO_RANK)

    def improve(
        self, request: CompletionRequest, shown: str, cancelled: Callable[[], bool]
    ) -> Suggestion | None:
        """Answers from the whole prompt what was answered quickly, by what is `shown`.

        None when there is nothing better to show. Where the user has typed on, what is shown
        stays, and nothing is better than it but more of the same.
        """
        suggestion = self._suggest_at_leisure(request, cancelled)
        typed = self.typed_since(request)
        goes_on = len(suggestion.text) > len(shown) and suggestion.text.startswith(shown)
        fits = self._asked == request or (typed and shown.startswith(typed) and goes_on)
        if not suggestion.text or not fits or cancelled():
            return None
        self._standing.add(request, suggestion)
        return suggestion

    def typed_since(self, request: CompletionRequest) -> str:
        """What was typed at a place that was asked about; "" if nothing, or if more changed."""
        return (self._asked and request.typed_until(self._asked)) or ""

    def prepare(
        self, request: CompletionRequest, suggestion: Suggestion, cancelled: Callable[[], bool]
    ) -> None:
        """Computes what the user will ask next: with the suggestion taken, and on the next line.

        The latter only where the model, too, would end the line.
        """
        if suggestion.text:
            request = ahead.accepted(request, suggestion.text)
            suggestion = self._compute_ahead(request, cancelled)
        is_finished = not suggestion.candidate.strip()
        if is_finished and not cancelled() and (below := ahead.next_line(request)):
            self._compute_ahead(below, cancelled)

    def read(self, request: CompletionRequest, cancelled: Callable[[], bool]) -> None:
        """Shows the model the prompt of a place where the user may ask.

        First both models get to know the texts nearby, without which neither can answer.
        """
        context = context_of(request)
        if self._model is not None and context is not None:
            prompt, _ = self.composer.whole(context, self._model)
            self._remember(prompt.nearby, cancelled)
            limits = Limits(cancelled=cancelled, read_at_once=prompt_length.at_once(self._model))
            self._model.read(prompt, limits)

    def warm_up(self, cancelled: Callable[[], bool]) -> None:
        """Has the tokens of the workspaces' snippets at hand, those changed last first.

        Fifty of them are nearby at each place, and turning these into tokens takes 17 to 38 ms.
        """
        self._remember(self.composer.latest(_REMEMBERED), cancelled)

    def _remember(self, texts: Iterable[str], cancelled: Callable[[], bool]) -> None:
        for text in texts:
            if cancelled():
                return
            for model in self._models:
                model.remember(text)

    def _compute_ahead(
        self, request: CompletionRequest, cancelled: Callable[[], bool]
    ) -> Suggestion:
        if found := self._standing.find(request):
            return found
        suggestion = self._suggest_at_leisure(request, cancelled)
        if not cancelled():
            self._standing.add(request, suggestion)
        return suggestion

    def _suggest_at_leisure(
        self, request: CompletionRequest, cancelled: Callable[[], bool]
    ) -> Suggestion:
        """What is computed before it is asked for has no deadline, and soon lets a request in."""
        request = replace(request, deadline=0.0)
        at_once = prompt_length.at_once(self._model) if self._model else CHUNK
        suggestion = self._suggest(request, cancelled, read_at_once=at_once)
        return replace(suggestion, ahead=True)

    def _suggest(
        self,
        request: CompletionRequest,
        cancelled: Callable[[], bool],
        quick: LanguageModel | None = None,
        tell: Callable[[Suggestion], None] | None = None,
        read_at_once: int = CHUNK,
    ) -> Suggestion:
        started = time.monotonic()
        context = context_of(request)
        if context is None or cancelled():
            return self._suggestion(Candidate(), Choice(), started)
        self._under_way = under_way = UnderWay(request, context)
        told: Suggestion | None = None

        def watch(unfinished: Candidate) -> None:
            nonlocal told
            under_way.written = unfinished
            if tell is None or told is not None:
                return
            choice, is_all = settled(unfinished, context, request.eagerness), True
            if choice is None and not request.is_wanted and time.monotonic() > started + _SOON:
                choice, is_all = begun(unfinished, context, request.eagerness), False
            if choice is not None:
                told = self._suggestion(unfinished, choice, started)
                told = replace(told, quick=told.quick or not is_all)
                tell(told)

        limits = _limits(request, lambda: told is not None or cancelled())
        limits = replace(limits, read_at_once=read_at_once)
        candidate = self._candidate(context, limits, quick, watch)
        self.work = self.work.plus(candidate.generated_tokens, candidate.passes)
        if told is not None:
            return told
        choice = Choice()
        if candidate.text and not cancelled():
            choice = choose(candidate, context, request.eagerness)
        return self._suggestion(candidate, choice, started)

    def _suggestion(self, candidate: Candidate, choice: Choice, started: float) -> Suggestion:
        return made(candidate, choice, self._name, time.monotonic() - started)

    def _candidate(
        self, context: Context, limits: Limits, quick: LanguageModel | None, watch: Watch
    ) -> Candidate:
        model = self._model
        if model is None:
            if (found := self.composer.continuation(context)) is None:
                return Candidate()
            return Candidate(found.text, confidence=found.confidence, hits=(found.hit,))
        if not model.infills and not context.open_to_left_context:
            return Candidate()
        prompt, hits = self.composer.whole(context, model)
        if quick is not None and prompt_length.takes_long(model.unread(prompt), model):
            short = self.composer.quick(context, quick, prompt)
            return generate_candidate(quick, short, context, (), limits, watch, quick=True)
        return generate_candidate(model, prompt, context, hits, limits, watch)


def _limits(request: CompletionRequest, cancelled: Callable[[], bool]) -> Limits:
    return Limits(
        tokens=request.max_tokens,
        deadline=time.monotonic() + request.deadline if request.deadline else math.inf,
        cancelled=cancelled,
    )
