"""Shows the figures of typing: a table and a picture of how soon keys are answered."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.typing_figures import ROWS, WITHIN, Record, latencies
from lsp_server.commands.model_charts import COLOURS

_DRAWN = {"every key": ("-", "all keys"), "of these the model asked": ("--", "the model asked")}
"""The rows in the picture: how their lines are drawn, and what they are called."""

_TICKS = (1, 3, 10, 30, *WITHIN, 1000, 3000)  # milliseconds

_CAPTION = (
    "Milliseconds from a key to the answer as the editor sees it, p50 / p90 / p99, and how many "
    "were answered. A key whose answer had not come when the next one was pressed is superseded: "
    "it counts in the shares, not in the percentiles. Its wait lasts until a later key is "
    "answered. All warm keys count from each key to the first answer, or text, on its line, "
    "whichever key it was asked by; '-' where so many keys never came to one."
)


def show(results: Mapping[str, dict[str, Any]]) -> None:
    """Prints the figures of each system beside each other."""
    table = Table("", *results, box=None, caption=_CAPTION, caption_justify="left")
    for row in ROWS:
        table.add_row(row, *(_latency(figures["rows"][row]) for figures in results.values()))
    lines: dict[str, Callable[[dict[str, Any]], str]] = {
        "wait, p50 / p90 / p99": lambda it: _triple(it["wait_ms"]),
        "all warm keys on a line, to an answer": _of_all("to_an_answer_ms"),
        "all of them, to a text": _of_all("to_a_text_ms"),
        "those that came to a text": lambda it: (
            f"{it['warm_line_all_keys']['with_a_text']:.0%}: "
            f"{_triple(it['warm_line_all_keys']['of_these_ms'])}"
        ),
        **{f"answered within {limit} ms": _within(limit) for limit in WITHIN},
        "superseded": lambda it: f"{it['superseded']:.0%} of {it['keys']:,} keys",
        "with a suggestion": lambda it: f"{it['with_suggestion']:.0%}",
        "characters taken": lambda it: f"{it['characters_taken']:,}",
        "tokens read a key, p50 / p90": lambda it: _triple(it["read_tokens_per_key"]),
        "tokens a pass": lambda it: _number(it["tokens_per_pass"], ".2f"),
        "tokens generated, wasted": lambda it: (
            f"{it['generated_tokens']:,}, {it['wasted_tokens']:,}"
        ),
        "CPU seconds a 1,000 keys": lambda it: f"{it['cpu_seconds_per_1000_keys']:,.1f}",
        "memory at the peak": lambda it: f"{it['peak_megabytes']:,} MB",
        "CPU seconds in 60 idle": lambda it: _number(it.get("idle_cpu_seconds"), ".2f"),
    }
    for name, line in lines.items():
        table.add_row(name, *map(line, results.values()))
    Console().print(table)


def draw(records: Mapping[str, Record], path: Path) -> None:
    """Writes a picture: the share of the answers that have come after so many milliseconds."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    picture = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots()
    for name, record in records.items():
        for row, (style, label) in _DRAWN.items():
            times = np.sort(latencies(record, row))
            asked = sum(ROWS[row](ask) for ask in record.asks)
            if len(times):
                shares = np.arange(1, len(times) + 1) / asked
                (line,) = axes.step(times, shares, style, where="post", color=COLOURS[name])
                line.set_label(f"{name}, {label}")
    axes.vlines(WITHIN, 0, 1, color="lightgray", zorder=0)
    axes.set(xscale="log", xlabel="milliseconds after the key", ylabel="answered", ylim=(0, 1))
    axes.set_xticks(_TICKS, [str(tick) for tick in _TICKS])
    axes.minorticks_off()
    if axes.lines:
        axes.legend(loc="upper left")
    picture.savefig(path, dpi=150)


def _within(limit: int) -> Callable[[dict[str, Any]], str]:
    return lambda figures: f"{figures['within_ms'][str(limit)]:.0%}"


def _of_all(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda figures: _triple(figures["warm_line_all_keys"][name])


def _latency(row: dict[str, Any]) -> str:
    answered = row["asked"] - row["superseded"]
    return f"{_triple(row)}  {answered} of {row['asked']}" if row["asked"] else "-"


def _triple(values: dict[str, Any]) -> str:
    return " / ".join(
        _number(values[name], ".0f") for name in ("p50", "p90", "p99") if name in values
    )


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
