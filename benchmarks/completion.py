"""How often the suggestion is what stood there: the whole engine on unseen repositories.

    python -m benchmarks.completion --model smollm2-135m --model qwen2.5-coder-0.5b

Each model with each way of retrieval, a 5-gram with a cache as the floor, and, where its server is
named, llama.cpp as llama.vim asks it. Answers are kept under `.work/completion`, so that a run that
was interrupted goes on, and one with more cases, models or arms only adds.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import groupby
from pathlib import Path
from typing import Annotated, get_args

import typer

from benchmarks.answers import WORK, Answers
from benchmarks.cases import Case, draw, share_a_line
from benchmarks.floor import FiveGram
from benchmarks.llama_vim import PeerError, llama_vim
from benchmarks.report import merge, name_of, results_of, scores_of, show
from benchmarks.scores import Interval, interval, mean
from benchmarks.sources import JAVASCRIPT, PYTHON, source
from benchmarks.systems import (
    EngineSystem,
    Prediction,
    Retrieval,
    System,
    decided,
    open_index,
    opened,
    state_of,
)
from indexer.index import WorkspaceIndex
from lsp_server.commands.terminal import fail, progress_bar
from lsp_server.machine import describe
from model.download import DownloadError
from model.language_model import LanguageModel, ModelError, load_model
from model.store import StoreError, path_of

RESULTS = Path(__file__).with_name("results") / "completion.json"

CASES, SEED, PROMPT_TOKENS = 720, 0, 1024

TUNING_SEED = 2

INDEXES = WORK / "indexes"

ARMS = get_args(Retrieval)


def main(
    model: Annotated[
        list[str], typer.Option(help="An installed model, or a model's folder; repeatable.")
    ] = [],  # noqa: B006 - typer makes a list of its own
    arm: Annotated[
        list[str], typer.Option(help=f"Retrieval, of {', '.join(ARMS)}; repeatable.")
    ] = list(ARMS),  # noqa: B006, B008
    cases: Annotated[int, typer.Option(min=1, help="How many cases, the first of all.")] = CASES,
    floor: Annotated[bool, typer.Option(help="Ask the 5-gram, too.")] = True,
    llama_server: Annotated[
        Path | None, typer.Option(help="llama.cpp's server, to ask it as llama.vim does.")
    ] = None,
    gguf: Annotated[Path | None, typer.Option(help="Weights for it, of Qwen2.5-Coder.")] = None,
    threads: Annotated[int, typer.Option(help="Of the model and of that server.")] = 2,
    prompt_tokens: Annotated[int, typer.Option(help="Longest prompt.")] = PROMPT_TOKENS,
    seed: Annotated[int, typer.Option(help="Of the drawing.")] = SEED,
    examples: Annotated[int, typer.Option(help="How many cases to print with answers.")] = 0,
    json: Annotated[Path, typer.Option(metavar="FILE", help="Where results are added.")] = RESULTS,
) -> None:
    """Asks every system for every case and prints the tables."""
    logging.disable()  # the reasons of skipped files are not asked for here
    if wrong := set(arm) - set(ARMS):
        fail(f"There is no arm {', '.join(sorted(wrong))}: choose of {', '.join(ARMS)}.")
    if llama_server and not gguf:
        fail("Name the weights for llama.cpp's server with --gguf.")
    with ExitStack() as stack:
        try:
            drawn = draw(repositories(), cases, seed)
            systems = list(_systems(model, arm, floor, prompt_tokens, threads))
            if llama_server and gguf:
                peer = llama_vim(llama_server, gguf, "qwen2.5-coder-0.5b", threads)
                systems.append(stack.enter_context(peer))
            answers = ask(systems, drawn)
        except (DownloadError, StoreError, ModelError, PeerError) as error:
            fail(f"{error}".rstrip(".") + ".")
    results = results_of(drawn, list(zip(systems, answers, strict=True)))
    _show_examples(drawn[:examples], systems, answers)
    show(results)
    about = {"seed": seed, "prompt_tokens": prompt_tokens, "machine": describe()}
    merge(json, results, about)


def repositories() -> list[Path]:
    """Where the benchmark's repositories are, fetched if need be. Raises DownloadError."""
    return [source(pin) for pin in (*PYTHON, *JAVASCRIPT)]


def tuning_lines(count: int) -> list[Case]:
    """Lines to choose by, the same each time: of another draw, and no line of which is reported on.

    Raises DownloadError.
    """
    reported = draw(repositories(), CASES, SEED)
    drawn = draw(repositories(), 2 * count, TUNING_SEED)
    lines = (case for case in drawn if not case.is_body)
    return [case for case in lines if not any(share_a_line(case, r) for r in reported)][:count]


def exact_match(
    model: LanguageModel, *, cases: int = 120, arm: Retrieval = "lexical", seed: int = SEED
) -> Interval | None:
    """A model's exact match on single lines among the first `cases`, with its 95 % interval.

    Nothing is kept: for models that are being made. Raises DownloadError.
    """
    drawn = [case for case in draw(repositories(), cases, seed) if not case.is_body]
    (predictions,) = ask([EngineSystem(model, arm, PROMPT_TOKENS)], drawn, keep=None)
    return interval([[score.exact] for score in scores_of(drawn, predictions)], mean)


def ask(
    systems: Sequence[System], cases: Sequence[Case], *, keep: Path | None = WORK
) -> list[list[Prediction]]:
    """Each system's answers to the cases, in their order; those kept in a folder are not asked for.

    What is shown of them follows from the filters and the confidence as they are now. One
    repository after another, and each case's document is opened once for all systems.
    """
    answers = [Answers(system, keep) for system in systems]
    waiting = [case for case in cases if None in (kept.get(case) for kept in answers)]
    done = len(cases) - len(waiting)
    with progress_bar() as progress:
        for root, group in groupby(sorted(waiting, key=lambda x: x.root), key=lambda x: x.root):
            with closing(open_index(root, INDEXES)) as index:
                for case in group:
                    progress(done, len(cases), "Cases")
                    _ask_all(systems, answers, case, index)
                    done += 1
            typer.echo(f"{done} of {len(cases)} cases, {root.name} is done", err=True)
    return [[decided(case, kept[case]) for case in cases] for kept in answers]


def _ask_all(
    systems: Sequence[System], answers: Sequence[Answers], case: Case, index: WorkspaceIndex
) -> None:
    with opened(index, case):
        for system, kept in zip(systems, answers, strict=True):
            if kept.get(case) is None:
                kept.put(case, system.predict(case, index))


def _systems(
    models: Sequence[str], arms: Sequence[str], floor: bool, prompt_tokens: int, threads: int
) -> Iterator[System]:
    if floor:
        yield FiveGram()
    for name in models:
        folder = Path(name) if Path(name).is_dir() else path_of(name)
        model = load_model(folder.name, folder=folder.parent, threads=threads)
        for arm in ARMS:
            if arm in arms:
                yield EngineSystem(model, arm, prompt_tokens, state_of(folder))


def _show_examples(
    cases: Sequence[Case], systems: Sequence[System], answers: Sequence[Sequence[Prediction]]
) -> None:
    """Cases in full, for judging by eye."""
    for number, case in enumerate(cases):
        print(f"\n{case.name}, {case.kind}")
        typed = case.text[: case.start].rpartition("\n")[2]
        print(f"  typed    {typed!r}\n  expected {case.expected!r}")
        for system, given in zip(systems, answers, strict=True):
            mark = "shown" if given[number].shown else "not shown"
            print(f"  {name_of(system)}: {given[number].text!r} ({mark})")


if __name__ == "__main__":
    typer.run(main)
