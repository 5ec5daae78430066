"""What is found for a cursor in a real index."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.index import WorkspaceIndex
from lsp_server.engine.context import Context, read_context
from lsp_server.engine.recent import Edit, OpenDocument, Recent
from lsp_server.engine.retrieval import Retriever
from model.embed import load_embedder

FILES = {
    "shop/mail.py": """
def send_reminder(customer, invoice):
    message = compose("reminder", invoice)
    message.subject = translate("reminder.subject", customer.language)
    message.attach(invoice.as_pdf())
    return message
""",
    "shop/stock.py": """
def count_items(shelf):
    return sum(box.count for box in shelf.boxes)
""",
}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[WorkspaceIndex]:
    root = tmp_path / "shop"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    opened = WorkspaceIndex.open(root, load_embedder(), tmp_path / "index")
    opened.update()
    yield opened
    opened.close()


def context_at(text: str, path: str = "shop/new.py") -> Context:
    context = read_context(path, "python", text.replace("|", ""), text.index("|"))
    assert context is not None
    return context


def test_the_lines_that_go_on_as_the_cursor_may_are_found_first(index: WorkspaceIndex) -> None:
    context = context_at('message = compose("bill", bill)\nmessage.subject = |\n')
    best = Retriever([index]).search(context, (0, len(context.text))).hits[0].snippet
    assert best.path == "shop/mail.py"
    assert 'translate("reminder.subject"' in best.text


def test_what_is_shown_of_the_same_file_is_not_found(index: WorkspaceIndex) -> None:
    text = FILES["shop/mail.py"] + "\nmessage = compose(|)\n"
    index.update_text("shop/mail.py", text.replace("|", ""))
    context = context_at(text, "shop/mail.py")
    found = Retriever([index]).search(context, (0, len(context.text))).hits
    assert all(hit.snippet.path != "shop/mail.py" for hit in found)
    far = Retriever([index]).search(context, (len(FILES["shop/mail.py"]), len(context.text)))
    assert far.hits[0].snippet.path == "shop/mail.py"


def test_what_was_found_stays_while_the_cursor_is_near(index: WorkspaceIndex) -> None:
    retriever = Retriever([index])
    first = retriever.near(context_at("message = compose(|\n"), (0, 0))
    near = retriever.near(context_at("message = compose(\n\nshelf.boxes|\n"), (0, 0))
    far = retriever.near(context_at("\n" * 20 + "box.count for box in shelf.|\n"), (0, 0))
    assert first == near
    assert far.hits[0].snippet.path == "shop/stock.py"


def test_what_is_little_like_the_place_is_left_out(index: WorkspaceIndex) -> None:
    context = context_at("message = open_door(house, key, garden)\nnew_house = build(|\n")
    retriever = Retriever([index])
    assert retriever.search(context, (0, 0)).hits
    assert not retriever.near(context, (0, 0)).hits


def test_where_nothing_was_found_a_new_line_is_searched_for(index: WorkspaceIndex) -> None:
    retriever = Retriever([index])
    assert not retriever.near(context_at("nothing_like_it = |\n"), (0, 0)).hits
    assert not retriever.near(context_at("box.count for box in shelf.|\n"), (0, 0)).hits
    assert retriever.near(context_at("\nbox.count for box in shelf.|\n"), (0, 0)).hits


def test_what_is_found_for_the_line_below_changes_nothing_on_this_one(
    index: WorkspaceIndex,
) -> None:
    retriever = Retriever([index])
    here = context_at("x = 1\ny = |\n")
    below = context_at('y = compose("bill", bill)\nmessage = y\nmessage.subject = |\n')
    assert not retriever.near(here, (0, 0)).hits
    found = retriever.near(below, (0, 0))
    assert found.hits
    assert not retriever.near(here, (0, 0)).hits
    assert retriever.near(below, (0, 0)) == found


ATLAS = """
def draw_map(atlas, scale):
    canvas = unfold(atlas, scale)
    canvas.legend = atlas.legend_at(scale)
    canvas.border = "thin"
