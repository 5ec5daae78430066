"""Open documents: their text, their edits, and positions in the client's encoding.

The protocol counts columns in UTF-8, UTF-16 or UTF-32 code units, whichever client and server
agree on; the rest of Bowerbird counts characters. This module is the one place that converts.
Lines end at `\\n`, `\\r\\n` or `\\r` and nowhere else (`str.splitlines` splits at form feeds and
Unicode separators as well). A position out of range means the nearest one that exists.
"""

import re
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from lsprotocol.types import (
    Position,
    PositionEncodingKind,
    Range,
    TextDocumentContentChangeEvent,
    TextDocumentContentChangePartial,
)
from pygls.uris import to_fs_path

from lsp_server.engine.recent import Edit, edited

_LINE_END = re.compile(r"\r\n|\n|\r")
_NEWLINE = re.compile(r"\n")
_CODECS = {
    PositionEncodingKind.Utf8: ("utf-8", 1),
    PositionEncodingKind.Utf16: ("utf-16-le", 2),
    PositionEncodingKind.Utf32: ("utf-32-le", 4),
}
"""Python's codec and the bytes of one code unit."""


def units(text: str, encoding: PositionEncodingKind) -> int:
    """Length of `text` in code units of `encoding`."""
    if text.isascii():
        return len(text)
    codec, width = _CODECS[encoding]
    return len(text.encode(codec, "surrogatepass")) // width


def characters(line: str, count: int, encoding: PositionEncodingKind) -> int:
    """Number of characters in the first `count` code units of `line`.

    A count past the end means the end; one inside a character means the start of that character.
    """
    if line.isascii() or encoding is PositionEncodingKind.Utf32:
        return min(count, len(line))
    codec, width = _CODECS[encoding]
    data = line.encode(codec, "surrogatepass")
    cut = min(count * width, len(data))
    while _inside_character(data, cut, encoding):
        cut -= width
    return len(data[:cut].decode(codec, "surrogatepass"))


def _inside_character(data: bytes, cut: int, encoding: PositionEncodingKind) -> bool:
    if not 0 < cut < len(data):
        return False
    if encoding is PositionEncodingKind.Utf8:
        return data[cut] & 0xC0 == 0x80
    # UTF-16: between a high surrogate and the low one that completes it.
    return data[cut - 1] & 0xFC == 0xD8 and data[cut + 1] & 0xFC == 0xDC


def join_surrogates(text: str) -> str:
    """`text` with surrogate pairs, which JSON may bring in halves, joined to characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return text


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_LONGEST_WORD = 500  # characters on either side of an offset


@dataclass(frozen=True)
class Document:
    """One version of an open document."""

    uri: str
    language: str  # the protocol's languageId
    version: int
    text: str
    encoding: PositionEncodingKind = PositionEncodingKind.Utf16
    saved: bool = field(default=True, compare=False)  # False: the text may differ from the file's
    edits: tuple[Edit, ...] = field(default=(), compare=False)  # the last ones, newest first

    @cached_property
    def path(self) -> Path | None:
        """Path of the document's file; None for a document that is no file."""
        path = to_fs_path(self.uri)
        return Path(path) if path else None

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets at which lines start, in characters."""
        # Found anew after each edit, and four times as fast where only "\n" can end a line.
        lone_returns = self.text.count("\r") - self.text.count("\r\n")
        line_end = _LINE_END if lone_returns else _NEWLINE
        return [0, *(match.end() for match in line_end.finditer(self.text))]

    @cached_property
    def printable(self) -> str:
        """The text with halves of surrogate pairs replaced: UTF-8, and so files, cannot hold them.

        Offsets are the same as in `text`.
        """
        return self.text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def line(self, number: int) -> str:
        """Text of a line without its end; "" for a line that does not exist."""
        if not 0 <= number < len(self.line_starts):
            return ""
        start = self.line_starts[number]
        end = self.line_starts[number + 1] if number + 1 < len(self.line_starts) else None
        return self.text[start:end].rstrip("\r\n")

    def offset(self, position: Position) -> int:
        """Offset of a position, in characters from the start of the document."""
        if position.line >= len(self.line_starts):
            return len(self.text)
        line = self.line(position.line)
        start = self.line_starts[position.line]
        return start + characters(line, position.character, self.encoding)

    def position(self, offset: int) -> Position:
        """Position of an offset in characters."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.line_starts, offset) - 1
        before = self.text[self.line_starts[line] : offset]
        return Position(line, units(before, self.encoding))

    def range(self, start: int, end: int) -> Range:
        """Range between two offsets in characters."""
        return Range(self.position(start), self.position(end))

    def word(self, offset: int) -> tuple[int, int]:
        """Start and end of the word that an offset touches; both the offset where there is none.

        Of a word too long to be anyone's, only a part.
        """
        start = end = offset
        first, last = max(0, offset - _LONGEST_WORD), min(len(self.text), offset + _LONGEST_WORD)
        while start > first and _in_word(self.text[start - 1]):
            start -= 1
        while end < last and _in_word(self.text[end]):
            end += 1
        return start, end

    def edited(self, version: int, changes: Iterable[TextDocumentContentChangeEvent]) -> "Document":
        """The document after `changes`, each of which sees the result of the one before."""
        document = self
        for change in changes:
            text = join_surrogates(document._text_after(change))
            edits = document._edits_after(change)
            document = replace(document, version=version, text=text, saved=False, edits=edits)
        return document

    def _text_after(self, change: TextDocumentContentChangeEvent) -> str:
        if not isinstance(change, TextDocumentContentChangePartial):
            return change.text
        start, end = sorted((self.offset(change.range.start), self.offset(change.range.end)))
        return self.text[:start] + change.text + self.text[end:]

    def _edits_after(self, change: TextDocumentContentChangeEvent) -> tuple[Edit, ...]:
        """None where the whole text is another one, of which nobody knows what was edited."""
        if not isinstance(change, TextDocumentContentChangePartial):
            return ()
        first, last = sorted((change.range.start.line, change.range.end.line))
        return edited(self.edits, first, last - first, change.text.count("\n"), time.monotonic())


class Documents:
    """The documents that the client has open, by URI; the last used one comes last."""

    def __init__(self, encoding: PositionEncodingKind = PositionEncodingKind.Utf16):
        self.encoding = encoding
        self._open: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._open.values()))

    def get(self, uri: str) -> Document | None:
        """The newest version of an open document."""
        return self._open.get(uri)

    def open(self, uri: str, language: str, version: int, text: str) -> Document:
        """Begin to follow a document."""
        document = Document(uri, language, version, join_surrogates(text), self.encoding)
        self._open[uri] = document
        return document

    def change(
        self, uri: str, version: int, changes: Iterable[TextDocumentContentChangeEvent]
    ) -> Document | None:
        """Apply edits; None when the document is not open."""
        if (document := self._open.get(uri)) is None:
            return None
        self._open[uri] = document.edited(version, changes)
        return self.use(uri)

    def use(self, uri: str) -> Document | None:
        """The newest version of a document that the user works on now."""
        if (document := self._open.get(uri)) is not None:
            others = {other: each for other, each in self._open.items() if other != uri}
            self._open = others | {uri: document}  # at once, as other threads look at it
        return document

    def save(self, uri: str) -> Document | None:
        """Note that the document's text is now the file's."""
        if (document := self._open.get(uri)) is None:
            return None
        self._open[uri] = replace(document, saved=True)
        return self._open[uri]

    def close(self, uri: str) -> Document | None:
        """Forget a document and return its last version."""
        return self._open.pop(uri, None)
