"""The screen that Neovim draws for an attached user interface (see `:help ui-linegrid`)."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from rich.style import Style
from rich.text import Text

_Cell = tuple[str, int]  # what stands there, and the number of its highlighting


class Screen:
    """A grid of cells. Each method with an event's name draws that event; others are ignored."""

    def __init__(self) -> None:
        self._cells: list[list[_Cell]] = []
        self._highlights: dict[int, dict[str, Any]] = {}
        self._default: dict[str, int] = {}

    def draw(self, events: Iterable[Sequence[Any]]) -> None:
        """Draw what one `redraw` notification brings: names with the arguments of each call."""
        for name, *calls in events:
            if method := getattr(self, f"_{name}", None):
                for arguments in calls:
                    method(*arguments)

    def rows(self) -> list[str]:
        """The text of each row, without the blanks at its end."""
        return ["".join(text for text, _ in row).rstrip() for row in self._cells]

    def picture(self) -> Text:
        """The screen in its colours."""
        rows = []
        for row in self._cells:
            runs = groupby(row, key=lambda cell: cell[1])
            pieces = [("".join(text for text, _ in run), self._style(key)) for key, run in runs]
            rows.append(Text.assemble(*pieces))
        return Text("\n", no_wrap=True).join(rows)

    def _grid_resize(self, _grid: int, columns: int, rows: int) -> None:
        self._cells = [[(" ", 0)] * columns for _ in range(rows)]

    def _grid_clear(self, grid: int) -> None:
        self._grid_resize(grid, len(self._cells[0]), len(self._cells))

    def _grid_line(
        self, _grid: int, row: int, column: int, cells: Sequence[Sequence[Any]], *_wrap: bool
    ) -> None:
        highlight = 0
        for text, *more in cells:
            highlight = more[0] if more else highlight
            for _ in range(more[1] if len(more) > 1 else 1):
                self._cells[row][column] = (text, highlight)
                column += 1

    def _grid_scroll(
        self, _grid: int, top: int, bottom: int, left: int, right: int, rows: int, _columns: int
    ) -> None:
        before = [list(row) for row in self._cells]
        for row in range(max(top, top - rows), min(bottom, bottom - rows)):
            self._cells[row][left:right] = before[row + rows][left:right]

    def _default_colors_set(self, foreground: int, background: int, *_others: int) -> None:
        self._default = {"foreground": foreground, "background": background}

    def _hl_attr_define(self, number: int, attributes: dict[str, Any], *_others: Any) -> None:
        self._highlights[number] = attributes

    def _style(self, highlight: int) -> Style:
        attributes = self._default | self._highlights.get(highlight, {})
        return Style(
            color=f"#{attributes['foreground']:06x}",
            bgcolor=f"#{attributes['background']:06x}",
            bold=attributes.get("bold"),
            italic=attributes.get("italic"),
            reverse=attributes.get("reverse"),
            underline=attributes.get("underline"),
        )
