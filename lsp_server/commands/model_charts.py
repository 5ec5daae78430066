"""The figures of `bowerbird model bench`: a table and bars on the terminal, and a picture."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rich.bar import Bar
from rich.console import Console
from rich.table import Table

from model.measuring.bench import Result, pairs, ratios


class ChartError(Exception):
    """The picture cannot be drawn; the message says why and what to do."""


@dataclass(frozen=True)
class Figure:
    """One figure of a result, and how it is written."""

    name: str
    unit: str
    value: Callable[[Result], float]
    form: str = ",.0f"


FIGURES = (
    Figure("prefill", "tokens/s", lambda result: result.speeds.prefill),
    Figure("decode 256", "tokens/s", lambda result: result.speeds.decode_256, ",.1f"),
    Figure("decode 1024", "tokens/s", lambda result: result.speeds.decode_1024, ",.1f"),
    Figure("verify 4", "tokens/s", lambda result: result.speeds.verify_4),
    Figure("verify 8", "tokens/s", lambda result: result.speeds.verify_8),
    Figure("disk", "MB", lambda result: result.disk_bytes / 1e6),
    Figure("memory", "MB", lambda result: result.resident_bytes / 1e6),
    Figure("bits", "per byte", lambda result: result.bits_per_byte, ".3f"),
)
"""The columns, in order; the speeds first, in the order of `model.measuring.bench.SPEEDS`."""

CAPTION = (
    "Tokens a second while a prompt of 1,024 tokens is read (prefill), one token is written after "
    "the other behind 256 and 1,024 (decode), and drafts of 4 and 8 are checked behind 1,024 "
    "(verify); MB on disk and in memory; bits by which a byte of code is encoded."
)

SHOWN = (FIGURES[0], FIGURES[2])
"""Those with bars on the terminal."""

DRAWN = (*SHOWN, *FIGURES[5:])
"""Those in the picture."""

COLOURS = {"bowerbird": "tab:blue", "llama.cpp": "tab:gray"}


def show(results: Sequence[Result]) -> None:
    """Print the table and the bars."""
    console = Console()
    console.print(_table(results))
    for figure in SHOWN:
        console.print(_bars(results, figure))


def _table(results: Sequence[Result]) -> Table:
    table = Table("", box=None, padding=(0, 1, 0, 0), caption=CAPTION, caption_justify="left")
    for figure in FIGURES:
        table.add_column(figure.name.replace(" ", "\n"), justify="right", vertical="bottom")
    for ours, theirs in pairs(results):
        table.add_row(_label(ours), *_cells(ours))
        if theirs:
            table.add_row(_label(theirs), *_cells(theirs))
            times = (f"x {ratio:.2f}" for ratio in ratios(ours, theirs).values())
            table.add_row("times as fast", *times, style="bold")
    return table


def _label(result: Result) -> str:
    name = result.model if result.program == "bowerbird" else result.program
    return f"{name} {result.precision}"


def _cells(result: Result) -> Iterator[str]:
    return (format(figure.value(result), figure.form) for figure in FIGURES)


def _title(figure: Figure) -> str:
    return f"{figure.name} ({figure.unit})"


def _bars(results: Sequence[Result], figure: Figure) -> Table:
    table = Table("", "", "", title=_title(figure), box=None, show_header=False)
    longest = max(map(figure.value, results))
    for result in results:
        value = figure.value(result)
        bar = Bar(
            longest, 0, value, width=40, color="blue" if result.program == "bowerbird" else "white"
        )
        table.add_row(_label(result), bar, format(value, figure.form))
    return table


def require(path: Path) -> None:
    """Raise `ChartError`, before anything is measured, when no picture can be written to `path`."""
    if find_spec("matplotlib") is None:
        raise ChartError("A picture needs matplotlib: run `pip install 'bowerbird[bench]'`.")
    if path.suffix.lower() != ".png":
        raise ChartError(f"The picture is a PNG: let the name {path} end with .png.")
    if not path.absolute().parent.is_dir():
        raise ChartError(f"{path} cannot be written: there is no folder {path.absolute().parent}.")


def draw(results: Sequence[Result], path: Path) -> None:
    """Write a picture with a panel for each figure and a bar for each result."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Picture

    picture = Picture(figsize=(3 * len(DRAWN), 1.2 + 0.4 * len(results)), layout="constrained")
    FigureCanvasAgg(picture)
    places = range(len(results), 0, -1)
    colours = [COLOURS[result.program] for result in results]
    for axes, figure in zip(picture.subplots(1, len(DRAWN), sharey=True), DRAWN, strict=True):
        bars = axes.barh(places, [figure.value(result) for result in results], color=colours)
        axes.bar_label(bars, fmt=f"{{:{figure.form}}}", padding=2)
        axes.set_title(_title(figure))
        axes.set_yticks(places, [_label(result) for result in results])
        axes.margins(x=0.25)  # room for the labels
    picture.savefig(path)
