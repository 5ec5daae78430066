"""A language server that has a quick suggestion first, and then a better one in its place."""

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("better", "1")
asked: list[types.InlineCompletionParams] = []


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
def suggest(params: types.InlineCompletionParams) -> types.InlineCompletionList:
    asked.append(params)
    here = types.Range(params.position, params.position)
    text = "quick" if len(asked) == 1 else "better"
    return types.InlineCompletionList([types.InlineCompletionItem(text, range=here)])


@server.command("tell")
def tell(column: int) -> None:
    """Tell of something better at a column of the line that was asked about."""
    last = asked[-1]
    place = types.Position(last.position.line, column)
    server.protocol.notify(
        "bowerbird/better", {"textDocument": last.text_document, "position": place}
    )


@server.command("asked")
def count() -> int:
    return len(asked)


server.start_io()
