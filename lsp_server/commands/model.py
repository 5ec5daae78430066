"""`bowerbird model`: list, install, quantize, measure and remove models."""

from pathlib import Path
from typing import Annotated

import typer

from lsp_server.commands.model_bench import bench
from lsp_server.commands.model_quantize import quantize
from lsp_server.commands.terminal import fail, megabytes, progress_bar
from model import store
from model.catalog import DEFAULT_MODEL, known_models
from model.store import StoreError

app = typer.Typer(help="List, install, quantize, measure and remove models.", no_args_is_help=True)
app.command("bench")(bench)
app.command("quantize")(quantize)

Name = Annotated[str, typer.Argument(help="Name as `bowerbird model list` shows it.")]


@app.command("list")
def list_models() -> None:
    """Show the models that Bowerbird knows, and which are installed."""
    from rich import print as show
    from rich.table import Table

    table = Table("name", "installed", "download", "licence", "", box=None)
    for name, entry in known_models().items():
        download = megabytes(entry.download_size) if entry.sources else "none"
        description = f"{entry.description}{' (default)' * (name == DEFAULT_MODEL)}"
        table.add_row(name, _state(name), download, entry.licence, description)
    for name in store.usable():
        if name not in known_models():
            table.add_row(name, _state(name), "-", *_origin(name))
    show(table)


def _origin(name: str) -> tuple[str, str]:
    """The licence of a model that is not in the catalogue, and what it was made from."""
    for original, entry in known_models().items():
        if name.startswith(f"{original}-"):
            recipe = name.removeprefix(f"{original}-")
            return entry.licence, f"{original} by the recipe {recipe}"
    return "-", "Not in the catalogue"


def _state(name: str) -> str:
    if name in store.usable():
        return megabytes(size_of(store.path_of(name)))
    return "in part" if name in store.begun() else "-"


@app.command()
def pull(name: Name) -> None:
    """Download a model, verify it, and convert it for this machine. Goes on where it stopped."""
    if name in store.usable():
        typer.echo(f"{name} is installed already, in {store.path_of(name)}.")
        return
    install(name)


def install(name: str) -> Path:
    """Install a model with a progress bar, or end the command with one sentence."""
    try:
        with progress_bar() as progress:
            folder = store.pull(name, progress=progress)
    except StoreError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail(f"Stopped; `bowerbird model pull {name}` goes on from here.")
    typer.echo(f"{name} is installed in {folder} ({megabytes(size_of(folder))}).")
    return folder


def chosen_model(name: str) -> str:
    """The model to use: the one asked for, else the best one installed, else `index` for none.

    Ends the command with one sentence when the model asked for is not installed.
    """
    if not name:
        best_first = [*reversed(known_models()), *store.usable()]
        return next((model for model in best_first if model in store.usable()), "index")
    if name != "index":
        try:
            store.path_of(name)
        except StoreError as error:
            fail(str(error))
    return name


@app.command()
def remove(name: Name) -> None:
    """Remove an installed model from the disk."""
    try:
        store.remove(name)
    except StoreError as error:
        fail(str(error))
    typer.echo(f"{name} is removed.")


@app.command()
def path(name: Name = DEFAULT_MODEL) -> None:
    """Print the folder of an installed model."""
    try:
        typer.echo(store.path_of(name))
    except StoreError as error:
        fail(str(error))


def size_of(folder: Path) -> int:
    """Bytes that a folder takes on disk."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
