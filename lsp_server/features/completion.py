"""`textDocument/completion`: names of the workspace, nearest first.

An editor without inline completion finds the engine's suggestion here, as the first item.
"""

from collections.abc import Iterator
from typing import Any

from lsprotocol import types

from indexer.nearness import distance
from indexer.snippets import Snippet
from lsp_server.documents import Document
from lsp_server.features.places import fence, link
from lsp_server.features.suggesting import accept_command, suggest
from lsp_server.session import Session
from lsp_server.workspace import Folder

_KINDS = {
    "function": types.CompletionItemKind.Function,
    "method": types.CompletionItemKind.Method,
    "class": types.CompletionItemKind.Class,
}
_SHOWN = 50  # names in a list
_ASKED = 200  # names an index is asked for, of which the nearest are shown


async def completion(session: Session, params: types.CompletionParams) -> types.CompletionList:
    """Names that begin with the word at the cursor, and the suggestion where it has no other way.

    Always incomplete: the list holds the nearest names only, and more typing finds others.
    """
    document = session.documents.get(params.text_document.uri)
    if document is None:
        return types.CompletionList(False, [])
    cursor = document.offset(params.position)
    items = await session.ask(_names, session, document, cursor)
    if not session.client.shows_inline_completion:
        items = [*await _suggestion(session, document, cursor), *items]
    return types.CompletionList(True, items)


def _names(session: Session, document: Document, cursor: int) -> list[types.CompletionItem]:
    start, _ = document.word(cursor)
    prefix = document.text[start:cursor]
    if not prefix:
        return []
    replaced = document.range(start, cursor)
    here = session.place(document).path
    found: dict[tuple[str, str], tuple[Folder, Snippet]] = {}
    for folder, snippet in sorted(
        _found(session, prefix), key=lambda each: distance(each[1].path, here)
    ):
        found.setdefault((_last(snippet), snippet.kind), (folder, snippet))
    return [
        _item(folder, snippet, replaced, rank)
        for rank, (folder, snippet) in enumerate(list(found.values())[:_SHOWN])
    ]


def _found(session: Session, prefix: str) -> Iterator[tuple[Folder, Snippet]]:
    for folder in session.workspace.folders:
        for snippet in folder.index.names(prefix, _ASKED):
            if snippet.kind in _KINDS:
                yield folder, snippet


def _last(snippet: Snippet) -> str:
    return snippet.name.rpartition(".")[2]


def _item(
    folder: Folder, snippet: Snippet, replaced: types.Range, rank: int
) -> types.CompletionItem:
    name = _last(snippet)
    return types.CompletionItem(
        label=name,
        kind=_KINDS[snippet.kind],
        label_details=types.CompletionItemLabelDetails(description=snippet.path),
        sort_text=f"{rank:04}",
        text_edit=types.TextEdit(replaced, name),
        data={"root": str(folder.root), "path": snippet.path, "name": snippet.name},
    )


async def _suggestion(
    session: Session, document: Document, cursor: int
) -> list[types.CompletionItem]:
    shown = await suggest(session, document, document.printable, cursor)
    if shown is None:
        return []
    start, _ = document.word(cursor)
    text = document.printable[start:cursor] + shown.suggestion.text
    return [
        types.CompletionItem(
            label=text.strip().partition("\n")[0],
            kind=types.CompletionItemKind.Snippet,
            label_details=types.CompletionItemLabelDetails(description="Bowerbird"),
            documentation=types.MarkupContent(
                types.MarkupKind.Markdown, fence(text, session.place(document).language)
            ),
            sort_text="",
            filter_text=text,
            preselect=True,
            insert_text_mode=types.InsertTextMode.AsIs,
            text_edit=types.TextEdit(document.range(start, cursor), text),
            command=accept_command(session, shown),
        )
    ]


def resolve(session: Session, item: types.CompletionItem) -> types.CompletionItem:
    """An item with its signature and documentation; reads the index."""
    if (found := _definition(session, item.data)) is None:
        return item
    folder, snippet = found
    item.detail = snippet.signature
    parts = [
        fence(snippet.signature, snippet.language),
        snippet.docstring,
        link(folder, snippet.path, snippet.name_line),
    ]
    text = "\n\n".join(part for part in parts if part)
    item.documentation = types.MarkupContent(types.MarkupKind.Markdown, text)
    return item


def _definition(session: Session, data: Any) -> tuple[Folder, Snippet] | None:
    """The snippet that an item was made from, if it is still there."""
    if not isinstance(data, dict):
        return None
    for folder in session.workspace.folders:
        if str(folder.root) == data.get("root"):
            for snippet in folder.index.definitions(str(data.get("name")), _ASKED):
                if snippet.path == data.get("path"):
                    return folder, snippet
    return None
