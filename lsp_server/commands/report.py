"""`bowerbird report`: a page about the index and what became of suggestions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lsp_server.commands.model import size_of
from lsp_server.commands.terminal import fail, megabytes
from lsp_server.commands.workspace import open_index, update

if TYPE_CHECKING:
    from lsp_server.report.page import Model


def report(
    path: Annotated[
        Path, typer.Argument(help="Folder of the code.", exists=True, file_okay=False)
    ] = Path(),
    output: Annotated[
        Path | None,
        typer.Option(
            help="Where to write the page.", show_default="report.html in Bowerbird's folder"
        ),
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = True,
) -> None:
    """Write a page about a folder's index and your suggestions, and open it in the browser."""
    from lsp_server.metrics import Metrics
    from lsp_server.report.page import render
    from model.paths import home

    root = path.resolve()
    with open_index(root) as workspace:
        update(workspace)
        status, contents = workspace.status(), workspace.contents()
    metrics = Metrics(home() / "metrics.sqlite3")
    page = render(root, status, contents, metrics.requests(), _models())
    metrics.close()
    file = (output or home() / "report.html").resolve()
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")
    typer.echo(f"The report is {file}")
    if open_page:
        typer.launch(file.as_uri())


def _models() -> "list[Model]":
    from lsp_server.report.page import Model
    from model import store
    from model.catalog import known_models

    licences = {name: entry.licence for name, entry in known_models().items()}
    there = store.usable()
    return [
        Model(
            name,
            licences.get(name, "unknown"),
            megabytes(size_of(store.path_of(name))) if name in there else "not installed",
        )
        for name in sorted({*licences, *there})
    ]
