"""Composes what models are shown at places of some workspaces: what is found, in prompts.

It remembers what was found and shown in each document, so that the next prompt begins alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from indexer.index import WorkspaceIndex
from indexer.refusals import is_secret, secret_in
from indexer.results import Hit
from indexer.search import Mode
from lsp_server.engine import prompt_length
from lsp_server.engine.context import Context, read_context
from lsp_server.engine.index_completion import Continuation, continue_line
from lsp_server.engine.prompt import Followed, build_prompt, surroundings
from lsp_server.engine.retrieval import Retriever
from lsp_server.engine.suggestion import CompletionRequest
from model.language_model import LanguageModel
from model.templates import Prompt

# Characters; a prompt shows no more on a side.
_NEAR = prompt_length.CHARACTERS_PER_TOKEN * prompt_length.LONGEST


def context_of(request: CompletionRequest) -> Context | None:
    """The context of a place; none where a credential would be shown to the model."""
    if is_secret(PurePosixPath(request.path)):
        return None
    if secret_in(request.text[max(0, request.offset - _NEAR) : request.offset + _NEAR]):
        return None
    context = read_context(request.path, request.language, request.text, request.offset)
    return context and replace(context, recent=request.recent)


class Composer:
    """For one thread at a time.

    `retrieval` is how the indexes are searched (see `Retriever`), `tokens` how long a whole prompt
    may be; by default, what this machine reads in the time set for it.
    """

    def __init__(
        self, indexes: Sequence[WorkspaceIndex], retrieval: Mode, tokens: int | None
    ) -> None:
        self._retriever = Retriever(indexes, retrieval)
        self._followed = Followed()
        self._tokens = tokens

    def whole(self, context: Context, model: LanguageModel) -> tuple[Prompt, tuple[Hit, ...]]:
        """What a model is shown at a place, and the hits that its excerpts are from."""
        budget = _characters(self._tokens or prompt_length.whole(model))
        found = self._retriever.near(context, surroundings(context, budget))
        prompt = self._followed.next(build_prompt(context, found.hits, budget, found.texts))
        return prompt, found.hits[: len(prompt.excerpts)]

    def quick(self, context: Context, model: LanguageModel, whole: Prompt) -> Prompt:
        """The nearest lines of a place alone, which are read in no time."""
        short = build_prompt(context, (), _characters(prompt_length.quick(model)), step=1)
        return replace(short, nearby=whole.nearby)

    def continuation(self, context: Context) -> Continuation | None:
        """The rest of the line as the index alone has it."""
        here = (context.offset, context.offset)
        return continue_line(context, self._retriever.search(context, here).hits)

    def latest(self, limit: int) -> Iterator[str]:
        """The texts of so many snippets of each workspace, those that changed last first."""
        return self._retriever.latest(limit)


def _characters(tokens: int) -> int:
    return prompt_length.CHARACTERS_PER_TOKEN * tokens
