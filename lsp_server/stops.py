"""Where an answer is complete: at the end of its line, or of its block."""

from collections.abc import Callable

from lsp_server.context import Context, indentation

LONGEST_BLOCK = 12  # lines


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
    """Before the first line that leaves the block or that the document already has next."""
    opened = context.typed.strip() != ""
    inside = context.indentation + opened  # columns that a line of the block has at least
    following = next((line.strip() for line in context.after.splitlines() if line.strip()), None)

    def stop(text: str) -> int | None:
        lines = text.split("\n")
        length = len(lines[0])
        for number, line in enumerate(lines[1:], start=1):
            is_whole = number < len(lines) - 1
            if number >= LONGEST_BLOCK:
                return length
            leaves = line.strip() != "" and indentation(line) < inside
            repeats = is_whole and line.strip() != "" and line.strip() == following
            ends = is_whole and line.strip() == "" and lines[number - 1].strip() == ""
            if leaves or repeats or ends:
                return length
            length += 1 + len(line)
        return None

    return stop
