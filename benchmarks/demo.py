"""`bowerbird demo` on real repositories with each model: how often it suggests, and how fast.

    python -m benchmarks.demo --json benchmarks/results/demo.json

The repositories come from the package index, the models must be installed. Nothing else may run
on the machine meanwhile.
"""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.sources import CLICK, RICH, STARLETTE, source
from lsp_server.commands.terminal import JsonFile, progress_bar, write_json
from lsp_server.demo.places import choose_places
from lsp_server.demo.run import summary, visit_all
from lsp_server.machine import describe
from model.catalog import known_models

REPOSITORIES = (STARLETTE, CLICK, RICH)


def main(
    places: Annotated[int, typer.Option(help="Places a repository.")] = 10,
    json: JsonFile = None,
) -> None:
    """Visits the same places with every model and prints a table."""
    rows = [
        {"repository": repository, "model": model, **_run(source(repository), model, places)}
        for model in known_models()
        for repository in REPOSITORIES
    ]
    _show(rows)
    write_json(json, {"runs": rows, "machine": describe()})


def _run(root: Path, model: str, places: int) -> dict[str, Any]:
    settings = {"model": {"name": model}, "completion": {"deadline_ms": 0}}
    with progress_bar() as progress:
        chosen = choose_places(root, places)
        return summary(asyncio.run(visit_all(root, chosen, settings, progress, lambda _: None)))


def _show(rows: list[dict[str, Any]]) -> None:
    columns = {
        "repository": "repository",
        "model": "model",
        "suggested": "with_suggestion",
        "exact": "exact",
        "arrival, ms": "median_arrival_ms",
        "key, ms": "median_key_ms",
        "key off it, ms": "median_asked_key_ms",
    }
    table = Table(*columns)
    for row in rows:
        table.add_row(*(str(row[key]) for key in columns.values()))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
