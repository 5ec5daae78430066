"""How many lines of unseen repositories versions of a model end as they stood, beside the first.

    python -m benchmarks.exact_match qwen2.5-coder-0.5b-fp32 qwen2.5-coder-0.5b

The single lines of `benchmarks.completion`, with retrieval by words; `bowerbird model quantize`
makes the versions. Answers are kept under `.work/completion`, so that a run that was interrupted
goes on; lines are asked in the order they are drawn, and the figures are of those that every
version has answered so far.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.answers import WORK, Answers
from benchmarks.cases import Case, draw
from benchmarks.completion import CASES, INDEXES, PROMPT_TOKENS, SEED, repositories
from benchmarks.report import scores_of
from benchmarks.scores import Interval, Score, comparison, interval, mean, share
from benchmarks.systems import EngineSystem, decided, open_index, opened, state_of
from indexer.index import WorkspaceIndex
from lsp_server.commands.terminal import JsonFile, fail, progress_bar, write_json
from lsp_server.machine import describe
from model.download import DownloadError
from model.language_model import ModelError, load_model
from model.store import StoreError, path_of

RESULTS = Path(__file__).with_name("results") / "exact-match.json"


def main(
    models: Annotated[list[str], typer.Argument(help="Installed models, the reference first.")],
    cases: Annotated[int, typer.Option(min=1, help="The first so many, bodies included.")] = CASES,
    seed: Annotated[int, typer.Option(help="Of the drawing.")] = SEED,
    threads: Annotated[int, typer.Option(help="Of each model.")] = 2,
    minutes: Annotated[float, typer.Option(help="No line is begun after so long.")] = 600,
    json: JsonFile = None,
) -> None:
    """Prints a row for each model."""
    logging.disable()  # the reasons of skipped files are not asked for here
    try:
        lines = [case for case in draw(repositories(), cases, seed) if not case.is_body]
        folders = {name: path_of(name) for name in models}
        systems = [
            EngineSystem(
                load_model(name, folder=folder.parent, threads=threads),
                "lexical",
                PROMPT_TOKENS,
                state_of(folder),
            )
            for name, folder in folders.items()
        ]
    except (DownloadError, StoreError, ModelError) as error:
        fail(f"{error}".rstrip(".") + ".")
    scored = scores(systems, lines, time.monotonic() + 60 * minutes)
    results = {name: _figures(its, scored[models[0]]) for name, its in scored.items()}
    show(results)
    asked = {"lines": len(scored[models[0]]), "seed": seed, "prompt_tokens": PROMPT_TOKENS}
    write_json(json or RESULTS, {**asked, "models": results, "machine": describe()})


def scores(
    systems: Sequence[EngineSystem], lines: Sequence[Case], deadline: float
) -> dict[str, list[Score]]:
    """The scores of each model on the lines that all have answered by then, in their order."""
    answers = [Answers(system, WORK) for system in systems]
    indexes: dict[Path, WorkspaceIndex] = {}
    with ExitStack() as stack, progress_bar() as progress:
        for done, case in enumerate(lines):
            waiting = [pair for pair in zip(systems, answers, strict=True) if not pair[1].get(case)]
            if waiting and time.monotonic() > deadline:
                break
            if waiting and case.root not in indexes:
                index = closing(open_index(case.root, INDEXES))
                indexes[case.root] = stack.enter_context(index)
            for system, kept in waiting:
                with opened(indexes[case.root], case):
                    kept.put(case, system.predict(case, indexes[case.root]))
            progress(done + 1, len(lines), "ending lines")
    common = [case for case in lines if all(kept.get(case) for kept in answers)]
    return {
        system.model: scores_of(common, [decided(case, kept[case]) for case in common])
        for system, kept in zip(systems, answers, strict=True)
    }


def _figures(its: Sequence[Score], reference: Sequence[Score]) -> dict[str, Any]:
    """Exact match and bits a character, with their intervals and those of the difference."""
    figures: dict[str, Interval | None] = {
        "exact": interval([[score.exact] for score in its], mean),
        "bits_per_character": interval([[s.bits, s.characters] for s in its], share),
    }
    differences = comparison(its, reference)
    figures |= {f"{name}_difference": differences[name] for name in figures}
    return {name: asdict(figure) for name, figure in figures.items() if figure}


def show(results: dict[str, dict[str, Any]]) -> None:
    """The figures as a table."""
    columns = ("exact", "exact_difference", "bits_per_character", "bits_per_character_difference")
    table = Table("model", *(column.replace("_", " ") for column in columns))
    for name, figures in results.items():
        cells = (figures.get(column) for column in columns)
        table.add_row(
            name,
            *("{value:.3f} ({low:.3f} to {high:.3f})".format(**c) if c else "-" for c in cells),
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
