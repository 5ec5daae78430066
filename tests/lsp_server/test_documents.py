"""Edits and positions in the three encodings, against a reference that splices encoded bytes."""

from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol.types import (
    Position,
    PositionEncodingKind,
    Range,
    TextDocumentContentChangePartial,
    TextDocumentContentChangeWholeDocument,
)

from lsp_server.documents import Document, Documents

CODECS = {
    PositionEncodingKind.Utf8: ("utf-8", 1),
    PositionEncodingKind.Utf16: ("utf-16-le", 2),
    PositionEncodingKind.Utf32: ("utf-32-le", 4),
}
LINE_ENDS = ("\r\n", "\n", "\r")
encodings = st.sampled_from(list(CODECS))
# Few characters of every width, and everything that some tool takes for a line's end.
texts = st.text(st.sampled_from("ab_(é€😋\n\r\x0b\x0c\u2028\u0085"), max_size=30)


def reference_lines(text: str) -> list[str]:
    """Lines with their ends, found one character at a time."""
    lines, line, at = [], "", 0
    while at < len(text):
        end = next((each for each in LINE_ENDS if text.startswith(each, at)), "")
        line += end or text[at]
        at += len(end) or 1
        if end:
            lines.append(line)
            line = ""
    return [*lines, line]


def reference_edit(
    text: str, start: Position, end: Position, new: str, encoding: PositionEncodingKind
) -> str:
    """The edit done on the encoded text, where columns are plain indices."""
    codec, width = CODECS[encoding]
    lines = [line.encode(codec) for line in reference_lines(text)]

    def index(position: Position) -> int:
        return sum(map(len, lines[: position.line])) + position.character * width

    data = b"".join(lines)
    return (data[: index(start)] + new.encode(codec) + data[index(end) :]).decode(codec)


@st.composite
def positions(draw: st.DrawFn, text: str, encoding: PositionEncodingKind) -> Position:
    """A position that exists: on the boundary of a character, before the line's end."""
    codec, width = CODECS[encoding]
    lines = reference_lines(text)
    number = draw(st.integers(0, len(lines) - 1))
    content = lines[number].rstrip("\r\n")
    column = draw(st.integers(0, len(content)))
    return Position(number, len(content[:column].encode(codec)) // width)


@st.composite
def edits(
    draw: st.DrawFn,
) -> tuple[str, list[tuple[Position, Position, str]], PositionEncodingKind]:
    """A text and edits, each of which fits the result of the one before."""
    text, encoding = draw(texts), draw(encodings)
    first, changes = text, []
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted(
            (draw(positions(text, encoding)), draw(positions(text, encoding))),
            key=lambda position: (position.line, position.character),
        )
        changes.append((start, end, draw(texts)))
        text = reference_edit(text, *changes[-1], encoding)
    return first, changes, encoding


@given(edits())
def test_edits_give_what_splicing_the_encoded_text_gives(case):
    text, changes, encoding = case
    expected = text
    for change in changes:
        expected = reference_edit(expected, *change, encoding)
    documents = Documents(encoding)
    documents.open("file:///a.py", "python", 1, text)
    partial = [TextDocumentContentChangePartial(Range(a, b), new) for a, b, new in changes]
    assert documents.change("file:///a.py", 2, partial).text == expected


@given(texts, encodings, st.data())
def test_offset_and_position_are_each_others_inverse(text, encoding, data):
    document = Document("file:///a.py", "python", 1, text, encoding)
    position = data.draw(positions(text, encoding))
    assert document.position(document.offset(position)) == position


@given(texts, encodings, st.integers(0, 40), st.integers(0, 200))
def test_a_position_out_of_range_is_the_nearest_that_exists(text, encoding, line, character):
    document = Document("file:///a.py", "python", 1, text, encoding)
    lines = reference_lines(text)
    offset = document.offset(Position(line, character))
    if line >= len(lines):
        assert offset == len(text)
    else:
        start = sum(map(len, lines[:line]))
        assert start <= offset <= start + len(lines[line].rstrip("\r\n"))


@given(texts, encodings)
@settings(max_examples=50)
def test_lines_end_where_the_protocol_says(text, encoding):
    document = Document("file:///a.py", "python", 1, text, encoding)
    lines = [document.line(number) for number in range(len(document.line_starts))]
    assert lines == [line.rstrip("\r\n") for line in reference_lines(text)]


def test_a_column_inside_a_character_means_its_start():
    for encoding, inside in ((PositionEncodingKind.Utf8, 3), (PositionEncodingKind.Utf16, 2)):
        document = Document("file:///a.py", "python", 1, "a😋b", encoding)
        assert document.offset(Position(0, inside)) == 1


def test_surrogate_halves_from_two_edits_join_to_one_character():
    document = Document("file:///a.py", "python", 1, "")
    at = Range(Position(0, 0), Position(0, 0))
    after = Range(Position(0, 1), Position(0, 1))
    half = document.edited(2, [TextDocumentContentChangePartial(at, "\ud83d")])
    assert half.printable == "\ufffd"
    whole = half.edited(3, [TextDocumentContentChangePartial(after, "\ude0b")])
    assert whole.text == "😋"


def test_a_change_without_range_replaces_the_whole_text():
    document = Document("file:///a.py", "python", 1, "old")
    change = TextDocumentContentChangeWholeDocument("new")
    assert document.edited(2, [change]).text == "new"


def test_a_reversed_range_is_taken_the_right_way_round():
    document = Document("file:///a.py", "python", 1, "abcd")
    change = TextDocumentContentChangePartial(Range(Position(0, 3), Position(0, 1)), "-")
    assert document.edited(2, [change]).text == "a-d"


def test_a_change_to_a_document_that_is_not_open_is_ignored():
    change = TextDocumentContentChangeWholeDocument("new")
    assert Documents().change("file:///a.py", 2, [change]) is None


def test_what_was_edited_is_noted_until_the_whole_text_is_another():
    document = Document("file:///a.py", "python", 1, "one\ntwo\nthree\nfour\nfive\nsix\nseven\n")
    below = TextDocumentContentChangePartial(Range(Position(6, 0), Position(6, 5)), "7")
    above = TextDocumentContentChangePartial(Range(Position(0, 3), Position(0, 3)), "\nand a half")
    edited = document.edited(2, [below, above])
    assert [(edit.first, edit.end) for edit in edited.edits] == [(0, 2), (7, 8)]
    assert edited.text.split("\n")[7] == "7"
    assert not edited.edited(3, [TextDocumentContentChangeWholeDocument("another")]).edits


def test_the_document_that_was_used_last_comes_last():
    documents = Documents()
    for name in "abc":
        documents.open(name, "python", 1, "")
    documents.change("b", 2, [TextDocumentContentChangeWholeDocument("x")])
    assert [document.uri for document in documents] == ["a", "c", "b"]
    documents.use("a")
    assert documents.use("nowhere") is None
    assert [document.uri for document in documents] == ["c", "b", "a"]


def test_the_word_at_an_offset():
    document = Document("file:///a.py", "python", 1, "foo.bar_baz(é1)")
    assert document.word(5) == (4, 11)
    assert document.word(3) == (0, 3)
    assert document.word(13) == (12, 14)
    assert document.word(15) == (15, 15)
