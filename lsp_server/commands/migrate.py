"""`bowerbird migrate`: have another engine keep the vectors of an index."""

from pathlib import Path
from typing import Annotated

import typer

from indexer.engine_name import EngineName
from lsp_server.commands.terminal import fail, progress_bar
from lsp_server.commands.workspace import open_index


def migrate(
    path: Annotated[
        Path, typer.Argument(help="Folder of the code.", exists=True, file_okay=False)
    ] = Path(),
    to: Annotated[EngineName, typer.Option(help="What keeps the vectors.")] = "hnswlib",
    server: Annotated[
        str, typer.Option(metavar="URL", help="A Chroma or Qdrant server that has them.")
    ] = "",
) -> None:
    """Move an index's vectors to another engine, where they stay. Nothing is embedded anew."""
    from indexer.vectors import Unavailable
    from indexer.vectors.engines import Engine

    engine = Engine(to, server)
    with open_index(path) as workspace:
        before = workspace.engine
        if before == engine:
            typer.echo(f"The vectors of {path.resolve()} are in {engine} already.")
            return
        try:
            with progress_bar() as progress:
                moved = workspace.move_vectors(engine, progress)
        except Unavailable as error:
            fail(f"The vectors stay in {before}: {str(error).removesuffix('.')}.")
        except OSError as error:
            fail(f"The vectors stay in {before}: {error}.")
    typer.echo(f"{moved:,} vectors of {path.resolve()} are now in {engine}; before, in {before}.")
