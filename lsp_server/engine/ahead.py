"""Where the user is likely to ask next."""

import re
from dataclasses import replace

from lsp_server.engine.suggestion import CompletionRequest

_OPENERS = (":", "{", "(", "[")
_INDENTATION = re.compile(r"^([ \t]+)\S", re.MULTILINE)


def accepted(request: CompletionRequest, text: str) -> CompletionRequest:
    """The request behind a suggestion, once it is taken whole."""
    return _typed(request, text)


def next_line(request: CompletionRequest) -> CompletionRequest | None:
    """The request on a new line below the cursor's, indented as an editor does it.

    None where something follows the cursor on its line, which is then not finished.
    """
    before, _, line = request.text[: request.offset].rpartition("\n")
    rest = request.text[request.offset :].partition("\n")[0]
    if rest.strip() or not line.strip():
        return None
    indentation = line[: len(line) - len(line.lstrip())]
    if line.rstrip().endswith(_OPENERS):
        step = _INDENTATION.search(before)
        indentation += step[1] if step else "    "
    return _typed(request, "\n" + indentation)


def _typed(request: CompletionRequest, text: str) -> CompletionRequest:
    before, after = request.text[: request.offset], request.text[request.offset :]
    return replace(request, text=before + text + after, offset=request.offset + len(text))
