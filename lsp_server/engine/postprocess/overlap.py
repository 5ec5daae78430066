"""Against writing the rest of the line a second time."""

from lsp_server.engine.context import Context
from lsp_server.engine.postprocess.brackets import unclosed


def trim_overlap(text: str, context: Context) -> str:
    """What the rest of the line already has is not written again.

    A bracket at the end that closes one of the text's own stays.
    """
    rest = context.rest.strip()
    for length in range(min(len(rest), len(text)), 0, -1):
        overlaps = text.endswith(rest[:length])
        if overlaps and not rest[:length].isalnum() and not unclosed(text[:-length]):
            return text[:-length]
    return text
