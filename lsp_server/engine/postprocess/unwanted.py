"""Against what no one wants to be suggested, however likely it is."""

import re

from indexer.refusals import secret_in
from lsp_server.engine.context import Context

_LICENCE = re.compile(
    r"copyright \(c\)|copyright \d{4}|all rights reserved|licensed under the|spdx-license"
    r"|permission is hereby granted|redistribution and use in source|without warranty",
    re.IGNORECASE,
)


def drop_secret(text: str, context: Context) -> str:
    """A key or password that a model makes up, or remembers, is worse than none."""
    return "" if secret_in(context.typed + text) else text


def drop_licence(text: str, context: Context) -> str:
    """The text of a licence is copied, not written; a wrong year or name in it does harm."""
    return "" if _LICENCE.search(context.typed + text) else text
