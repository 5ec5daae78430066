"""`textDocument/hover`: what the symbol under the pointer is, from the index."""

from dataclasses import dataclass, replace

from lsprotocol import types

from indexer.imports import is_python
from indexer.libraries.documentation import documented
from indexer.members import Symbol, definition
from indexer.nearness import distance
from indexer.resolution.bindings import binding
from indexer.resolution.declarations import declared
from indexer.resolution.owners import is_of_library, members_of, names_of, symbol_of
from indexer.resolution.receivers import (
    Place,
    built_in,
    class_of,
    guessed_owner,
    is_foreign,
    is_member,
    named_in,
    owner_before,
)
from lsp_server.documents import Document
from lsp_server.features.places import fence, link
from lsp_server.features.usages import documentation_of, usages_of
from lsp_server.session import Session
from lsp_server.workspace import Folder

_ASKED = 60  # definitions of a name that an index is asked for
_MOST_MEANINGS = 3  # a name with more, of which none is known to be meant, is better left alone
_LONGEST_LINE = 88  # of a signature, in characters


@dataclass(frozen=True)
class _Meant:
    """What a name stands for."""

    folder: Folder
    symbol: Symbol
    """Of a variable its class, if it is known."""
    variable: Symbol | None = None
    """The variable, if the symbol is its class."""


def hover(session: Session, params: types.HoverParams) -> types.Hover | None:
    """Signature, docstring, place, usages and documentation of a symbol; reads the index."""
    document = session.documents.get(params.text_document.uri)
    if document is None:
        return None
    start, end = document.word(document.offset(params.position))
    whole, first = session.whole(document)
    found = _meant(session, whole, first + start, first + end) if start < end else None
    if found is None:
        return None
    folder, name, here = found.folder, document.printable[start:end], session.place(document).path
    symbol = documented(found.symbol, folder.libraries)
    is_it = symbol.name == name  # else a variable of this class, or another name for it
    is_shared = is_it and symbol.kind != "variable"
    parts = [
        "" if is_it else f"`{name}`: `{symbol.qualified}`",
        _given(folder, found.variable) if found.variable else "",
        fence(_wrapped(symbol.signature) or symbol.qualified, symbol.language),
        symbol.docstring if is_it or not is_of_library(symbol.path) else "",
        f"{symbol.kind.capitalize()} `{symbol.qualified}`, defined in "
        + link(folder, symbol.path, symbol.line),
        usages_of(folder, symbol, here, params.position.line) if is_shared else "",
        documentation_of(folder, symbol, here) if is_shared else "",
    ]
    content = types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(filter(None, parts)))
    return types.Hover(content, document.range(start, end))


def _given(folder: Folder, variable: Symbol) -> str:
    """Where a variable has its value from."""
    place = link(folder, variable.path, variable.line)
    return f"Variable `{variable.name}`, defined in {place}: `{variable.signature}`"


def _meant(session: Session, document: Document, start: int, end: int) -> _Meant | None:
    """What the name at a place stands for: a member of what stands before the dot, if that is
    known; a variable; what the file defines or imports; else the nearest of few of this name."""
    place, text = session.place(document), document.printable
    name, behind_dot = text[start:end], is_member(text[:start])
    if place.folder is not None:
        names = names_of(place.folder.index, place.folder.libraries)
        here = Place(names, place.path, text[:start])
        if behind_dot and (owner := owner_before(here) or guessed_owner(here)):
            symbol = members_of(names, owner).get(name)
            return _Meant(place.folder, symbol) if symbol else None
        if is_foreign(here):
            return None
        if not behind_dot:
            line_end = text.find("\n", end)
            line = replace(here, text=text[: line_end if line_end >= 0 else len(text)])
            symbol = named_in(replace(here, text=text), name)
            variable = _variable(line, name)
            if variable and (symbol is None or line.text.split("\n")[variable.line][:1].isspace()):
                of = _class_of(line, name)
                return _Meant(place.folder, of or variable, variable if of else None)
            if symbol := symbol or built_in(line).get(name):
                return _Meant(place.folder, symbol)
            if declared(line.text, name):
                of = _class_of(line, name)
                return _Meant(place.folder, of) if of else None
    found = [
        _Meant(folder, definition(snippet))
        for folder in session.workspace.folders
        for snippet in folder.index.definitions(name, _ASKED)
        if not behind_dot or snippet.kind == "method"
    ]
    found.sort(
        key=lambda each: (each.symbol.kind == "method", distance(each.symbol.path, place.path))
    )
    return found[0] if 0 < len(found) <= _MOST_MEANINGS else None


def _variable(place: Place, name: str) -> Symbol | None:
    """A variable or parameter of Python on the last line of a place's text, where it is bound."""
    line = binding(place.text, name) if is_python(place.path) else None
    if line is None:
        return None
    code = place.text.split("\n")[line].strip()
    return Symbol(name, name, "variable", place.path, line, "python", code)


def _class_of(place: Place, name: str) -> Symbol | None:
    owner = class_of(place, name)
    return symbol_of(place.index, owner) if owner else None


def _wrapped(signature: str) -> str:
    """A signature with each parameter on a line of its own where it is long."""
    if len(signature) <= _LONGEST_LINE:
        return signature
    depth = start = 0
    lines: list[str] = []
    for place, letter in enumerate(signature):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 1 and (letter == "," or (letter == "(" and not lines)):
            lines.append(signature[start : place + 1].strip())
            start = place + 1
        elif depth == 0 and letter == ")" and lines:
            first, *parameters = [*lines, signature[start:place].strip()]
            inner = [f"    {each}" for each in parameters if each]
            return "\n".join([first, *inner, signature[place:]])
    return signature
