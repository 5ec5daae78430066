"""The index of a folder, for the subcommands that need one."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lsp_server.commands.terminal import fail, progress_bar

if TYPE_CHECKING:
    from indexer.index import WorkspaceIndex
    from indexer.results import UpdateReport

Folder = Annotated[Path, typer.Option("--path", help="Folder of the code.", exists=True)]


@contextmanager
def open_index(root: Path) -> Iterator["WorkspaceIndex"]:
    """The index of the folder `root`, closed at the end.

    That it cannot be written, or is damaged, ends the command.
    """
    from indexer.database import CannotWrite, Damaged
    from indexer.index import WorkspaceIndex
    from indexer.store import OtherFormat
    from indexer.vectors.engines import chosen
    from lsp_server.settings import load
    from model.embed import load_embedder

    settings, warnings = load(None, None, os.environ)
    for warning in warnings:
        typer.echo(warning, err=True)
    engine = chosen(settings.index.engine, settings.index.server)
    try:
        index = WorkspaceIndex.open(root.resolve(), load_embedder(), engine=engine)
    except (OSError, sqlite3.Error, Damaged, OtherFormat) as error:
        fail(f"The index of {root} cannot be opened: {error}.")
    try:
        with closing(index):
            yield index
    except CannotWrite as error:
        fail(f"The index is not complete: {error}.")
    except Damaged:
        fail(
            f"The index of {root} is damaged: run the command again, which makes it anew unless"
            " another process, such as an editor's, keeps it."
        )


def update(index: "WorkspaceIndex") -> "UpdateReport":
    """Bring the index up to date under a progress bar."""
    with progress_bar() as progress:
        return index.update(progress=lambda done, total, _: progress(done, total, "indexing"))
