"""Whether two versions of a model end the same lines alike, and how near they came to it if not."""

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.sources import CLICK, RICH, STARLETTE, source
from lsp_server.context import read_context
from lsp_server.prompt import build_prompt
from lsp_server.stops import line_end
from model.generate import Limits
from model.language_model import LanguageModel, Prompt
from model.nearby import Nearby
from model.progress import Progress

PROMPT = 2048  # tokens
NOT_TILED = "ORT_GQA_DISABLE_FLASH_ATTENTION"

_CHARACTERS = 9_250  # of which the prompts come to some `PROMPT` tokens, as reported
_LEAST_LINE = 12  # characters
_NEIGHBOURS = 5  # lines of one place, whose prompts begin alike and are read once, as in an editor

Scores = NDArray[np.float32]
"""Logarithms of the probabilities of all tokens, as they were when one was chosen."""


@dataclass(frozen=True)
class Comparison:
    """How the answers of two versions of a model agree."""

    lines: int
    prompt_tokens: float  # on average
    same_tokens: int  # answers of which every token is the same
    same_text: int  # answers that are the same up to the end of the line
    margins: list[float]
    """Where tokens differ first: by how much the first version finds its own token more probable
    than the other version's; natural logarithm."""


@dataclass(frozen=True)
class Recorder(Nearby):
    """Mixes as usual, and keeps what each token was chosen by."""

    steps: list[Scores] = field(default_factory=list)

    def mix(self, scores: Scores, answer: Sequence[int]) -> Scores:
        """As without a recorder."""
        self.steps.append(super().mix(scores, answer))
        return self.steps[-1]


class Watched(LanguageModel):
    """A model that can be asked by what it chose the tokens of its last answer."""

    def nearby(self, prompt: Prompt) -> Nearby:
        """The usual texts, recorded."""
        usual = super().nearby(prompt)
        self.recorder = Recorder(usual.tokens, usual.before)
        return self.recorder


def compare(
    first: Watched, others: Mapping[str, Watched], prompts: Sequence[Prompt], progress: Progress
) -> dict[str, Comparison]:
    """Ends each line with all models, greedily, with drafts, as the product does.

    Returns how each of the others agrees with the first.
    """
    same_text, same_tokens = Counter[str](), Counter[str]()
    margins: dict[str, list[float]] = {name: [] for name in others}
    read = 0
    for number, prompt in enumerate(prompts, start=1):
        usual = first.complete(prompt, stop=line_end, limits=Limits())
        read += usual.prefilled + usual.reused
        for name, other in others.items():
            same_text[name] += (
                other.complete(prompt, stop=line_end, limits=Limits()).text == usual.text
            )
            margin = margin_between(first.recorder.steps, other.recorder.steps)
            same_tokens[name] += margin is None
            margins[name] += [] if margin is None else [margin]
        progress(number, len(prompts), "ending lines")
    count = len(prompts)
    return {
        name: Comparison(count, read / count, same_tokens[name], same_text[name], margins[name])
        for name in others
    }


def opened(folder: Path, *, tiled: bool = True) -> Watched:
    """The model in a folder; `tiled` has the usual attention kernel."""
    if not tiled:
        os.environ[NOT_TILED] = "1"  # read when a session is made
    try:
        return Watched(folder.name, folder)
    finally:
        os.environ.pop(NOT_TILED, None)


def margin_between(ours: Sequence[Scores], theirs: Sequence[Scores]) -> float | None:
    """Our token's lead over theirs at the first difference; None where all tokens are the same."""
    for mine, other in zip(ours, theirs, strict=False):
        token, another = mine.argmax(), other.argmax()
        if token != another:
            return float(mine[token] - mine[another])
    return None


def lines(count: int) -> list[Prompt]:
    """Lines of the reserved repositories, always the same ones, each without its second half.

    Every line has enough text above it for a prompt of full length.
    """
    places = list(_places())
    random.Random(1).shuffle(places)
    return list(islice(_prompts(places), count))


def _places() -> Iterator[tuple[Path, Path, int]]:
    """Repository, file and character of each line's start, far enough down in the file."""
    for requirement in (STARLETTE, CLICK, RICH):
        root = source(requirement)
        for path in sorted(root.rglob("*.py")):
            start = 0
            for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
                if start > _CHARACTERS:
                    yield root, path, start
                start += len(line)


def _prompts(places: Iterable[tuple[Path, Path, int]]) -> Iterator[Prompt]:
    """What the product shows of the first few lines that are worth it from each place on."""
    for root, path, start in places:
        text = path.read_text(encoding="utf-8")
        found = 0
        for line in text[start:].splitlines(keepends=True):
            if found == _NEIGHBOURS:
                break
            whole = line.rstrip()
            cut = len(whole) - len(whole.strip()) // 2
            hole = text[: start + cut] + text[start + len(whole) :]
            start += len(line)
            if len(whole.strip()) < _LEAST_LINE:
                continue
            place = path.relative_to(root).as_posix()
            offset = start - len(line) + cut
            if context := read_context(place, "python", hole, offset):
                yield build_prompt(context, (), _CHARACTERS)
                found += 1
