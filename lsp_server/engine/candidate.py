"""What a model writes at a cursor, and how sure it is of it, before it is decided what is shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from indexer.results import Hit
from lsp_server.engine.context import Context
from lsp_server.engine.stops import stop_rule
from lsp_server.engine.suggestion import Step
from model.generate import Generation, Limits
from model.language_model import LanguageModel
from model.templates import Prompt


@dataclass(frozen=True)
class Candidate:
    """What may be shown, before filters, and what it took."""

    text: str = ""
    steps: tuple[Step, ...] = ()  # of the first line, with the one that ends it
    confidence: float | None = None  # of a line from the index; a model's follows from its steps
    hits: tuple[Hit, ...] = ()
    model: str = ""
    quick: bool = False
    read_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    passes: int = 0

    def written(self, generation: Generation, text: str) -> "Candidate":
        """With what a model has written so far, and what it took."""
        return replace(
            self,
            text=text,
            steps=tuple(zip(generation.ends, generation.log_probabilities, strict=True)),
            read_tokens=generation.prefilled,
            reused_tokens=generation.reused,
            generated_tokens=generation.tokens,
            passes=generation.passes,
        )


Watch = Callable[[Candidate], None]
"""Is shown what was written so far."""


def generate_candidate(
    model: LanguageModel,
    prompt: Prompt,
    context: Context,
    hits: tuple[Hit, ...],
    limits: Limits,
    watch: Watch,
    *,
    quick: bool = False,
) -> Candidate:
    """What a model writes for a prompt, whose excerpts are from `hits`; `watch` sees it grow."""
    made = Candidate(hits=hits, model=model.name, quick=quick)

    def look(unfinished: Generation) -> None:
        watch(made.written(unfinished, unfinished.text))

    generation = model.complete(prompt, stop=stop_rule(context), limits=limits, watch=look)
    return made.written(generation, usable(generation, context))


def usable(generation: Generation, context: Context) -> str:
    """The text, without a line that was cut off by the deadline or by its length."""
    if generation.finish in ("stop", "cancelled") or not context.block:
        return generation.text
    return generation.text.rpartition("\n")[0] or generation.text
