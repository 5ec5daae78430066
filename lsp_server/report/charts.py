"""The report's charts, as SVG that stands within the page and takes its colours."""

from collections.abc import Sequence
from typing import Any

import pygal
from pygal.style import Style

from lsp_server.report.figures import Outcome

_MOST_BARS = 12


def _style(*colors: str) -> Style:
    """Colours are the page's variables, so that they follow its light or dark scheme."""
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground="var(--soft)",
        foreground_strong="var(--text)",
        foreground_subtle="var(--line)",
        guide_stroke_color="var(--line)",
        major_guide_stroke_color="var(--line)",
        guide_stroke_dasharray="none",
        major_guide_stroke_dasharray="none",
        colors=[f"var(--{color})" for color in colors],
        opacity="1",
        opacity_hover=".8",
        font_family="inherit",
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=13,
    )


def bars(counts: Sequence[tuple[str, int]]) -> str:
    """A bar for each name, the longest first; beyond a dozen they are added up."""
    shown = list(counts[:_MOST_BARS])
    if rest := sum(count for _, count in counts[_MOST_BARS:]):
        shown.append(("all others", rest))
    chart = _chart(
        pygal.HorizontalBar,
        height=20 + 24 * len(shown),
        show_legend=False,
        show_x_labels=False,
        show_y_guides=False,
        x_labels_major_count=None,
        show_minor_x_labels=True,
    )
    chart.x_labels = [f"{name} {count:,}" for name, count in reversed(shown)]
    chart.add("snippets", [count for _, count in reversed(shown)])
    return _svg(chart)


def shown_and_accepted(days: Sequence[Outcome]) -> str:
    """Suggestions of each day: those that were accepted, and those that were only shown."""
    chart = _chart(pygal.StackedBar, style=_style("first", "second"))
    chart.x_labels = [each.name[5:] for each in days]
    chart.add("accepted", [each.accepted for each in days])
    chart.add("only shown", [each.shown - each.accepted for each in days])
    return _svg(chart)


def acceptance(days: Sequence[Outcome]) -> str:
    """The share of suggestions that were accepted, each day."""
    chart = _chart(pygal.Line, range=(0, 100), show_legend=False)
    chart.value_formatter = lambda value: f"{value:.0f} %"
    chart.x_labels = [each.name[5:] for each in days]
    chart.add("accepted", [None if each.share is None else 100 * each.share for each in days])
    return _svg(chart)


def latency(days: Sequence[Outcome]) -> str:
    """Median and 90th percentile of each day."""
    chart = _chart(pygal.Line, min_scale=3)
    chart.value_formatter = lambda value: f"{value:,.0f} ms"
    chart.x_labels = [each.name[5:] for each in days]
    chart.add("half are faster", [each.median_ms for each in days])
    chart.add("nine of ten are faster", [each.slow_ms for each in days])
    return _svg(chart)


def _chart(kind: Any, **options: Any) -> Any:
    settings: dict[str, Any] = {
        "style": _style("first", "third"),
        "width": 560,
        "height": 260,
        "margin": 4,
        "margin_right": 24,
        "js": [],
        "disable_xml_declaration": True,
        "legend_at_bottom": True,
        "legend_box_size": 12,
        "show_minor_x_labels": False,
        "x_labels_major_count": 6,
        "max_scale": 6,
        "truncate_label": -1,
        "include_x_axis": True,
    }
    chart = kind(**(settings | options))
    chart.add_xml_filter(_without_scripts)
    return chart


def _without_scripts(svg: Any) -> Any:
    """pygal adds a script for tips that we do not show."""
    for parent in list(svg.iter()):
        for script in parent.findall("script"):
            parent.remove(script)
    return svg


def _svg(chart: Any) -> str:
    return str(chart.render(is_unicode=True))
