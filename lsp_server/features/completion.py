"""`textDocument/completion`: names of the workspace, likeliest first.

Behind a dot they are the members of what stands before it, where the workspace tells what that is;
behind `from MODULE import`, what the module has; elsewhere, all that begin with the word typed.
An editor without inline completion finds the engine's suggestion here, as the first item.
"""

from lsprotocol import types

from indexer.members import Symbol, definition
from indexer.receivers import (
    Place,
    guessed_owner,
    imported_from,
    is_member,
    members_of,
    names_of,
    owner_before,
)
from lsp_server.documents import Document
from lsp_server.features.places import fence, link
from lsp_server.features.suggesting import accept_command, suggest
from lsp_server.ranking import Surroundings, likelihood
from lsp_server.session import Session
from lsp_server.workspace import Folder

_KINDS = {
    "function": types.CompletionItemKind.Function,
    "method": types.CompletionItemKind.Method,
    "class": types.CompletionItemKind.Class,
    "attribute": types.CompletionItemKind.Field,
    "constant": types.CompletionItemKind.Constant,
}
# Where `this.` is left out, or may be.
_METHODS_STAND_ALONE = ("java", "kotlin", "csharp", "cpp", "swift", "scala", "ruby")

_SHOWN = 50  # names in a list
_ASKED = 200  # names an index is asked for, of which the likeliest are shown

# Editors sort the items of all their servers by this text. A server that knows the language knows
# local names and types better, so what it offers comes first.
_BEHIND_OTHERS = "~"

Found = tuple[Folder, Symbol]


async def completion(session: Session, params: types.CompletionParams) -> types.CompletionList:
    """Names that can stand at the cursor, and the suggestion where it has no other way.

    Always incomplete: the list holds the likeliest names only, and more typing finds others.
    """
    document = session.documents.get(params.text_document.uri)
    if document is None:
        return types.CompletionList(False, [])
    cursor = document.offset(params.position)
    items = await session.ask(_names, session, document, cursor)
    if not session.client.shows_inline_completion:
        suggested = await _suggestion(session, document, cursor)
        taken = {item.label for item in suggested}
        items = [*suggested, *(item for item in items if item.label not in taken)]
    return types.CompletionList(True, items)


def _names(session: Session, document: Document, cursor: int) -> list[types.CompletionItem]:
    start, _ = document.word(cursor)
    around = _surroundings(session, document, start, cursor)
    likely = sorted(
        _found(session, document, around), key=lambda each: -likelihood(each[1], around)
    )
    distinct: dict[str, Found] = {}
    for folder, symbol in likely:
        distinct.setdefault(symbol.name, (folder, symbol))
    replaced = document.range(start, cursor)
    return [
        _item(folder, symbol, replaced, rank)
        for rank, (folder, symbol) in enumerate(list(distinct.values())[:_SHOWN])
    ]


def _surroundings(session: Session, document: Document, start: int, cursor: int) -> Surroundings:
    return Surroundings(
        path=session.place(document).path,
        before=document.printable[:start],
        prefix=document.printable[start:cursor],
        open_paths={session.place(each).path for each in session.documents},
    )


def _found(session: Session, document: Document, around: Surroundings) -> list[Found]:
    """What can stand at the cursor, as far as the workspace knows."""
    folder = session.place(document).folder
    if folder is not None:
        place = Place(names_of(folder.index), around.path, around.before)
        owner = owner_before(place) or imported_from(place) or guessed_owner(place)
        if owner is not None:
            prefix = around.prefix.lower()
            members = members_of(place.index, owner).values()
            found = [(folder, each) for each in members if each.name.lower().startswith(prefix)]
            if found:
                return found
    return _beginning(session, document.language, around) if around.prefix else []


def _beginning(session: Session, language: str, around: Surroundings) -> list[Found]:
    """Names of all folders that begin with what is typed; methods only where one can stand."""
    behind_dot = is_member(around.before)
    return [
        (folder, definition(snippet))
        for folder in session.workspace.folders
        for snippet in folder.index.names(around.prefix, _ASKED, around.path)
        if (snippet.kind == "method" and (behind_dot or language in _METHODS_STAND_ALONE))
        or (snippet.kind in ("function", "class") and not behind_dot)
    ]


def _item(folder: Folder, symbol: Symbol, replaced: types.Range, rank: int) -> types.CompletionItem:
    return types.CompletionItem(
        label=symbol.name,
        kind=_KINDS[symbol.kind],
        detail=symbol.signature,
        label_details=types.CompletionItemLabelDetails(description=symbol.path),
        sort_text=f"{_BEHIND_OTHERS}{rank:04}",
        text_edit=types.TextEdit(replaced, symbol.name),
        data={
            "root": str(folder.root),
            "path": symbol.path,
            "name": symbol.qualified,
            "line": symbol.line,
        },
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
    """An item with its documentation; reads the index."""
    data = item.data if isinstance(item.data, dict) else {}
    folders = [each for each in session.workspace.folders if str(each.root) == data.get("root")]
    if not folders or not isinstance(line := data.get("line"), int):
        return item
    [folder], path = folders, str(data.get("path"))
    found = folder.index.definitions(str(data.get("name")), _ASKED)
    snippet = next((each for each in found if each.path == path), None)
    parts = [
        fence(snippet.signature, snippet.language) if snippet else fence(item.detail or "", ""),
        snippet.docstring if snippet else "",
        link(folder, path, snippet.name_line if snippet else line),
    ]
    text = "\n\n".join(part for part in parts if part)
    item.documentation = types.MarkupContent(types.MarkupKind.Markdown, text)
    return item
