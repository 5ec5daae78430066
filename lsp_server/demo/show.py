"""Shows in the terminal what was suggested, from which snippets, and how long it took."""

import re
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
    times = f"{answer.milliseconds:.0f} ms after a key, {visit.arrival.milliseconds:.0f} on arrival"
    verdict = Text("  exactly what stood there", style="green") if visit.exact else Text("")
    console.print(Text(f"  {times}", style="yellow") + verdict)
    if answer.text and not visit.exact:
        console.print(Text(f"  stood there: {place.rest[len(visit.keys) :]}", style="dim"))
    for source in answer.details.get("sources", [])[:_SOURCES]:
        console.print(Text(f"  from {_where(source)}", style="dim"))
    console.print()


def save_picture(console: Console, path: Path, title: str) -> None:
    """What was shown, as an SVG picture that fetches nothing from elsewhere."""
    picture = console.export_svg(title=title)
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    path.write_text(picture, encoding="utf-8")


def show_summary(console: Console, model: str, figures: dict[str, Any]) -> None:
    """The figures of all visits as a table."""
    table = Table(title=f"bowerbird demo, {model}", title_justify="left")
    places = figures["places"]
    cells = {
        "places": str(places),
        "with a suggestion": f"{figures['with_suggestion'] / places:.0%}",
        "exact": f"{figures['exact'] / places:.0%}",
        "on arrival": _milliseconds(figures["median_arrival_ms"]),
        "a key": _milliseconds(figures["median_key_ms"]),
        "a key off the suggestion": _milliseconds(figures["median_asked_key_ms"]),
    }
    for heading in cells:
        table.add_column(heading, justify="right")
    table.add_row(*cells.values())
    console.print(table)
    console.print("Times are medians, as the editor saw them.", style="dim")


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"


def _code(line: str, language: str) -> Text:
    """One highlighted line without its line break."""
    syntax = Syntax("", language, background_color="default", theme="ansi_dark")
    text = syntax.highlight(line)
    text.rstrip()
    indentation = line[: len(line) - len(line.lstrip())]
    return Text("  ") + (text if line.strip() else Text(indentation))


def _where(source: dict[str, Any]) -> str:
    return f"{source['path']}:{source['startLine'] + 1} {source['name']}".rstrip()
