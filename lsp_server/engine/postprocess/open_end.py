"""Against a block that ends where another one is opened."""

from lsp_server.engine.context import Context, indentation


def drop_open_end(text: str, context: Context) -> str:
    """Last lines that open a block with nothing in it are left out, where more stands above them.

    Only in Python, whose grammar takes such a block for whole; elsewhere a brace is missing.
    """
    if context.language != "python":
        return text
    below = next((line for line in context.after.splitlines() if line.strip()), "")
    lines = text.split("\n")
    while len(lines) > 1 and lines[-1].rstrip().endswith(":"):
        if indentation(below) > indentation(lines[-1]):
            break
        lines.pop()
    return "\n".join(lines)
