"""`bowerbird model quantize`: an installed model at another precision, with a card."""

from pathlib import Path
from typing import Annotated

import typer

from lsp_server.commands.terminal import fail, megabytes, progress_bar
from model import store
from model.recipes import RECIPES
from model.store import SOURCE, StoreError

AUTO = "auto"


def quantize(
    name: Annotated[str, typer.Argument(help="An installed model.")],
    recipe: Annotated[
        str, typer.Option(help=f"One of {', '.join(RECIPES)}; {AUTO}: what suits this machine.")
    ] = AUTO,
) -> None:
    """Make NAME-RECIPE, which is used by that name, and measure it for its card.

    `mixed` and `int8` are fitted to code and take minutes.
    """
    if recipe not in (*RECIPES, AUTO):
        fail(f"There is no recipe {recipe!r}; choose one of {', '.join((*RECIPES, AUTO))}.")
    try:
        if recipe == AUTO:
            recipe = _chosen(store.path_of(name) / SOURCE)
        with progress_bar() as progress:
            folder = store.quantize(name, recipe, progress=progress)
    except StoreError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail(f"Stopped; `bowerbird model quantize {name} --recipe {recipe}` begins again.")
    _show(folder)


def _chosen(source: Path) -> str:
    """The recipe for this machine; says why."""
    from lsp_server.machine import instruction_sets
    from model.auto import choose_here

    if not source.exists():
        raise StoreError(store.no_source(source.parent.name))
    recipe, reason = choose_here(source, instruction_sets())
    typer.echo(f"Recipe {reason}")
    return recipe


def _show(folder: Path) -> None:
    """The card, as a table."""
    from rich.console import Console
    from rich.table import Table

    from model.measuring import card

    found = card.read(folder)
    table = Table(show_header=False, box=None)
    for what, figure in card.rows(found).items():
        table.add_row(what, figure)
    Console().print(table)
    typer.echo(f"{found.name} is in {folder} ({megabytes(found.bytes)}).")
