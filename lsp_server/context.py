"""What stands around the cursor, and whether a line or a block is wanted there."""

import re
from dataclasses import dataclass

# Before these, at the end of a line, the next lines are a block of its own.
_OPENERS = (":", "{", "(", "[", "=>", "->", " do", " then", "else", "begin")

# What may follow the cursor on its line where a model that cannot see it may still suggest.
_CLOSERS = re.compile(r"[\s)\]}>\"'`,;:]*\Z")


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

    @property
    def line(self) -> int:
        """The cursor's line, from 0."""
        return self.before.count("\n")

    @property
    def indentation(self) -> int:
        """Columns before the cursor's line begins, a tab counting as up to eight."""
        return indentation(self.typed)

    @property
    def open_to_left_context(self) -> bool:
        """Whether what follows on the line closes something, so that it needs not be seen."""
        return _CLOSERS.match(self.rest) is not None


def read_context(path: str, language: str, text: str, offset: int) -> Context | None:
    """The context at an offset; None in the middle of a word, where nothing can help."""
    offset = max(0, min(offset, len(text)))
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    typed, rest = text[start:offset], text[offset:end].rstrip("\r")
    if re.match(r"\w", rest):
        return None
    before = text[:start]
    return Context(
        path=path,
        language=language,
        text=text,
        offset=offset,
        before=before,
        typed=typed,
        rest=rest,
        after=text[end + 1 :],
        block=not rest.strip() and _opens_block(before, typed, text[end + 1 :]),
    )


def indentation(line: str) -> int:
    """Columns before the first character of a line that is no space."""
    line = line.expandtabs(8)
    return len(line) - len(line.lstrip(" "))


def _opens_block(before: str, typed: str, after: str) -> bool:
    """Whether the cursor stands where an empty block begins.

    Either right behind what opens it, or on an empty line below that; not where the block has
    its lines already.
    """
    opening = typed if typed.strip() else (before.rstrip().rpartition("\n")[2])
    if not opening.rstrip().endswith(_OPENERS):
        return False
    following = next((line for line in after.splitlines() if line.strip()), "")
    return not following or indentation(following) <= indentation(opening)
