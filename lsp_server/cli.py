"""The `bowerbird` command: which subcommands there are. Each is a file in `commands/`.

Those files import nothing heavy at their top, so that `bowerbird --help` answers at once.
"""

import logging
from importlib.metadata import version
from typing import Annotated

import typer

from lsp_server.commands import (
    complete,
    demo,
    doctor,
    index,
    migrate,
    model,
    remove_data,
    report,
    search,
    serve,
)

app = typer.Typer(
    help="Local, private code completion that builds from your own code.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # they may hold the user's code
)
app.command("serve")(serve.serve)
app.command("index")(index.index)
app.command("migrate")(migrate.migrate)
app.command("search")(search.search)
app.command("complete")(complete.complete)
app.command("demo")(demo.demo)
app.add_typer(model.app, name="model")
app.command("doctor")(doctor.doctor)
app.command("report")(report.report)
app.command("remove-data")(remove_data.remove_data)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bowerbird {version('bowerbird')}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")


def main() -> None:
    """Run the command line: exit code 0 when done, 1 after a failure, 2 for wrong usage."""
    app()
