"""What the user worked on last: where edits stand after others, and what is shown of a document."""

import time
from random import Random

import pytest

from lsp_server.engine.recent import Edit, OpenDocument, edited, may_be_shown, near, regions

NOW = 1000.0


def document(text: str, *edits: Edit, path: str = "shop/cart.py", line: int = 0) -> OpenDocument:
    return OpenDocument(path, "python", text, edits, line)


def test_an_edit_moves_with_the_lines_above_it():
    edits = edited((Edit(20, 21, NOW),), first=3, removed=0, added=2, now=NOW + 1)
    assert [(edit.first, edit.end) for edit in edits] == [(3, 6), (22, 23)]
    edits = edited(edits, first=0, removed=3, added=0, now=NOW + 2)
    assert [(edit.first, edit.end) for edit in edits][-1] == (19, 20)


def test_edits_close_together_are_one_region():
    edits: tuple[Edit, ...] = ()
    for key in range(30):
        edits = edited(edits, first=10 + key // 10, removed=0, added=int(key % 10 == 9), now=NOW)
    assert [(edit.first, edit.end) for edit in edits] == [(10, 14)]


def test_a_region_stays_short_and_has_the_last_edit():
    edits: tuple[Edit, ...] = ()
    for line in range(200):
        edits = edited(edits, first=line, removed=0, added=1, now=NOW)
    assert edits[0].end - edits[0].first <= 41
    assert edits[0].first <= 199 < edits[0].end


def test_regions_follow_the_lines_that_were_edited():
    now = time.monotonic()
    chance = Random(1)
    lines = [f"line {number}" for number in range(300)]
    edits: tuple[Edit, ...] = ()
    marks: list[str] = []
    for number in range(40):
        first = chance.randrange(0, len(lines) - 4)
        removed, added = chance.randrange(4), chance.randrange(4)
        gone = set(lines[first : first + removed + 1])
        marks = [mark for mark in marks if mark not in gone] + [f"edit {number}"]
        lines[first : first + removed + 1] = [f"edit {number}"] + ["new"] * added
        edits = edited(edits, first, removed, added, now + number)
        newest, *_ = regions(document("\n".join(lines), *edits))
        assert marks[-1] in newest.text.split("\n")
        shown = "\n".join(each.text for each in regions(document("\n".join(lines), *edits)))
        assert sum(f"{mark}\n" in shown + "\n" for mark in marks[-4:]) == len(marks[-4:])


def test_a_region_says_where_it_stands():
    text = "\n".join(f"line {number}" for number in range(50))
    (region,) = regions(document(text, Edit(20, 21, time.monotonic())))
    assert text[region.start : region.end] == region.text
    assert region.text.split("\n") == [f"line {number}" for number in range(17, 24)]
    assert (region.start_line, region.end_line) == (17, 24)


def test_what_was_edited_long_ago_is_no_longer_recent():
    assert not list(regions(document("one\ntwo\n", Edit(0, 1, time.monotonic() - 3600))))


def test_of_a_long_document_the_part_is_near_where_the_user_was():
    text = "\n".join(f"value_{number} = {number}" for number in range(5000))
    part = near(document(text, line=3000))
    assert "value_3000 = 3000\n" in part
    assert len(part) < 10_000
    assert part.split("\n")[0] in text.split("\n")
    assert near(document(text, line=99_999)).endswith("value_4999 = 4999")
    assert near(document("x = 1\n")) == "x = 1\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".env", "HOST = here"),
        ("shop/pay.py", 'api_key = "q8Zr2Lw9Xv4Tn6Bs1Km3"'),
        ("package-lock.json", "{}"),
    ],
)
def test_no_credential_and_nothing_generated_is_shown(path: str, text: str):
    assert not may_be_shown(path, text)
    assert may_be_shown("shop/cart.py", "x = 1\n")
