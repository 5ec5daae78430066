"""Makes a model's answer fit for showing: a list of filters, each a pure function.

A filter takes the text and the context and returns the text, repaired, or "" to show nothing.
"""

from collections.abc import Callable

from lsp_server.engine.context import Context
from lsp_server.engine.postprocess.brackets import balance_brackets
from lsp_server.engine.postprocess.copies import drop_copied_end, drop_copy
from lsp_server.engine.postprocess.indentation import indent_like_file
from lsp_server.engine.postprocess.open_end import drop_open_end
from lsp_server.engine.postprocess.overlap import trim_overlap
from lsp_server.engine.postprocess.parsing import keep_what_parses
from lsp_server.engine.postprocess.quotes import balance_quotes
from lsp_server.engine.postprocess.repetition import drop_repetition
from lsp_server.engine.postprocess.unwanted import drop_licence, drop_secret

Filter = Callable[[str, Context], str]


def clean(text: str, context: Context, *, is_whole: bool = True) -> str:
    """Runs a text through all filters; "" when nothing is left to show.

    One that is still being written (not `is_whole`) need not parse: it hardly can, and to find that
    out takes longer than the next token.
    """
    for apply in FILTERS:
        if is_whole or apply is not keep_what_parses:
            text = apply(text, context)
        if not text.strip():
            return ""
    return text


def trim_end(text: str, _: Context) -> str:
    """Spaces and empty lines at the end are noise."""
    return text.rstrip()


FILTERS: tuple[Filter, ...] = (
    trim_end,
    drop_secret,
    drop_licence,
    drop_repetition,
    indent_like_file,
    drop_copied_end,
    trim_overlap,
    balance_brackets,
    balance_quotes,
    drop_copy,
    keep_what_parses,
    drop_open_end,
    trim_end,
)
"""In this order: first what is dropped whole, last what needs the text as it would be shown."""
