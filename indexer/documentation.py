"""The words of a docstring or a comment, without the marks that make it one."""

import inspect
import re
from collections.abc import Iterable

_COMMENT_START = re.compile(r"^[ \t]*(?://[/!]?|/\*[*!]?|\*(?!/)|#+!?|--+)[ \t]?")
_XML_TAGS = re.compile(r"</?(?:summary|remarks|para)>")
_COMMENT_END = re.compile(r"[ \t]*\*+/[ \t]*$")
_STRING_START = re.compile(r"""^\w*("{3}|'{3}|"|')""")


def comment_text(comments: Iterable[str]) -> str:
    """What stands in neighbouring comments, in any of the languages."""
    lines = (line for comment in comments for line in comment.splitlines())
    words = (_COMMENT_START.sub("", _COMMENT_END.sub("", line)).rstrip() for line in lines)
    return _XML_TAGS.sub("", "\n".join(words)).strip()


def string_text(literal: str) -> str:
    """What stands in a Python string literal that serves as documentation."""
    start = _STRING_START.match(literal)
    if not start:
        return literal
    return inspect.cleandoc(literal[start.end() :].removesuffix(start[1]))
