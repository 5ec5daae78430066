"""What is compared: each system answers a case with a prediction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from benchmarks.cases import Case
from benchmarks.likelihood import bits_of
from indexer.index import WorkspaceIndex
from lsp_server.engine.candidate import Candidate
from lsp_server.engine.confidence import Eagerness, scales_of
from lsp_server.engine.context import Context, read_context
from lsp_server.engine.engine import Engine
from lsp_server.engine.postprocess import clean
from lsp_server.engine.showing import choose, log_probability
from lsp_server.engine.suggestion import CompletionRequest, Step
from model.embed import load_embedder
from model.language_model import LanguageModel

Retrieval = Literal["none", "lexical", "vectors", "hybrid"]


@dataclass(frozen=True)
class Prediction:
    """What a system says stands in the hole."""

    latency_ms: float
    text: str = ""  # with filters, however unsure
    shown: str = ""  # as far as it is sure enough
    confidence: float = 1.0  # 0 to 1, of the whole first line; 1 where a system has none
    bits: float | None = None  # of the true text, given what the system was shown
    is_beginning: bool = False  # only the beginning of a line is shown
    candidate: str = ""  # before filters; of a model's answer alone, as the next two
    steps: tuple[Step, ...] = ()  # that the confidence is made from
    model: str = ""


class System(Protocol):
    """A way to complete code. `model` and `arm` together are its name."""

    @property
    def model(self) -> str:
        """Whose probabilities they are."""
        ...

    @property
    def arm(self) -> str:
        """What it is shown."""
        ...

    def predict(self, case: Case, index: WorkspaceIndex) -> Prediction:
        """Answers a case; `index` holds the repository with the case's file as its document is."""
        ...


@contextmanager
def opened(index: WorkspaceIndex, case: Case) -> Iterator[None]:
    """While a case is open, its document stands for the file in the index, as in the server.

    So the text that was taken out is nowhere in the index, unless the repository has it twice.
    """
    index.update_text(case.path, case.document)
    try:
        yield
    finally:
        index.update_files([index.root / case.path])


def context_of(case: Case) -> Context:
    """The context at a case's hole; nothing of a word ever follows there."""
    context = read_context(case.path, case.language, case.document, case.start)
    if context is None:
        raise ValueError(f"{case.name} is cut in front of a word; no system can answer there.")
    return context


def decided(case: Case, prediction: Prediction, eagerness: Eagerness = "balanced") -> Prediction:
    """A prediction with what the filters and the confidence, as they are now, make of it."""
    if not prediction.model:
        return prediction
    context = context_of(case)
    candidate = Candidate(prediction.candidate, prediction.steps, model=prediction.model)
    choice = choose(candidate, context, eagerness)
    line = scales_of(prediction.model).line
    return replace(
        prediction,
        text=clean(prediction.candidate, context),
        shown=choice.text,
        is_beginning=choice.is_beginning,
        confidence=line.confidence(log_probability(prediction.steps)),
    )


@dataclass(frozen=True)
class EngineSystem:
    """Bowerbird's whole engine with a model and one way of retrieval, on a cold cache."""

    language_model: LanguageModel
    arm: Retrieval
    prompt_tokens: int
    weights: str = ""  # what tells these weights from others of the same name
    measures_bits: bool = True

    @property
    def model(self) -> str:
        """The model's name."""
        return self.language_model.name

    def predict(self, case: Case, index: WorkspaceIndex) -> Prediction:
        """A new engine for each case, so that nothing found or read before serves again."""
        if self.arm == "none":
            engine = Engine((), self.language_model, prompt_tokens=self.prompt_tokens)
        else:
            engine = Engine(
                (index,),
                self.language_model,
                retrieval=self.arm,
                prompt_tokens=self.prompt_tokens,
            )
        context = context_of(case)
        self.language_model.decoder.clear()
        suggestion = engine.complete(
            CompletionRequest(case.path, case.language, case.document, case.start)
        )
        bits = None
        if self.measures_bits:
            prompt, _ = engine.composer.whole(context, self.language_model)
            bits = bits_of(self.language_model, prompt, case.expected)
        return decided(
            case,
            Prediction(
                latency_ms=suggestion.latency_ms,
                bits=bits,
                candidate=suggestion.candidate,
                steps=suggestion.steps,
                model=self.model,
            ),
        )


def state_of(folder: Path) -> str:
    """What tells a model's files from others of the same name: their sizes and times."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return str([(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files])


def open_index(root: Path, folder: Path) -> WorkspaceIndex:
    """The up-to-date index of a repository, kept in `folder`."""
    index = WorkspaceIndex.open(root, load_embedder(), folder / root.name)
    index.update()
    return index
