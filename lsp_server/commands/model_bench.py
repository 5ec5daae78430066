"""`bowerbird model bench`: what usable models cost, beside llama.cpp on the same weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lsp_server.commands.terminal import JsonFile, fail, progress_bar, write_json

if TYPE_CHECKING:
    from model.measuring.bench import Result

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Installed models; all of them if none is named."),
]
Rounds = Annotated[int, typer.Option(min=1, help="Rounds that are timed.")]
PlotFile = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw the figures to FILE, a PNG.")
]


def bench(
    names: Names = None,
    recipes: Annotated[
        bool, typer.Option("--recipes", help="And the models that were quantized from these.")
    ] = False,
    rounds: Rounds = 5,
    plot: PlotFile = None,
    json: JsonFile = None,
) -> None:
    """Measure the speed, size, memory and quality of models, beside llama.cpp.

    Figures are medians of rounds that Bowerbird and llama.cpp take in turn, on the same weights and
    threads. Nothing else should run on the machine meanwhile.
    """
    from lsp_server.machine import describe
    from model.measuring.bench import variants
    from model.store import usable

    chosen = names or usable()
    if recipes:
        chosen = list(dict.fromkeys(each for name in chosen for each in variants(name)))
    results = measure(chosen, rounds=rounds, plot=plot)
    write_json(json, {"results": [x.as_dict() for x in results], "machine": describe()})


def measure(names: Sequence[str], *, rounds: int, plot: Path | None) -> list["Result"]:
    """Measure models and show the figures, or end the command with one sentence."""
    from lsp_server.commands import model_charts
    from model.language_model import ModelError
    from model.measuring.bench import BenchError, bench, why_alone
    from model.measuring.peer import PeerError
    from model.store import StoreError

    results: list[Result] = []
    try:
        if plot:
            model_charts.require(plot)
        alone = dict.fromkeys(filter(None, map(why_alone, names)))
        with progress_bar() as progress:
            for name in names:
                results += bench(name, rounds=rounds, progress=progress)
        model_charts.show(results)
        for sentence in alone:
            typer.echo(sentence)
        if plot:
            model_charts.draw(results, plot)
    except (StoreError, ModelError, PeerError, BenchError, model_charts.ChartError) as error:
        fail(str(error))
    return results
