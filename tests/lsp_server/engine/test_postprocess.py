import pytest
from answers import cleaned


@pytest.mark.parametrize(
    ("place", "answer", "shown"),
    [
        # what fits is left alone
        ("a = |", "f(b)", "f(b)"),
        ("print(|)", "f(x)", "f(x)"),
        ("f(g(|))", "a, h(b)", "a, h(b)"),
        # spaces at the end
        ("a = |", "b  \n\n", "b"),
        ("a = |", "   \n", ""),
        # what the rest of the line has already
        ("print(|)", "a)", "a"),
        ("print(f(|))", "a))", "a"),
        ('print("|")', 'hello")', "hello"),
        ("if a|:", " == 1:", " == 1"),
        ("def f(|):", "self):", "self"),
        # what closes nothing
        ("x = [f(|)]", "a)]\n", "a"),
        # copies of the neighbouring line
        ("a = 1\n|\nb = 2\n", "b = 2", ""),
        ("call(a)\n|", "call(a)", ""),
        # loops
        ("x = |", "one_thing, one_thing, one_thing, one_thing, ", "one_thing,"),
        ("|", "a = 1\nb\nb\nb\nb", "a = 1\nb"),
        ("def f(a, b):\n    |\n", "x = a\n    y = b\n    y = b", "x = a\n    y = b"),
        ("def f(a, b):\n    |\n", "x = a\n    y = b\n    x = a\n    y = b", "x = a\n    y = b"),
        (
            "def f(a, b):\n    |\n",
            "if a:\n        return 1\n    if b:\n        return 1",
            "if a:\n        return 1\n    if b:\n        return 1",
        ),
        # a block that ends where another was to begin
        ("def f(a):\n    |\n", "x = a\n    for y in x:", "x = a"),
        ("def f(a):\n    |\n", "x = a\n    if x:\n        try:", "x = a"),
        ("def f(a):\n    |\n        return 1\n", "x = a\n    if x:", "x = a\n    if x:"),
        # a block that runs on into the lines below it
        ("def f():\n    |\n\ndef g():\n    pass\n", "a()\n\ndef g():\n    pass", "a()"),
        # what would end the string before its end
        ("x = f('|')", "a', b='c", "a"),
        # what does not parse, where the file does without it
        ("x = |\n", "f(a, b", "f"),
        ("x = f(|)\n", "a, b +", "a, b"),
        ("x = |\ny = 1\n", "'abc", ""),
        ("def f():\n    |\n", '"""\n        Get', ""),
        ("def f():\n    |\n", "a = 1\n    for b in (\n", "a = 1"),
    ],
)
def test_an_answer_is_made_fit(place: str, answer: str, shown: str) -> None:
    assert cleaned(place, answer) == shown


@pytest.mark.parametrize(
    ("place", "answer", "shown"),
    [
        ("if (a) {\n  |\n}\n", "f(() => {", "f"),
        ("|\n  return 1;\n}\n", "f();", ""),
        ("|\n  return 1;\n}\n", "function f() {", "function f() {"),
    ],
)
def test_braces_are_as_balanced_as_before(place: str, answer: str, shown: str) -> None:
    assert cleaned(place, answer, "typescript") == shown


def test_a_file_that_does_not_parse_elsewhere_still_gets_suggestions() -> None:
    assert cleaned("x = ((\n\n\ndef f(a):\n    return |\n", "a + 1") == "a + 1"


def test_lines_are_indented_as_the_file_is() -> None:
    with_tabs = "def f():\n\ta = 1\n\treturn a\n\n\ndef g():\n\t|\n"
    assert cleaned(with_tabs, "if a:\n        b()\n    c()") == "if a:\n\t\tb()\n\tc()"
    with_spaces = "def f():\n  a = 1\n  return a\n\n\ndef g():\n  |\n"
    assert cleaned(with_spaces, "if a:\n\t\tb()\n\tc()") == "if a:\n    b()\n  c()"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("client = connect(", "'AKIAQ3EGRPZ7LX2WVB5N')"),
        ("password = ", "'h7Kq2ZpX9vTn4LwRb8Ys'"),
    ],
)
def test_no_key_is_made_up(typed: str, answer: str) -> None:
    assert cleaned(f"{typed}|\n", answer) == ""


def test_a_password_may_be_read_from_where_it_is_kept() -> None:
    assert cleaned("password = |\n", "os.environ['PASSWORD']") == "os.environ['PASSWORD']"


def test_no_licence_is_made_up() -> None:
    assert cleaned("# |\n", "Copyright (c) 2019 Somebody") == ""
