"""`workspace/symbol`: definitions that fit a description in words or a part of a name."""

from pathlib import Path

from lsprotocol import types

from indexer.results import Hit
from indexer.snippets import Snippet
from lsp_server.features.places import location
from lsp_server.session import Session
from lsp_server.workspace import Folder

_KINDS = {
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "class": types.SymbolKind.Class,
    "section": types.SymbolKind.String,
}
_SHOWN = 30


def workspace_symbol(
    session: Session, params: types.WorkspaceSymbolParams
) -> list[types.WorkspaceSymbol]:
    """The best matches of all folders, best first; reads the index."""
    if not params.query.strip():
        return []
    hits = [
        (hit, folder)
        for folder in session.workspace.folders
        for hit in folder.index.search(params.query, limit=_SHOWN, keep=_is_definition)
    ]
    # Folders may lie in one another: what stands in both is told of the inner one.
    hits = [each for each in hits if session.workspace.folder_of(_file(each)) is each[1]]
    hits.sort(key=lambda each: -each[0].score)
    return [
        types.WorkspaceSymbol(
            location=location(session, folder, hit.snippet),
            name=hit.snippet.name,
            kind=_KINDS[hit.snippet.kind],
            container_name=hit.snippet.path,
        )
        for hit, folder in hits[:_SHOWN]
    ]


def _file(found: tuple[Hit, Folder]) -> Path:
    hit, folder = found
    return folder.root / hit.snippet.path


def _is_definition(snippet: Snippet) -> bool:
    return snippet.kind in _KINDS
