"""`textDocument/completion`: names of the workspace and of what it imports, likeliest first.

Behind a dot they are the members of what stands before it, where the text tells what that is;
behind `from MODULE import`, what the module has; elsewhere, all of the workspace and the document
that begin with the word typed.
An editor without inline completion finds the engine's suggestion here, as the first item.
"""

import asyncio
import contextlib
import re
from collections.abc import Iterator

from lsprotocol import types

from indexer.expressions import names_behind, receiver_before
from indexer.imports import imported
from indexer.libraries.documentation import documented
from indexer.members import Symbol, definition
from indexer.resolution.owners import is_of_library, members_of, names_of
from indexer.resolution.receivers import (
    Place,
    built_in,
    guessed_owner,
    imported_from,
    is_foreign,
    is_member,
    owner_before,
)
from indexer.words import names_in
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
    "variable": types.CompletionItemKind.Variable,
}
# Where `this.` is left out, or may be.
_METHODS_STAND_ALONE = ("java", "kotlin", "csharp", "cpp", "swift", "scala", "ruby")

_SHOWN = 50  # names in a list
_PATIENCE = 0.05  # seconds that a list waits for the model's ranking
_METHOD = re.compile(r"^[ \t]+(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_ASKED = 200  # names an index is asked for, of which the likeliest are shown

# Editors sort the items of all their servers by this text. A server that knows the language knows
# local names and types better, so what it offers comes first.
_BEHIND_OTHERS = "~"

Found = tuple[Folder, Symbol]


async def completion(session: Session, params: types.CompletionParams) -> types.CompletionList:
    """Names that can stand at the cursor, and the suggestion where it has no other way.

    Always incomplete: the list holds the likeliest names only, and more typing finds others.
    """
    document = session.documents.use(params.text_document.uri)
    if document is None:
        return types.CompletionList(False, [])
    cursor = document.offset(params.position)
    has_other_way = session.client.shows_inline_completion
    suggested = [] if has_other_way else await _suggestion(session, document, cursor)
    taken = {item.label for item in suggested}
    whole, start = session.whole(document)
    found = await session.ask(_likeliest, session, whole, start + cursor)
    ranked = await _ranked(session, document, cursor, found)
    replaced = document.range(document.word(cursor)[0], cursor)
    items = [
        _item(folder, symbol, replaced, rank)
        for rank, (folder, symbol) in enumerate(ranked[:_SHOWN])
        if symbol.name not in taken
    ]
    return types.CompletionList(True, [*suggested, *items])


def _likeliest(session: Session, document: Document, cursor: int) -> dict[Found, float]:
    """What can stand at the cursor, each name once, likeliest first, with how likely it is."""
    start, _ = document.word(cursor)
    around = _surroundings(session, document, start, cursor)
    scored = {each: likelihood(each[1], around) for each in _found(session, document, around)}
    distinct: dict[str, Found] = {}
    # What a name is defined as says more than that it stands in the document.
    by_kind = sorted(scored, key=lambda each: each[1].kind == "variable")
    for each in sorted(by_kind, key=lambda each: -scored[each]):
        distinct.setdefault(each[1].name, each)
    return {each: scored[each] for each in distinct.values()}


async def _ranked(
    session: Session, document: Document, cursor: int, found: dict[Found, float]
) -> list[Found]:
    """The likeliest first: what is near, and what the model expects, if it has read this place.

    Nobody waits for the model: where it is at other work, nearness has to do.
    """
    words = [symbol.name for _, symbol in found]
    request, engine = session.request(document, document.printable, cursor), session.engine
    job = session.inference.ask(lambda _: engine.rank(request, words)) if len(words) > 1 else None
    scores = None
    if job is not None:
        with contextlib.suppress(TimeoutError):
            scores = await asyncio.wait_for(asyncio.wrap_future(job.future), _PATIENCE)
    if scores is None:
        return list(found)
    total = dict(zip(found, map(sum, zip(found.values(), scores, strict=True)), strict=True))
    return sorted(found, key=lambda each: -total[each])


def _surroundings(session: Session, document: Document, start: int, cursor: int) -> Surroundings:
    place, text = session.place(document), document.printable
    receiver, index = receiver_before(text[:start]), place.folder and place.folder.index
    return Surroundings(
        path=place.path,
        before=text[:start],
        prefix=text[start:cursor],
        open_paths={session.place(each).path for each in session.documents},
        behind_here=names_behind(receiver, text) if receiver else {},
        behind_elsewhere=index.names_behind(receiver, place.path) if receiver and index else {},
        overridden=_method_around(text[:start]) if receiver == "super" else "",
    )


def _method_around(text: str) -> str:
    """The name of the method of Python that a text ends in."""
    return next(reversed(_METHOD.findall(text)), "")


def _found(session: Session, document: Document, around: Surroundings) -> list[Found]:
    """What can stand at the cursor, as far as the workspace knows."""
    folder = session.place(document).folder
    if folder is not None:
        names = names_of(folder.index, folder.libraries)
        place = Place(names, around.path, around.before)
        owner = owner_before(place) or imported_from(place) or guessed_owner(place)
        if owner is not None:
            prefix = around.prefix.lower()
            members = members_of(place.index, owner).values()
            found = [(folder, each) for each in members if each.name.lower().startswith(prefix)]
            if found:
                return found
        elif is_foreign(place):
            return []
    if not around.prefix:
        return []
    found = _beginning(session, document.language, around)
    if folder is not None and not is_member(around.before):
        known = imported(document.printable).keys() & {symbol.name for _, symbol in found}
        here = _in_document(folder, document, around)
        found += [each for each in here if each[1].name not in known]
        found += [
            (folder, symbol)
            for name, symbol in built_in(place).items()
            if name.lower().startswith(around.prefix.lower()) and not name.startswith("_")
        ]
    return found


def _in_document(folder: Folder, document: Document, around: Surroundings) -> Iterator[Found]:
    """Variables, parameters and imports of the document that begin with what is typed."""
    others = around.before + document.printable[len(around.before) + len(around.prefix) :]
    for name, offset in names_in(others, around.prefix):
        line = others.count("\n", 0, offset)
        text = document.line(line).strip()
        yield (
            folder,
            Symbol(name, name, "variable", around.path, line, document.language, text),
        )


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
        label_details=types.CompletionItemLabelDetails(description=folder.shown(symbol.path)),
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
    symbol = _defined(folder, path, str(data.get("name")))
    parts = [
        fence(symbol.signature, symbol.language) if symbol else fence(item.detail or "", ""),
        symbol.docstring if symbol else "",
        link(folder, symbol.path, symbol.line) if symbol else link(folder, path, line),
    ]
    text = "\n\n".join(part for part in parts if part)
    item.documentation = types.MarkupContent(types.MarkupKind.Markdown, text)
    return item


def _defined(folder: Folder, path: str, name: str) -> Symbol | None:
    """The function, method or class of this qualified name in a file."""
    if is_of_library(path):
        found = folder.libraries.named(path, name)
    else:
        found = [each for each in folder.index.definitions(name, _ASKED) if each.path == path]
    snippet = next((each for each in found if each.name == name and each.kind != "block"), None)
    return documented(definition(snippet), folder.libraries) if snippet else None
