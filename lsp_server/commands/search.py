"""`bowerbird search`: ask the index in words or code."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lsp_server.commands.terminal import JsonFile, fail, write_json
from lsp_server.commands.workspace import Folder, open_index, update

if TYPE_CHECKING:
    from indexer.results import Hit

LINES_SHOWN = 12


class Mode(StrEnum):
    """How to search."""

    HYBRID = "hybrid"
    LEXICAL = "lexical"
    VECTORS = "vectors"


def search(
    query: Annotated[str, typer.Argument(help="Words or code to look for.")],
    path: Folder = Path(),
    limit: Annotated[int, typer.Option(help="How many results.", min=1)] = 8,
    mode: Annotated[Mode, typer.Option(help="By words, by meaning, or both.")] = Mode.HYBRID,
    language: Annotated[
        str, typer.Option(help="Only code in this language, such as `python`.")
    ] = "",
    within: Annotated[
        str, typer.Option("--in", help="Only a file, a folder or a pattern, such as `src/*.py`.")
    ] = "",
    json: JsonFile = None,
) -> None:
    """Search the code in a folder. Its index is brought up to date first."""
    from indexer.only import Only

    only = Only(language.lower(), within)
    with open_index(path) as workspace:
        update(workspace)
        hits = workspace.search(query, limit=limit, mode=mode.value, only=only)
    write_json(json, [{"score": hit.score, **asdict(hit.snippet)} for hit in hits])
    if not hits:
        fail(f"Nothing in {path.resolve()} matches {query!r}.")
    for hit in hits:
        _show(hit)


def _show(hit: "Hit") -> None:
    """The place as `path:line`, which terminals and editors link, then the code's first lines."""
    from rich.console import Console
    from rich.syntax import Syntax
    from rich.text import Text

    snippet = hit.snippet
    lines = snippet.text.splitlines()
    console = Console()
    place = Text(f"{snippet.path}:{snippet.start_line + 1}", style="bold cyan")
    console.print(place.append(f"  {snippet.kind} {snippet.name}", style="dim"))
    code = Syntax(
        "\n".join(lines[:LINES_SHOWN]),
        snippet.language,
        line_numbers=True,
        start_line=snippet.start_line + 1,
        background_color="default",
    )
    console.print(code)
    if len(lines) > LINES_SHOWN:
        console.print(f"  ... up to line {snippet.end_line}", style="dim")
    console.print()
