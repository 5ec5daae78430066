"""`textDocument/hover`: what the symbol under the pointer is, from the index."""

import re

from lsprotocol import types

from indexer.nearness import distance
from indexer.snippets import Snippet
from lsp_server.documents import Document
from lsp_server.features.places import fence, link
from lsp_server.session import Session
from lsp_server.workspace import Folder

_USAGES = 3
_ASKED = 50  # definitions and usages an index is asked for, of which the nearest count
_RECEIVER = re.compile(r"(\w+)\.$")


def hover(session: Session, params: types.HoverParams) -> types.Hover | None:
    """Kind, signature, docstring, place and some usages of a symbol; reads the index."""
    document = session.documents.get(params.text_document.uri)
    if document is None:
        return None
    start, end = document.word(document.offset(params.position))
    name = document.text[start:end]
    here = session.place(document).path
    definition = _definition(session, name, _receiver(document, start), here) if name else None
    if definition is None:
        return None
    folder, snippet = definition
    text = "\n\n".join(
        part for part in (*_what(folder, snippet), _usages(folder, snippet, here)) if part
    )
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, document.range(start, end))


def _receiver(document: Document, start: int) -> str:
    """The word before the dot before the symbol, such as `Router` in `Router.add_route`."""
    line_start = document.text.rfind("\n", 0, start) + 1
    match = _RECEIVER.search(document.text[max(line_start, start - 100) : start])
    return match[1] if match else ""


def _definition(
    session: Session, name: str, receiver: str, here: str
) -> tuple[Folder, Snippet] | None:
    """The definition that is meant: of the receiver's class if there is one, else the nearest.

    A receiver may be the class or, in another case, be named after it: `cart.add` is `Cart.add`.
    """
    found = [
        (folder, snippet)
        for folder in session.workspace.folders
        for snippet in folder.index.definitions(name, _ASKED)
    ]
    qualified = f"{receiver}.{name}".lower()
    return min(
        found,
        key=lambda each: (
            not each[1].name.lower().endswith(qualified),
            distance(each[1].path, here),
        ),
        default=None,
    )


def _what(folder: Folder, snippet: Snippet) -> list[str]:
    place = link(folder, snippet.path, snippet.name_line)
    return [
        fence(snippet.signature or snippet.name, snippet.language),
        snippet.docstring,
        f"{snippet.kind.capitalize()} `{snippet.name}`, defined in {place}",
    ]


def _usages(folder: Folder, snippet: Snippet, here: str) -> str:
    name = snippet.name.rpartition(".")[2]
    usages = sorted(folder.index.usages(name, _ASKED), key=lambda usage: distance(usage.path, here))
    lines = [
        f"- {link(folder, usage.path, usage.line)} `{usage.text.strip().replace('`', '')}`"
        for usage in usages[:_USAGES]
    ]
    return "\n".join(["Used in", *lines]) if lines else ""
