from lsp_server.engine.context import Context, read_context
from lsp_server.engine.stops import LONGEST_BLOCK, stop_rule


def context_at(text: str, language: str = "python") -> Context:
    """The context at the `|` of a text."""
    context = read_context("a.py", language, text.replace("|", ""), text.index("|"))
    assert context is not None
    return context


def cut(text: str, answer: str, language: str = "python") -> str | None:
    """What the rule for the place at `|` keeps of an answer that arrives letter by letter."""
    stop = stop_rule(context_at(text, language))
    for length in range(1, len(answer) + 1):
        place = stop(answer[:length])
        if place is not None:
            return answer[:place]
    return None


def test_a_line_ends_at_its_break() -> None:
    assert cut("total = |\n", "a + b\nprint(total)\n") == "a + b"


def test_a_line_goes_on_until_its_break() -> None:
    assert cut("total = |\n", "a + b") is None


def test_a_block_ends_where_a_line_leaves_it() -> None:
    assert cut("def f():\n    |\n", "a = 1\n    return a\n\ndef g") == "a = 1\n    return a\n"


def test_an_inner_block_stays_in_the_block() -> None:
    answer = "if a:\n        return 1\n    return 2\ng()"
    assert cut("def f(a):\n    |\n", answer) == "if a:\n        return 1\n    return 2"


def test_a_block_ends_before_the_line_that_follows_it() -> None:
    text = "for a in b:\n    |\nprint(b)\n"
    assert cut(text, "c(a)\n    print(b)\n    d\n") == "c(a)"


def test_a_block_ends_at_two_empty_lines() -> None:
    assert cut("def f():\n    |\n", "a = 1\n\n\n    b") == "a = 1\n"


def test_a_block_has_a_greatest_length() -> None:
    kept = cut("def f():\n    |\n", "a\n" + "    a\n" * 40)
    assert kept is not None
    assert kept.count("\n") + 1 == LONGEST_BLOCK


def test_behind_an_open_bracket_the_line_may_simply_go_on() -> None:
    assert cut("f(|\n", "a, b)\nprint()\n") == "a, b)"


def test_behind_a_colon_the_block_begins_below() -> None:
    assert cut("if a:|\n", "\n    b()\nc()") == "\n    b()"


def test_a_block_in_braces_ends_with_the_brace_that_closes_it() -> None:
    answer = "return 1;\n}\n\nfunction g() {"
    assert cut("function f() {\n  |\n", answer, "typescript") == "return 1;\n}"


def test_a_block_in_braces_ends_before_the_brace_that_is_there() -> None:
    answer = "if (a) {\n    b();\n  }\n}\n"
    shown = "if (a) {\n    b();\n  }"
    assert cut("function f() {\n  |\n}\n", answer, "typescript") == shown
