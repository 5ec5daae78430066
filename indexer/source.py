"""A text as the parser sees it, in UTF-8 bytes, and the way back to characters and lines."""

from bisect import bisect_right
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


def encodable(text: str) -> str:
    """`text` as it can be stored: of the same length, but without halves of surrogate pairs.

    Editors send them now and then, where a character of two UTF-16 units was cut in two.
    """
    return text.encode("utf-8", "replace").decode("utf-8")


class Source:
    """A file's text; positions are byte offsets into `data` unless they are said to be characters.

    The parser counts bytes, editors and Python count characters. Everything in between works on
    bytes and asks for characters last.
    """

    def __init__(self, text: str):
        self.text = text
        # A lone surrogate cannot be encoded. It becomes one byte, so counting stays right.
        self.data = text.encode("utf-8", "replace")

    def character(self, position: int) -> int:
        """The character offset of a byte offset."""
        return position if self.text.isascii() else int(self._characters[position])

    def between(self, start: int, end: int) -> str:
        """The text from one byte offset to another, verbatim."""
        return self.text[self.character(start) : self.character(end)]

    def line(self, position: int) -> int:
        """The zero-based line that `position` stands in."""
        return bisect_right(self._line_starts, position) - 1

    def line_start(self, position: int) -> int:
        """Where the line of `position` begins."""
        return self.data.rfind(b"\n", 0, position) + 1

    def line_end(self, position: int) -> int:
        """Where the line of `position` ends, before its line feed."""
        end = self.data.find(b"\n", position)
        return len(self.data) if end < 0 else end

    def trim(self, start: int, end: int) -> tuple[int, int]:
        """The span without its outer blank lines; the first line keeps its indentation."""
        text = self.data[start:end]
        first = start + len(text) - len(text.lstrip())
        last = end - (len(text) - len(text.rstrip()))
        if first >= last:
            return start, start
        return max(start, self.line_start(first)), last

    @cached_property
    def _characters(self) -> NDArray[np.int64]:
        """For each byte offset, the number of characters that begin before it."""
        first_bytes = (np.frombuffer(self.data, np.uint8) & 0xC0) != 0x80
        return np.concatenate(([0], np.cumsum(first_bytes)))

    @cached_property
    def _line_starts(self) -> list[int]:
        feeds = np.flatnonzero(np.frombuffer(self.data, np.uint8) == ord("\n"))
        return [0, *(feeds + 1).tolist()]
