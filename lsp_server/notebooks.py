"""Open notebooks: which cells each has, as far as the editor tells.

The text of a cell is a document like any other (`documents`). An editor that sends cells without
their notebook is served too; each cell then stands alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path

from lsp_server.documents import Document, Documents

_BETWEEN = "\n\n"

SYNC = types.NotebookDocumentSyncOptions([types.NotebookDocumentFilterWithNotebook("*")])
"""Which notebooks an editor is asked to tell of: all."""


@dataclass(frozen=True)
class _Around:
    """The cells above and below some cell, and their texts."""

    above: tuple[Document, ...] = ()
    below: tuple[Document, ...] = ()
    texts: tuple[str, str] = "", ""


class Notebooks:
    """The cells of each open notebook, in their order, by URI."""

    def __init__(self) -> None:
        self._cells: dict[str, tuple[str, ...]] = {}
        self._notebook_of: dict[str, str] = {}
        self._last = _Around()  # kept while the others stay as they are

    def put(self, uri: str, cells: Sequence[str]) -> None:
        """Note the cells that a notebook has now."""
        self.close(uri)
        self._cells[uri] = tuple(cells)
        self._notebook_of.update(dict.fromkeys(cells, uri))

    def splice(self, uri: str, start: int, count: int, cells: Sequence[str]) -> None:
        """Put cells in the place of `count` others of a notebook, from the `start`-th on."""
        if (old := self._cells.get(uri)) is not None:
            self.put(uri, [*old[:start], *cells, *old[start + count :]])

    def close(self, uri: str) -> Sequence[str]:
        """Forget a notebook; its cells."""
        self._last = _Around()
        cells = self._cells.pop(uri, ())
        for cell in cells:
            self._notebook_of.pop(cell, None)
        return cells

    def path_of(self, cell: str) -> Path | None:
        """The file of the notebook that a cell is in."""
        path = to_fs_path(self._notebook_of.get(cell, ""))
        return Path(path) if path else None

    def holds(self, uri: str) -> bool:
        """Whether a document is a cell of an open notebook."""
        return uri in self._notebook_of

    def around(self, document: Document, documents: Documents) -> tuple[str, str]:
        """The texts above a cell and below it: of the cells in its language. Else nothing."""
        cells = self._cells.get(self._notebook_of.get(document.uri, ""), ())
        if document.uri not in cells:
            return "", ""
        place = cells.index(document.uri)
        above, below = (
            tuple(
                other
                for uri in some
                if (other := documents.get(uri)) and other.language == document.language
            )
            for some in (cells[:place], cells[place + 1 :])
        )
        last = self._last  # of any thread
        if (last.above, last.below) != (above, below):
            before = "".join(other.printable + _BETWEEN for other in above)
            after = "".join(_BETWEEN + other.printable for other in below)
            last = self._last = _Around(above, below, (before, after))
        return last.texts
