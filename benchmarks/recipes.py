"""What each recipe makes of a model: size, quality against fp32, and speed, in turn in one run.

    python -m benchmarks.recipes qwen2.5-coder-0.5b

Makes the models that are not there yet (`bowerbird model quantize` does), and keeps them. Nothing
else may run on the machine meanwhile. Exact match on unseen repositories is measured by
`benchmarks.exact_match`, which takes the models by their names, NAME-RECIPE.
"""

from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from lsp_server.commands.terminal import JsonFile, fail, megabytes, progress_bar, write_json
from lsp_server.machine import describe
from model import store
from model.decoder import CHUNK
from model.language_model import LanguageModel, ModelError, load_model
from model.measuring import card
from model.measuring.card import Card
from model.measuring.speed import Speeds, Subject, measure
from model.recipes import RECIPES
from model.store import StoreError


def main(
    name: Annotated[str, typer.Argument(help="An installed model with its source.")],
    recipe: Annotated[
        list[str], typer.Option(help="A recipe to measure; repeatable. All, if none is named.")
    ] = list(RECIPES),  # noqa: B006, B008 - typer makes a list of its own
    rounds: Annotated[int, typer.Option(min=1, help="Rounds that are timed.")] = 5,
    json: JsonFile = None,
) -> None:
    """Prints a row for each recipe."""
    try:
        cards = [made(name, each) for each in recipe]
        speeds = in_turn([load_model(each.name) for each in cards], rounds)
    except (StoreError, ModelError) as error:
        fail(str(error))
    results = [
        asdict(each) | {"prefill": fast.prefill, "decode": fast.decode_256}
        for each, fast in zip(cards, speeds, strict=True)
    ]
    show(results)
    path = json or Path(__file__).with_name("results") / f"recipes-{name}.json"
    write_json(path, {"model": name, "rounds": rounds, "results": results, "machine": describe()})


def made(name: str, recipe: str) -> Card:
    """The card of the model by a recipe, which is made if need be."""
    variant = f"{name}-{recipe}"
    if variant not in store.installed():
        with progress_bar() as progress:
            store.quantize(name, recipe, progress=progress)
    return card.read(store.path_of(variant))


def in_turn(models: list[LanguageModel], rounds: int) -> list[Speeds]:
    """The median speeds of models that are measured one after the other in each round."""
    subjects = [Subject(each.tokenizer.encode, each.decoder, CHUNK) for each in models]
    turns = [[measure(subject) for subject in subjects] for _ in range(rounds)]
    return [
        Speeds(*(median(values) for values in zip(*map(_figures, column), strict=True)))
        for column in zip(*turns, strict=True)
    ]


def _figures(speeds: Speeds) -> tuple[float, ...]:
    return tuple(asdict(speeds).values())


def show(results: list[dict[str, Any]]) -> None:
    """The figures as a table."""
    table = Table(
        *("recipe", "size", "of fp16", "bits a weight", "bits a byte", "as fp32", "exact"),
        *("read, tokens/s", "write, tokens/s"),
    )
    for each in results:
        table.add_row(
            each["recipe"],
            megabytes(each["bytes"]),
            f"{each['share_of_fp16']:.1%}",
            f"{each['bits_per_weight']:.2f}",
            f"{each['bits_per_byte']:.4f}",
            f"{each['agreement']:.1%}",
            f"{each['exact_match']:.1%}",
            f"{each['prefill']:,.0f}",
            f"{each['decode']:,.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
