"""What the subcommands share: failing with one sentence, asking, progress bars, results as JSON."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from model.progress import DOWNLOADING, Progress

JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the results to FILE as JSON.")
]


def fail(sentence: str) -> NoReturn:
    """End the command with exit code 1 and one sentence on stderr."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def on_terminal() -> bool:
    """Whether a person is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def write_json(path: Path | None, results: Any) -> None:
    """Write `results` to `path`, if the user named one."""
    if path is None:
        return
    try:
        path.write_text(json.dumps(results, indent=2, default=str) + "\n", encoding="utf-8")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}.")


def megabytes(size: float) -> str:
    """A number of bytes for people, in decimal megabytes."""
    return f"{size / 1e6:,.0f} MB" if size >= 10e6 else f"{size / 1e6:,.1f} MB"


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar for each step of long work, on a terminal; it leaves no trace when that is over."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    tasks: dict[str, TaskID] = {}
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeRemainingColumn(),
    ]
    console = Console(stderr=True)
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:

        def report(done: int, total: int, what: str) -> None:
            task = tasks.get(what)
            if task is None:
                task = tasks[what] = bars.add_task(what, amount="")
            bars.update(task, completed=done, total=total, amount=_amount(done, total, what))

        yield report


def _amount(done: int, total: int, what: str) -> str:
    if what == DOWNLOADING:
        return f"{done / 1e6:.1f} of {megabytes(total)}"
    return f"{done:,} of {total:,}"
