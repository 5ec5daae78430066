"""Shows in the terminal what was suggested, from which snippets, and how long it took."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from lsp_server.demo.run import Visit

_LINES_ABOVE = 2
_SOURCES = 3


def show_visit(console: Console, root: Path, visit: Visit) -> None:
    """The place with the suggestion as an editor would show it, and where it came from."""
    place, answer = visit.place, visit.final
    line = place.text.count("\n", 0, place.offset)
    console.print(Text(f"{place.path.relative_to(root)}:{line + 1}", style="bold cyan"))
    above = place.text[: place.offset].split("\n")
    for text in above[-1 - _LINES_ABOVE : -1]:
        console.print(_code(text, place.language))
    ghost = answer.text or "  (nothing sure enough to show)"
    typed = _code(above[-1] + visit.typed, place.language)
    console.print(typed + Text(ghost, style="italic bright_black"))
    verdict = Text("  exactly what stood there", style="green") if visit.exact else Text("")
    took = Text(f"  {answer.milliseconds:.0f} ms", style="yellow")
    console.print(took, f"on arrival {visit.arrival.milliseconds:.0f} ms", verdict, style="dim")
    if answer.text and not visit.exact:
        console.print(Text(f"  stood there: {place.rest[len(visit.keys) :]}", style="dim"))
    for source in answer.details.get("sources", [])[:_SOURCES]:
        console.print(Text(f"  from {_where(source)}", style="dim"))
    console.print()


def show_summary(console: Console, model: str, figures: dict[str, Any]) -> None:
    """The figures of all visits as a table."""
    table = Table(title=f"bowerbird demo, {model}", title_justify="left")
    for heading in ("places", "with a suggestion", "exact", "median a key", "median on arrival"):
        table.add_column(heading, justify="right")
    table.add_row(
        str(figures["places"]),
        f"{figures['with_suggestion'] / max(1, figures['places']):.0%}",
        f"{figures['exact'] / max(1, figures['places']):.0%}",
        f"{figures['median_key_ms']:.0f} ms",
        f"{figures['median_arrival_ms']:.0f} ms",
    )
    console.print(table)


def _code(line: str, language: str) -> Text:
    """One highlighted line without its line break."""
    syntax = Syntax("", language, background_color="default", theme="ansi_dark")
    text = syntax.highlight(line)
    text.rstrip()
    indentation = line[: len(line) - len(line.lstrip())]
    return Text("  ") + (text if line.strip() else Text(indentation))


def _where(source: dict[str, Any]) -> str:
    return f"{source['path']}:{source['startLine'] + 1} {source['name']}".rstrip()
