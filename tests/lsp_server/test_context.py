import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.context import Context, indentation, read_context


def context_at(text: str) -> Context | None:
    return read_context("a.py", "python", text.replace("|", ""), text.index("|"))


def test_the_document_is_split_at_the_cursor() -> None:
    context = context_at("import os\n    a = f(|)\nb\n")
    assert context is not None
    assert context.before == "import os\n"
    assert context.typed == "    a = f("
    assert context.rest == ")"
    assert context.after == "b\n"
    assert context.line == 1
    assert context.indentation == 4


@given(st.text(), st.integers())
def test_nothing_is_lost_wherever_the_cursor_stands(text: str, offset: int) -> None:
    context = read_context("a", "text", text, offset)
    if context is not None:
        assert text.startswith(context.before + context.typed + context.rest)
        assert text.endswith(context.after)


def test_in_the_middle_of_a_word_nothing_is_suggested() -> None:
    assert context_at("pri|nt()") is None


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    |",
        "def f():\n    |\n\nprint()\n",
        "if (a) {\n  |\n}\n",
        "if a:|\n",
        "x = [\n    |\n]\n",
    ],
)
def test_a_block_is_wanted_where_one_is_empty(text: str) -> None:
    context = context_at(text)
    assert context is not None
    assert context.block


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    a = |\n",
        "def f():\n    |\n    return 1\n",
        "def f():\n    a = 1\n    |\n",
        "f(a[|])\n",
    ],
)
def test_a_line_is_wanted_elsewhere(text: str) -> None:
    context = context_at(text)
    assert context is not None
    assert not context.block


def test_only_closing_text_may_follow_for_a_model_that_cannot_see_it() -> None:
    closing, other = context_at("f(|))"), context_at("f(|, b)")
    assert closing is not None and closing.open_to_left_context
    assert other is not None and not other.open_to_left_context


def test_tabs_count_as_eight_columns() -> None:
    assert indentation("\tx") == 8
    assert indentation("  \tx") == 8
