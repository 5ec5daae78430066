"""Against brackets that close nothing."""

from lsp_server.context import Context

_PAIRS = {")": "(", "]": "[", "}": "{"}


def balance_brackets(text: str, context: Context) -> str:
    """Cut before the first bracket that closes nothing: what it would close is closed already.

    Brackets opened on the typed part of the line and not closed in its rest may be closed.
    """
    if not context.rest.strip():
        return text
    open_before = unclosed(context.typed)
    for bracket in context.rest:
        if open_before and _PAIRS.get(bracket) == open_before[-1]:
            open_before.pop()
    stack = list(open_before)
    for place, letter in enumerate(text):
        if letter in _PAIRS.values():
            stack.append(letter)
        elif letter in _PAIRS:
            if not stack or stack[-1] != _PAIRS[letter]:
                return text[:place]
            stack.pop()
    return text


def unclosed(line: str) -> list[str]:
    """The brackets that a line opens and does not close, from the outer to the inner."""
    stack: list[str] = []
    for letter in line:
        if letter in _PAIRS.values():
            stack.append(letter)
        elif stack and _PAIRS.get(letter) == stack[-1]:
            stack.pop()
    return stack
