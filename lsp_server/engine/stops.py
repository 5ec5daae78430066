"""Where an answer is complete: at the end of its line, or of its block."""

import re
from collections.abc import Callable

from lsp_server.engine.context import Context, indentation

LONGEST_BLOCK = 12  # lines

_CLOSERS = re.compile(r"\s*(?:[)\]}]|end\b|fi\b|done\b|esac\b)")


def stop_rule(context: Context) -> Callable[[str], int | None]:
    """The rule for a context: given the text so far, where to cut it, or None to go on."""
    if not context.block:
        return line_end
    in_block = block_end(context)
    if not context.typed.strip():
        return in_block

    def line_or_block(text: str) -> int | None:
        """Behind `f(` or `if x:` the model may go on in the line or open the block below."""
        return in_block(text) if text.startswith("\n") else line_end(text)

    return line_or_block


def line_end(text: str) -> int | None:
    """At the first line break. A break at once is an answer too: this line is finished."""
    end = text.find("\n")
    return end if end >= 0 else None


def block_end(context: Context) -> Callable[[str], int | None]:
    """Before the first line that leaves the block or that the document already has next.

    A line that closes the block belongs to it, unless the document has one like it already.
    """
    opened = context.typed.strip() != ""
    inside = context.indentation + opened  # columns that a line of the block has at least
    following = next((line for line in context.after.splitlines() if line.strip()), "")
    is_closed = _CLOSERS.match(following) is not None
    closes = _closing_column(context) if not is_closed else None

    def stop(text: str) -> int | None:
        lines = text.split("\n")
        length = len(lines[0])
        for number, line in enumerate(lines[1:], start=1):
            is_whole = number < len(lines) - 1
            if number >= LONGEST_BLOCK:
                return length
            is_blank = line.strip() == ""
            leaves = not is_blank and indentation(line) < inside
            if leaves and indentation(line) == closes and _CLOSERS.match(line):
                return length + 1 + len(line) if is_whole else None
            repeats = is_whole and line.strip() == following.strip() and not _CLOSERS.match(line)
            ends = is_whole and is_blank and lines[number - 1].strip() == ""
            if leaves or (repeats and not is_blank) or ends:
                return length
            length += 1 + len(line)
        return None

    return stop


def _closing_column(context: Context) -> int | None:
    """Where the line that closes the cursor's block would begin; None where none is needed."""
    above = next((each for each in reversed(context.before.splitlines()) if each.strip()), "")
    opener = context.typed if context.typed.strip() else above
    return indentation(opener) if opener.rstrip().endswith(("{", "(", "[")) else None
