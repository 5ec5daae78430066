import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.engine.context import Context, indentation, read_context


def context_at(text: str, language: str = "python") -> Context | None:
    return read_context("a.py", language, text.replace("|", ""), text.index("|"))


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
        'def f():\n    """What it does."""\n    |\n\n\nf()\n',
        "class A:\n    # What it is.\n    |\n\n\ndef f(a):\n    pass\n",
        "f(\n    |\n)\n",
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
        "x = {'a': |\n}\n",
        "from a import (\n    |\n)\n",
        "# And so on: |\n",
        "x = 'a: |'\n",
    ],
)
def test_a_line_is_wanted_elsewhere(text: str) -> None:
    context = context_at(text)
    assert context is not None
    assert not context.block


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("typescript", "const f = () => {\n  |\n};\n"),
        ("typescript", "class A {\n  f() {\n    // soon\n    |\n  }\n}\n"),
        ("go", "package a\n\nfunc f() {\n\t|\n}\n"),
        ("rust", "fn f() -> i32 {\n    |\n}\n"),
        ("ruby", "def f\n  |\nend\n"),
        ("bash", "if true; then\n  |\nfi\n"),
        ("text", "a list:\n  |"),
    ],
)
def test_blocks_are_known_in_other_languages(language: str, text: str) -> None:
    context = context_at(text, language)
    assert context is not None
    assert context.block


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = |\n", "code"),
        ("a = 'b|'\n", "string"),
        ("a = f'b {|}'\n", "code"),
        ("# a|\n", "comment"),
        ("from a import |\n", "import"),
        ('def f():\n    """A text\n    |\n    """\n', "string"),
    ],
)
def test_it_knows_what_the_cursor_is_in(text: str, place: str) -> None:
    context = context_at(text)
    assert context is not None
    assert context.place == place


@pytest.mark.parametrize("text", ["  | return a\n", "a = 'b |c d'\n", "# b | c\n", "pass|\n"])
def test_nothing_is_suggested_where_nothing_helps(text: str) -> None:
    assert context_at(text) is None


def test_a_semicolon_ends_a_statement_but_not_the_head_of_a_loop() -> None:
    assert context_at("a = 1;|\n", "typescript") is None
    assert context_at("for (let a = 1;|\n", "typescript") is not None


def test_of_a_long_file_only_the_neighbourhood_is_parsed() -> None:
    method = '    def f(self):\n        """What\nit does."""\n        return [\n            1]\n\n'
    text = "class A:\n" + 300 * method + "    def g(self, a):\n        |\n\n" + 300 * method
    context = context_at(text)
    assert context is not None and context.syntax is not None
    assert context.block
    assert len(context.syntax.before + context.syntax.after) < len(text) / 4
    assert context.syntax.errors("return a") == 0
    assert context.syntax.errors("return (a") > 0


def test_only_closing_text_may_follow_for_a_model_that_cannot_see_it() -> None:
    closing, other = context_at("f(|))"), context_at("f(|, b)")
    assert closing is not None and closing.open_to_left_context
    assert other is not None and not other.open_to_left_context


def test_tabs_count_as_eight_columns() -> None:
    assert indentation("\tx") == 8
    assert indentation("  \tx") == 8
