"""What is shown of an answer, for the tests of what is done to it."""

from lsp_server.engine.context import read_context
from lsp_server.engine.postprocess import clean


def cleaned(place: str, answer: str, language: str = "python") -> str:
    """What is shown of an answer at the `|` of a text."""
    context = read_context("a", language, place.replace("|", ""), place.index("|"))
    assert context is not None, place
    return clean(answer, context)