"""


def with_recent(
    context: Context, *documents: OpenDocument, edits: tuple[Edit, ...] = ()
) -> Context:
    return replace(context, recent=Recent(documents, edits))


def test_what_was_written_is_found_though_nothing_of_it_is_indexed() -> None:
    context = context_at("canvas = unfold(atlas, size)\ncanvas.legend = |\n")
    written = (Edit(0, 6, time.monotonic()),)
    context = with_recent(context, OpenDocument("untitled", "python", ATLAS, written))
    found = Retriever([]).near(context, (0, len(context.text)))
    assert "atlas.legend_at(scale)" in found.hits[0].snippet.text
    assert found.texts == (ATLAS, ATLAS)


def test_what_the_index_leaves_out_helps_nowhere_else(index: WorkspaceIndex) -> None:
    (index.root / ".gitignore").write_text("local/\n")
    written = (Edit(0, 6, time.monotonic()),)
    context = context_at("canvas = unfold(atlas, size)\ncanvas.legend = |\n")
    for path, is_out in (("shop/atlas.py", False), ("local/atlas.py", True), (".env", True)):
        recent = with_recent(context, OpenDocument(path, "python", ATLAS, written))
        found = Retriever([index]).search(recent, (0, len(context.text)))
        assert is_out != any("legend_at" in text for text in found.texts)
        assert is_out != any("legend_at" in hit.snippet.text for hit in found.hits)


def test_an_open_document_counts_once_and_as_it_is_on_the_screen(index: WorkspaceIndex) -> None:
    context = context_at('message = compose("bill", bill)\nmessage.subject = |\n')
    before = Retriever([index]).search(context, (0, 0))
    shown = FILES["shop/mail.py"] + "\n# to be sent\n"
    found = Retriever([index]).search(
        with_recent(context, OpenDocument("shop/mail.py", "python", shown)), (0, 0)
    )
    assert sum("def send_reminder" in text for text in before.texts) == 1
    assert [text for text in found.texts if "def send_reminder" in text] == [shown]
    assert len({hit.snippet.text for hit in found.hits}) == len(found.hits)


def test_what_was_just_edited_comes_before_what_is_as_like(index: WorkspaceIndex) -> None:
    call = "def {0}(card, total):\n    card.charge(total, {1})\n"
    first = call.format("pay", "once") + "\n" * 9 + call.format("buy", "twice")
    documents = [
        OpenDocument("shop/one.py", "python", first, (Edit(12, 13, time.monotonic()),)),
        OpenDocument("shop/two.py", "python", call.format("order", "never")),
    ]
    context = context_at("def refund(card, total):\n    card.charge(total, |)\n")
    for opened in (documents, documents[::-1]):
        found = Retriever([index]).near(with_recent(context, *opened), (0, len(context.text)))
        assert "twice" in found.hits[0].snippet.text
        assert "twice" in found.texts[0]


def test_of_this_document_only_edits_that_are_not_shown_are_found(index: WorkspaceIndex) -> None:
    text = ATLAS + "\n" * 30 + "canvas = unfold(atlas, size)\ncanvas.legend = |\n"
    context = with_recent(context_at(text), edits=(Edit(3, 4, time.monotonic()),))
    assert not Retriever([index]).search(context, (0, len(text))).hits
    far = Retriever([index]).search(context, (len(ATLAS) + 10, len(text)))
    assert "atlas.legend_at(scale)" in far.hits[0].snippet.text
    assert not any("legend_at" in text for text in far.texts)


def test_only_an_edit_elsewhere_that_is_much_like_the_place_changes_its_passages(
    index: WorkspaceIndex,
) -> None:
    retriever, now = Retriever([index]), time.monotonic()
    context = context_at('message = compose("bill", bill)\nmessage.subject = |\n')
    first = retriever.near(context, (0, 0))
    assert retriever.near(with_recent(context, edits=(Edit(0, 1, now),)), (0, 0)) is first

    other = OpenDocument("shop/atlas.py", "python", ATLAS, (Edit(3, 4, now + 1),))
    unlike = retriever.near(with_recent(context, other), (0, 0))
    assert unlike.hits == first.hits
    assert ATLAS in unlike.texts
    assert retriever.near(with_recent(context, other), (0, 0)) is unlike

    text = FILES["shop/mail.py"].replace("reminder.subject", "bill.title")
    mail = OpenDocument("shop/new_mail.py", "python", text, (Edit(3, 4, now + 2),))
    like = retriever.near(with_recent(context, mail, other), (0, 0))
    assert "bill.title" in like.hits[0].snippet.text


PROSE = {
    "guide.md": "# Parcels\n\nA parcel that was sent abroad is tracked by its carrier each hour.\n",
    "track.py": 'def track(parcel):\n    """Ask who carries a parcel sent abroad where it is."""\n',
}


@pytest.mark.parametrize(
    ("path", "language", "text"),
    [
        ("notes.md", "markdown", "# Notes\n\nThe shop closes at six. A parcel sent abroad is |\n"),
        ("new.py", "python", "def f():\n    # A parcel that we sent abroad needs |\n    pass\n"),
        ("new.py", "python", 'def f():\n    """Whether a parcel sent abroad by |"""\n'),
    ],
)
def test_prose_is_written_with_what_documents_and_docstrings_say(
    index: WorkspaceIndex, path: str, language: str, text: str
) -> None:
    for name, document in PROSE.items():
        index.update_text(name, document)
    context = read_context(path, language, text.replace("|", ""), text.index("|"))
    assert context is not None and context.in_prose
    found = Retriever([index]).near(context, (0, 0)).hits
    assert {hit.snippet.path for hit in found} == PROSE.keys()


def test_a_string_is_no_prose() -> None:
    assert not context_at('print("A parcel sent abroad is |")\n').in_prose
