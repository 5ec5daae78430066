"""What drafts save, and that they change nothing: the same places with and without them.

    python -m benchmarks.drafts --model nestling --model qwen2.5-coder-0.5b

Places of real repositories, as in `benchmarks.completion`. Each prompt is read once and completed
twice from there: token by token, and with the drafts that the server has. Answers have to be the
same in every token. Without drafts, each token takes a pass of the decoder. With `--kept FILE` each
place is written down at once, and an interrupted run goes on; with `--minutes` it ends in time, and
the table says how many places there were.
"""

import json as json_format
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.cases import Case, draw
from benchmarks.completion import INDEXES, repositories
from benchmarks.systems import context_of, open_index, opened
from indexer.index import WorkspaceIndex
from lsp_server.commands.terminal import JsonFile, fail, progress_bar, write_json
from lsp_server.engine.engine import Engine
from lsp_server.engine.stops import stop_rule
from lsp_server.machine import describe
from model.download import DownloadError
from model.generate import Limits
from model.language_model import LanguageModel, ModelError, load_model
from model.store import StoreError

CASES, SEED, PROMPT_TOKENS = 500, 0, 1024


@dataclass(frozen=True)
class Outcome:
    """A place, completed twice."""

    model: str
    case: str
    is_body: bool
    same: bool
    text: str
    drafted_text: str
    passes: int
    drafted_passes: int


def main(
    model: Annotated[list[str], typer.Option(help="An installed model; repeatable.")],
    cases: Annotated[int, typer.Option(min=1, help="How many places.")] = CASES,
    prompt_tokens: Annotated[int, typer.Option(help="Longest prompt.")] = PROMPT_TOKENS,
    threads: Annotated[int, typer.Option(help="Of the model.")] = 2,
    seed: Annotated[int, typer.Option(help="Of the drawing.")] = SEED,
    kept: Annotated[
        Path | None, typer.Option(help="Outcomes of the same code, one a line; added to.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="For each model, at most.")] = None,
    json: JsonFile = None,
) -> None:
    """Completes every place twice with each model and prints the table."""
    logging.disable()  # the reasons of skipped files are not asked for here
    try:
        drawn = draw(repositories(), cases, seed)
        outcomes = {name: known(kept, name, drawn) for name in model}
        for name, found in outcomes.items():
            ends = time.monotonic() + 60 * minutes if minutes else None
            done = {outcome.case for outcome in found}
            left = [case for case in drawn if case.name not in done]
            for outcome in compare(load_model(name, threads=threads), left, prompt_tokens):
                found.append(outcome)
                keep(kept, outcome)
                if ends and time.monotonic() > ends:
                    break
    except (DownloadError, StoreError, ModelError) as error:
        fail(f"{error}".rstrip(".") + ".")
    figures = {name: summary(found) for name, found in outcomes.items()}
    show(figures)
    for found in outcomes.values():
        for outcome in found:
            if not outcome.same:
                print(json_format.dumps(asdict(outcome)))
    write_json(json, {"models": figures, "seed": seed, "machine": describe()})


def known(kept: Path | None, model: str, cases: Sequence[Case]) -> list[Outcome]:
    """What earlier runs noted of a model at these places."""
    if kept is None or not kept.exists():
        return []
    lines = kept.read_text(encoding="utf-8").splitlines()
    outcomes = [Outcome(**json_format.loads(line)) for line in lines]
    names = {case.name for case in cases}
    return [each for each in outcomes if each.model == model and each.case in names]


def keep(kept: Path | None, outcome: Outcome) -> None:
    """Notes an outcome, on disk at once."""
    if kept is not None:
        with kept.open("a", encoding="utf-8") as file:
            file.write(json_format.dumps(asdict(outcome)) + "\n")


def compare(
    model: LanguageModel, cases: Sequence[Case], prompt_tokens: int, indexes: Path = INDEXES
) -> Iterator[Outcome]:
    """Completes each case with and without drafts, one repository after another."""
    done = 0
    with progress_bar() as progress:
        for root, group in groupby(sorted(cases, key=lambda case: case.root), lambda x: x.root):
            with closing(open_index(root, indexes)) as index:
                for case in group:
                    progress(done, len(cases), model.name)
                    yield twice(model, case, index, prompt_tokens)
                    done += 1


def twice(model: LanguageModel, case: Case, index: WorkspaceIndex, prompt_tokens: int) -> Outcome:
    """Completes a case with and without drafts, from the same keys and values of its prompt."""
    context = context_of(case)
    with opened(index, case):
        engine = Engine((index,), model, prompt_tokens=prompt_tokens)
        prompt, _ = engine.composer.whole(context, model)
    stop, limits = stop_rule(context), Limits()
    model.read(prompt, limits)
    plain = model.complete(prompt, stop=stop, limits=limits, draft=False)
    written = list(model.decoder.tokens)
    drafted = model.complete(prompt, stop=stop, limits=limits)
    # What stands behind the answer in the cache is a draft that was not checked any more.
    same_tokens = model.decoder.tokens[: len(written)] == written
    return Outcome(
        model=model.name,
        case=case.name,
        is_body=case.is_body,
        same=same_tokens and (plain.text, plain.tokens) == (drafted.text, drafted.tokens),
        text=plain.text,
        drafted_text=drafted.text,
        passes=plain.passes,
        drafted_passes=drafted.passes,
    )


def summary(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """The figures of lines, of bodies and of all: how many are the same, and the passes taken."""
    groups = {
        "lines": [each for each in outcomes if not each.is_body],
        "bodies": [each for each in outcomes if each.is_body],
        "all": outcomes,
    }
    return {name: _figures(group) for name, group in groups.items() if group}


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    passes = sum(each.passes for each in outcomes)
    drafted = sum(each.drafted_passes for each in outcomes)
    return {
        "places": len(outcomes),
        "same": sum(each.same for each in outcomes),
        "passes": passes,
        "passes_drafted": drafted,
        "times_fewer": round(passes / drafted, 3),
    }


def show(figures: dict[str, dict[str, dict[str, Any]]]) -> None:
    """The figures as a table."""
    table = Table("model", "", "places", "same", "passes", "with drafts", "times fewer")
    for name, groups in figures.items():
        for group, values in groups.items():
            table.add_row(name, group, *map(str, values.values()))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
