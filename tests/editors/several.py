"""A language server that has two suggestions of several lines everywhere, to choose from."""

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("several", "1")
accepted: list[str] = []


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
def suggest(params: types.InlineCompletionParams) -> types.InlineCompletionList:
    if accepted:
        return types.InlineCompletionList([])
    here = types.Range(params.position, params.position)
    return types.InlineCompletionList(
        [
            types.InlineCompletionItem(
                text, range=here, command=types.Command("", "accept", arguments=[text])
            )
            for text in ("first(1)\nsecond(2)\nthird(3)", "other(naïve)")
        ]
    )


@server.command("accept")
def accept(text: str) -> None:
    accepted.append(text)


@server.command("accepted")
def list_accepted() -> list[str]:
    return accepted


server.start_io()
