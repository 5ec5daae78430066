"""`bowerbird demo`: the real server at work on a real repository."""

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsp_server.commands.terminal import JsonFile, fail, progress_bar, write_json

if TYPE_CHECKING:
    from lsp_server.demo.run import Visit

OWN_SOURCE = Path(__file__).parents[2]


def demo(
    path: Annotated[
        Path, typer.Argument(help="A repository.", exists=True, file_okay=False)
    ] = OWN_SOURCE,
    model: Annotated[
        str, typer.Option(help="An installed model, or `index` for none. [default: the best]")
    ] = "",
    places: Annotated[int, typer.Option(help="At how many places to type.", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="Chooses the places.")] = 0,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what is shown as an SVG picture.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Index a repository, start the server, type at real places, and show what is suggested."""
    from rich.console import Console

    from lsp_server.commands.model import chosen_model
    from lsp_server.demo.places import choose_places
    from lsp_server.demo.run import summary, visit_all
    from lsp_server.demo.show import save_picture, show_summary, show_visit
    from lsp_server.machine import describe

    name = chosen_model(model)
    root = path.resolve()
    chosen = choose_places(root, places, seed)
    if not chosen:
        fail(f"{root} has no code to type at: name a folder with source files.")
    console = Console(record=picture is not None)
    settings = {"model": {"name": name}, "completion": {"deadline_ms": 0}}
    with progress_bar() as progress:
        show = partial(show_visit, console, root)
        visits = asyncio.run(visit_all(root, chosen, settings, progress, show))
    figures = summary(visits)
    show_summary(console, name, figures)
    if picture:
        save_picture(console, picture, f"bowerbird demo {root.name}")
    details = [_details(root, visit) for visit in visits]
    write_json(
        json,
        {"path": root.name, "model": name, **figures, "visits": details, "machine": describe()},
    )


def _details(root: Path, visit: "Visit") -> dict[str, Any]:
    place = visit.place
    return {
        "path": place.path.relative_to(root).as_posix(),
        "offset": place.offset,
        "stood_there": place.rest,
        "typed": visit.typed,
        "suggested": visit.final.text,
        "exact": visit.exact,
        "arrival_ms": round(visit.arrival.milliseconds, 1),
        "keys_ms": [round(answer.milliseconds, 1) for answer in visit.keys],
        "sources": visit.final.details.get("sources", []),
    }
