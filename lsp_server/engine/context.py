"""What stands around the cursor, and whether a line or a block is wanted there."""

import re
from dataclasses import dataclass

from indexer.lookup import PROSE
from lsp_server.engine.recent import NOTHING, Recent
from lsp_server.engine.syntax import Neighbourhood, Place, neighbourhood

# Before these, at the end of a line, the next lines are a block of its own.
_OPENERS = (":", "{", "(", "[", "=>", "->", " do", " then", "else", "begin")

# What may follow the cursor on its line where a model that cannot see it may still suggest.
_CLOSERS = re.compile(r"[\s)\]}>\"'`,;:]*\Z")

_QUOTE = re.compile(r"\s*[\"'`]")

# At the end of a line of code, these end a statement.
_FINISHED = re.compile(r"(?:;|\b(?:pass|break|continue))\s*\Z")


@dataclass(frozen=True)
class Context:
    """A document seen from the cursor."""

    path: str  # relative to the workspace, POSIX
    language: str
    text: str
    offset: int  # of the cursor, in characters
    before: str  # everything up to the start of the cursor's line
    typed: str  # from there to the cursor
    rest: str  # from the cursor to the end of its line
    after: str  # the lines below
    block: bool  # whether a block of several lines is wanted
    place: Place  # what the cursor is in
    syntax: Neighbourhood | None  # around the cursor, where there is a grammar
    recent: Recent = NOTHING  # what else the user worked on last

    @property
    def line(self) -> int:
        """The cursor's line, from 0."""
        return self.before.count("\n")

    @property
    def in_prose(self) -> bool:
        """Whether words are written at the cursor: in a document, a comment or a docstring."""
        if self.language in PROSE or self.place == "comment":
            return True
        return self.syntax is not None and self.syntax.in_docstring()

    @property
    def indentation(self) -> int:
        """Columns before the cursor's line begins, a tab counting as up to eight."""
        return indentation(self.typed)

    @property
    def open_to_left_context(self) -> bool:
        """Whether what follows on the line closes something, so that it needs not be seen."""
        return _CLOSERS.match(self.rest) is not None


def read_context(path: str, language: str, text: str, offset: int) -> Context | None:
    """The context at an offset; None where nothing can help.

    That is in the middle of a word or of a sentence, before what stands on a line already, and
    behind a statement that is finished.
    """
    offset = max(0, min(offset, len(text)))
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    typed, rest = text[start:offset], text[offset:end].rstrip("\r")
    closes = _CLOSERS.match(rest) is not None
    if re.match(r"\w", rest) or not (typed.strip() or closes):
        return None
    syntax = neighbourhood(language, text, offset)
    place = syntax.place() if syntax else "code"
    if place == "comment" and not closes:
        return None
    if place == "string" and not (closes or _QUOTE.match(rest)):
        return None
    if place == "code" and not rest.strip() and _is_finished(typed):
        return None
    before, after = text[:start], text[end + 1 :]
    opens = place == "code" and not rest.strip() and _opens_block(syntax, before, typed, after)
    return Context(path, language, text, offset, before, typed, rest, after, opens, place, syntax)


def indentation(line: str) -> int:
    """Columns before the first character of a line that is no space."""
    line = line.expandtabs(8)
    return len(line) - len(line.lstrip(" "))


def _is_finished(typed: str) -> bool:
    """Whether a statement ends here; the semicolons in the head of a loop end none."""
    return _FINISHED.search(typed) is not None and typed.count("(") <= typed.count(")")


def _opens_block(syntax: Neighbourhood | None, before: str, typed: str, after: str) -> bool:
    """Whether the cursor stands where an empty block begins, by syntax or else by appearance.

    Either right behind what opens it, or on an empty line below that; not where the block has
    its lines already.
    """
    is_empty = syntax.in_empty_body() if syntax else None
    return is_empty or (is_empty is None and _seems_to_open(before, typed, after))


def _seems_to_open(before: str, typed: str, after: str) -> bool:
    opening = typed if typed.strip() else (before.rstrip().rpartition("\n")[2])
    if not opening.rstrip().endswith(_OPENERS):
        return False
    following = next((line for line in after.splitlines() if line.strip()), "")
    return not following or indentation(following) <= indentation(opening)
