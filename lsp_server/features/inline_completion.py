"""`textDocument/inlineCompletion`: the engine's suggestion as ghost text at the cursor."""

from lsprotocol import types

from lsp_server.documents import Document
from lsp_server.features.suggesting import accept_command, alternatives, suggest
from lsp_server.session import Session


async def inline_completion(
    session: Session, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """An item that replaces the word at the cursor by itself and what follows.

    Where the user asks for it, up to two others, too.
    """
    document = session.documents.use(params.text_document.uri)
    if document is None:
        return types.InlineCompletionList([])
    start, end = _replaced(document, params)
    typed = _typed(document, params, start, end)
    text = document.printable[:start] + typed + document.printable[end:]
    offset = start + len(typed)
    is_wanted = params.context.trigger_kind is types.InlineCompletionTriggerKind.Invoked
    shown = await suggest(session, document, text, offset, is_wanted=is_wanted)
    if shown is None:
        return types.InlineCompletionList([])
    texts = [shown.suggestion.text]
    if is_wanted:
        texts += await alternatives(session, document, text, offset, shown)
    items = [
        types.InlineCompletionItem(
            insert_text=typed + each,
            range=document.range(start, end),
            command=accept_command(session, shown),
        )
        for each in texts
    ]
    return types.InlineCompletionList(items)


def _replaced(document: Document, params: types.InlineCompletionParams) -> tuple[int, int]:
    """What the item replaces, in characters: the chosen item's range or the word at the cursor.

    An editor shows an item only if its text begins with what the range holds already.
    """
    cursor = document.offset(params.position)
    if chosen := params.context.selected_completion_info:
        start, end = document.offset(chosen.range.start), document.offset(chosen.range.end)
        return min(start, cursor), max(end, cursor)
    return document.word(cursor)[0], cursor


def _typed(document: Document, params: types.InlineCompletionParams, start: int, end: int) -> str:
    """The text in the range: as if the item chosen in the editor's list were accepted already."""
    chosen = params.context.selected_completion_info
    return chosen.text if chosen else document.printable[start:end]
