"""`bowerbird remove-data`: remove everything that Bowerbird has stored on this machine."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from lsp_server.commands.terminal import fail, megabytes
from model import store
from model.paths import home, models_folder


def remove_data(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove all models, indexes and logs. Your code and the program itself stay."""
    folder = home()
    if folder.resolve() in (Path.home(), *Path.home().parents):
        fail(f"{folder} is not Bowerbird's own folder: remove what is in it by hand.")
    elsewhere = _models_elsewhere()
    if not folder.exists() and not elsewhere:
        typer.echo(f"Nothing is stored in {folder}.")
        return
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    also = f" and the models {', '.join(elsewhere)} in {models_folder()}" if elsewhere else ""
    if not yes and not typer.confirm(f"Remove {folder} ({megabytes(size)}){also}?"):
        fail("Nothing was removed.")
    for name in elsewhere:
        store.remove(name)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        fail(f"{folder} could not be removed whole: end all editors that use it, and try again.")
    typer.echo("Removed. `pip uninstall bowerbird` removes the program.")


def _models_elsewhere() -> list[str]:
    """Models that BOWERBIRD_MODELS has put outside of the home folder, whole and in part."""
    if models_folder().is_relative_to(home()):
        return []
    return sorted({*store.installed(), *store.begun()})
