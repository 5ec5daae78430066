"""Against quotes that close nothing."""

from lsp_server.engine.context import Context

_QUOTES = "\"'`"


def balance_quotes(text: str, context: Context) -> str:
    """In a string whose end is on the line already, cut before what would end it sooner."""
    if context.place != "string":
        return text
    closing = next((letter for letter in context.rest if letter in _QUOTES), None)
    if closing is None:
        return text
    escaped = False
    for place, letter in enumerate(text):
        if letter == closing and not escaped:
            return text[:place]
        escaped = letter == "\\" and not escaped
    return text
