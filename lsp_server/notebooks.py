"""Open notebooks: which cells each has, as far as the editor tells.

The text of a cell is a document like any other (`documents`). An editor that sends cells without
their notebook is served too; each cell then stands alone.
"""

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path

from lsp_server.documents import Document, Documents

_BETWEEN = "\n\n"

SYNC = types.NotebookDocumentSyncOptions([types.NotebookDocumentFilterWithNotebook("*")])
"""Which notebooks an editor is asked to tell of: all."""


class Notebooks:
    """The cells of each open notebook, in their order, by URI."""

    def __init__(self) -> None:
        self._cells: dict[str, tuple[str, ...]] = {}
        self._notebook_of: dict[str, str] = {}

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
            [
                other.printable
                for uri in some
                if (other := documents.get(uri)) and other.language == document.language
            ]
            for some in (cells[:place], cells[place + 1 :])
        )
        return "".join(text + _BETWEEN for text in above), "".join(
            _BETWEEN + text for text in below
        )
