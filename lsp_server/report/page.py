"""The report as one HTML page that needs nothing else: no script, no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from indexer.results import FileContents, IndexStatus
from lsp_server.metrics import Request
from lsp_server.report import charts, figures

_DAYS = 30  # with requests, the last of which are drawn


@dataclass(frozen=True)
class Model:
    """A model that can be used."""

    name: str
    licence: str
    installed: str
    """Its size on disk, or that it is not installed."""


def render(
    root: Path,
    status: IndexStatus,
    contents: Sequence[FileContents],
    requests: Sequence[Request],
    models: Sequence[Model],
) -> str:
    """The page for the workspace at `root`. It has paths of folders and names, never code."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": _percent, "milliseconds": _milliseconds}
    source = files("lsp_server.report").joinpath("page.html").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        name=root.name,
        root=root,
        made=datetime.now().strftime("%Y-%m-%d %H:%M"),
        tiles=_tiles(status, requests),
        charts=_charts(contents, requests),
        empty="Nothing is indexed here.",
        requests=requests,
        tables=[
            ("By where they came from", figures.outcomes(requests, figures.origin)),
            ("By model", figures.outcomes(requests, lambda request: request.model)),
            ("By language", figures.outcomes(requests, lambda request: request.language)),
        ],
        models=models,
    )


def _tiles(status: IndexStatus, requests: Sequence[Request]) -> list[tuple[str, str]]:
    """The figures at the top: value and label."""
    total = figures.outcome("", requests)
    return [
        (f"{status.snippets:,}", f"snippets of {status.files:,} file{'s' * (status.files != 1)}"),
        (f"{status.bytes_on_disk / 1e6:,.0f} MB", "the index on disk"),
        (f"{total.shown:,}", "suggestions shown"),
        (_percent(total.share), "of them accepted"),
        (_milliseconds(total.median_ms), "to an answer (median)"),
        (_percent(figures.without_model(requests)), "of requests answered without the model"),
        (_percent(figures.from_cache(requests)), "of prompt tokens were cached"),
    ]


def _charts(contents: Sequence[FileContents], requests: Sequence[Request]) -> dict[str, Markup]:
    drawn: dict[str, str] = {}
    if contents:
        drawn["languages"] = charts.bars(figures.by_language(contents).most_common())
        drawn["folders"] = charts.bars(figures.by_folder(contents).most_common())
    if requests:
        days = sorted(figures.outcomes(requests, figures.day), key=lambda each: each.name)[-_DAYS:]
        drawn["days"] = charts.shown_and_accepted(days)
        drawn["acceptance"] = charts.acceptance(days)
        drawn["latency"] = charts.latency(days)
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704 - pygal escapes


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"
