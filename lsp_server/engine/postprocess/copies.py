"""Against what stands right above or below the cursor already."""

import re

from lsp_server.engine.context import Context


def drop_copy(text: str, context: Context) -> str:
    """A line that stands right below or right above is not suggested once more."""
    below = next(iter(_lines(context.after)), "").strip()
    above = context.before.rstrip().rpartition("\n")[2].strip()
    line = (context.typed + text).strip()
    copies = line == below or (line == above and len(line) > 3)
    return "" if copies and "\n" not in text.strip() else text


def drop_copied_end(text: str, context: Context) -> str:
    """A block that runs on into the lines below it ends before them.

    Lines without a word, such as brackets, are no copies: each block has its own.
    """
    below = [line.rstrip() for line in _lines(context.after)]
    lines = text.split("\n")
    for number in range(1, len(lines)):
        last = [line.rstrip() for line in lines[number:] if line.strip()]
        if last and last == below[: len(last)] and re.search(r"\w", "".join(last)):
            return "\n".join(lines[:number])
    return text


def _lines(text: str) -> list[str]:
    """The lines of the text's beginning that are not blank."""
    return [line for line in text[:2000].splitlines() if line.strip()]
