"""Does a model with an INT8 cache end lines as it does with one in fp32, and how near is it if not?

    python -m benchmarks.cache_answers smollm2-135m --cases 100

Ends lines of Starlette, Click and Rich behind prompts of about 2,000 tokens, as the product shows
them, with either cache. Takes some minutes on one core for a hundred lines with SmolLM2-135M; what
was measured is written after each line, so that a run may be ended.

Quantized products round their inputs, too, so that the least change of an input can become a change
of the answer. `--explain` therefore measures also what rounding alone changes: the same model with
ONNX Runtime's other attention kernel, which sums in another order. A model of the recipe fp32 shows
what INT8 changes where only the cache is rounded.
"""

import json as json_format
import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.installed import folder_of
from benchmarks.sources import CLICK, RICH, STARLETTE, source
from lsp_server.commands.terminal import JsonFile, progress_bar, write_json
from lsp_server.engine.context import read_context
from lsp_server.engine.prompt import build_prompt
from lsp_server.engine.stops import line_end
from lsp_server.machine import describe
from model.cache import change_cache
from model.generate import Limits
from model.language_model import LanguageModel
from model.nearby import Nearby
from model.store import SOURCE
from model.templates import Prompt

LEAST_SAME = 0.95
NOT_TILED = "ORT_GQA_DISABLE_FLASH_ATTENTION"

_CHARACTERS = 9_250  # of which the prompts come to about 2,000 tokens; their mean is reported
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


def main(
    name: Annotated[str, typer.Argument(help="An installed model.")],
    cases: Annotated[int, typer.Option(min=1, help="How many lines to end.")] = 100,
    explain: Annotated[bool, typer.Option(help="What rounding alone changes, too.")] = False,
    json: JsonFile = None,
) -> None:
    """Prints the figures as a table."""
    folder = folder_of(name)
    path = json or Path(__file__).with_name("results") / f"cache-answers-{name}.json"
    machine = describe()
    compared: dict[str, Comparison] = {}
    with tempfile.TemporaryDirectory() as place, progress_bar() as progress:
        os.environ["BOWERBIRD_HOME"] = place  # the second graphs of copies are not to stay
        for so_far in measure(folder, Path(place), cases, explain):
            compared |= so_far
            lines_ended = max(each.lines for each in so_far.values())
            progress(lines_ended, cases, f"ending lines: {', '.join(so_far)}")
            found = {what: asdict(each) for what, each in compared.items()}
            write_json(path, {"model": name, "compared": found, "machine": machine})
    show(name, compared)


def measure(folder: Path, work: Path, cases: int, explain: bool) -> Iterator[dict[str, Comparison]]:
    """How the answers agree so far, by what differs; `work` is for copies of the model."""
    others = {"INT8": opened(with_int8_cache(folder, work / "small"))}
    if explain:
        others["rounding alone"] = opened(folder, tiled=False)
    yield from compare(opened(folder), others, lines(cases))


def with_int8_cache(folder: Path, copy: Path) -> Path:
    """A copy of a converted model whose cache is INT8."""
    copytree(folder, copy, ignore=ignore_patterns(SOURCE))
    about = json_format.loads((copy / "model.json").read_text())
    change_cache(copy, "int8", about["context"])
    return copy


def compare(
    first: Watched, others: Mapping[str, Watched], prompts: Sequence[Prompt]
) -> Iterator[dict[str, Comparison]]:
    """Ends each line with all models, greedily, with drafts, as the product does.

    Tells after each line how each of the others agrees with the first so far.
    """
    same_text, same_tokens = Counter[str](), Counter[str]()
    margins: dict[str, list[float]] = {name: [] for name in others}
    read = 0
    for count, prompt in enumerate(prompts, start=1):
        usual = first.complete(prompt, stop=line_end, limits=Limits())
        read += usual.prefilled + usual.reused
        for name, other in others.items():
            same_text[name] += (
                other.complete(prompt, stop=line_end, limits=Limits()).text == usual.text
            )
            margin = margin_between(first.recorder.steps, other.recorder.steps)
            same_tokens[name] += margin is None
            margins[name] += [] if margin is None else [margin]
        yield {
            name: Comparison(count, read / count, same_tokens[name], same_text[name], [*leads])
            for name, leads in margins.items()
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


def show(name: str, compared: dict[str, Comparison]) -> None:
    """The figures as a table, and what was asked of them."""
    table = Table(
        "what differs", "lines", "same tokens", "same text", "leads where not", title=name
    )
    for what, found in compared.items():
        leads = ", ".join(f"{margin:.2f}" for margin in sorted(found.margins))
        shares = (f"{same / found.lines:.1%}" for same in (found.same_tokens, found.same_text))
        table.add_row(what, str(found.lines), *shares, leads)
    console = Console()
    console.print(table)
    same = compared["INT8"].same_tokens / compared["INT8"].lines
    judge(console, f"{same:.1%} the same in every token", same >= LEAST_SAME)


def judge(console: Console, what: str, good: bool) -> None:
    """One line: what was found, and whether it is what was asked for."""
    console.print(f"{what}: {'as asked for' if good else 'short of what was asked for'}")


if __name__ == "__main__":
    typer.run(main)
