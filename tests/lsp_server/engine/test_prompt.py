from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from indexer.results import Hit
from indexer.snippets import parse
from lsp_server.engine.context import Context, read_context
from lsp_server.engine.prompt import Followed, anchor, build_prompt, choose_excerpts, follow
from model.templates import Prompt

LINES = [f"value_{number} = {number}\n" for number in range(400)]


def context_at_line(line: int) -> Context:
    text = "".join(LINES[:line]) + "answer = \n" + "".join(LINES[line:])
    offset = len("".join(LINES[:line])) + len("answer = ")
    context = read_context("shop/cart.py", "python", text, offset)
    assert context is not None
    return context


def hits(*texts: str) -> list[Hit]:
    return [
        Hit(parse(text, None, f"file{number}.txt")[0], 1 / (number + 1))
        for number, text in enumerate(texts)
    ]


def test_the_typed_part_of_the_line_is_apart() -> None:
    prompt = build_prompt(context_at_line(200), [], 3000)
    assert prompt.typed == "answer = "
    assert prompt.prefix.endswith(LINES[199])
    assert prompt.suffix.startswith("\n" + LINES[200])


def test_typing_on_a_line_changes_nothing_before_it() -> None:
    context = context_at_line(200)
    longer = read_context(
        context.path,
        context.language,
        context.text[: context.offset] + "value_1" + context.text[context.offset :],
        context.offset + len("value_1"),
    )
    assert longer is not None
    before, after = (build_prompt(each, hits("a b c\n"), 3000) for each in (context, longer))
    assert (before.excerpts, before.prefix, before.suffix) == (
        after.excerpts,
        after.prefix,
        after.suffix,
    )


def test_the_prefix_keeps_its_start_over_many_lines() -> None:
    starts = {
        len(context.before) - len(build_prompt(context, [], 3000).prefix)
        for context in map(context_at_line, range(200, 264))
    }
    assert len(starts) <= 3


def test_a_short_prompt_has_the_lines_above_the_cursor_wherever_it_is() -> None:
    for line in range(200, 264):
        prompt = build_prompt(context_at_line(line), (), 400, step=1)
        assert 200 < len(prompt.prefix) <= 400


def test_the_budget_is_kept() -> None:
    snippets = hits(*("".join(LINES[number : number + 60]) for number in range(5)))
    prompt = build_prompt(context_at_line(300), snippets, 4000)
    excerpts = sum(len(excerpt.text) for excerpt in prompt.excerpts)
    assert 0 < excerpts <= 0.4 * 4000
    assert excerpts + len(prompt.prefix) + len(prompt.suffix) <= 4000
    assert len(prompt.prefix) > 800


def test_the_prefix_has_the_room_that_excerpts_leave() -> None:
    alone, beside_a_line, beside_many = (
        build_prompt(context_at_line(300), found, 4000)
        for found in ([], hits("value " * 20), hits("value " * 300))
    )
    assert len(alone.prefix) > 1.3 * len(beside_many.prefix)
    assert len(beside_a_line.prefix) > 1.2 * len(beside_many.prefix)
    assert len(alone.prefix) + len(alone.suffix) <= 4000


def test_the_files_imports_stand_before_a_prefix_that_starts_below_them() -> None:
    head = "import os\nfrom shop import (\n    Cart,\n    Till,\n)\n\n"
    context = context_at_line(300)
    text = head + context.text
    below = read_context(context.path, context.language, text, context.offset + len(head))
    assert below is not None
    prefix = build_prompt(below, [], 4000).prefix
    assert prefix.startswith("import os\nfrom shop import (\n    Cart,\n    Till,\n)\nvalue_")
    assert build_prompt(below, [], 100_000).prefix == below.before


def test_the_best_excerpt_is_nearest_to_the_cursor() -> None:
    excerpts = choose_excerpts(hits("best " * 20, "good " * 20, "fair " * 20), 1000)
    assert [excerpt.text[:4] for excerpt in excerpts] == ["fair", "good", "best"]


def test_a_long_excerpt_is_cut_at_a_line() -> None:
    (excerpt,) = choose_excerpts(hits("".join(LINES)), 200)
    assert len(excerpt.text) <= 200
    assert "".join(LINES).startswith(excerpt.text + "\n")


def typing(
    lines: int, *, path: str = "shop/cart.py", above: str = "", below: str = "", rest: str = ""
) -> Prompt:
    """The prompt after so many lines were typed below the 200th."""
    typed = "".join(f"new_{number} = {number}\n" for number in range(lines))
    before = "".join(LINES[:199]) + above + LINES[199] + typed
    text = before + f"answer = {rest}\n" + below + "".join(LINES[200:])
    context = read_context(path, "python", text, len(before) + len("answer = "))
    assert context is not None
    return build_prompt(context, (), 3000)


def test_new_lines_count_as_typed_until_they_are_many() -> None:
    first = typing(0)
    for lines in range(1, 9):
        prompt = follow(typing(lines), first)
        assert (prompt.prefix, prompt.suffix) == (first.prefix, first.suffix)
        assert prompt.prefix + prompt.typed == typing(lines).prefix + "answer = "
    assert follow(typing(9), first) == typing(9)


def test_a_prompt_does_not_follow_where_anything_else_changed() -> None:
    first = typing(0)
    for other in (typing(1, above="x = 1\n"), typing(1, below="x = 1\n"), typing(1, path="b.py")):
        assert follow(other, first) == other
    (excerpt,) = choose_excerpts(hits("text"), 100)
    assert follow(typing(1), replace(first, excerpts=(excerpt,))) == typing(1)


def test_a_bracket_that_the_editor_closes_leaves_the_suffix_as_it_was() -> None:
    first = typing(0)
    assert follow(typing(1, rest=")"), first).suffix == first.suffix
    assert follow(typing(1, rest="')]"), first).suffix == first.suffix
    # But what stood there on arrival is shown, and no longer once it is deleted.
    closed = typing(1, rest=")")
    assert follow(closed, typing(1, rest=")")).suffix.startswith(")")
    assert follow(typing(1), closed) == typing(1)
    assert follow(typing(1, rest=" + total"), first) == typing(1, rest=" + total")


def test_a_prompt_follows_the_last_one_of_its_own_document() -> None:
    followed = Followed()
    first = followed.next(typing(0))
    followed.next(typing(3, path="shop/till.py"))
    assert followed.next(typing(1)).prefix == first.prefix
    assert followed.next(typing(2)).prefix == first.prefix


@given(st.text(alphabet="ab\n", max_size=400), st.integers(0, 300))
def test_the_prefix_never_outgrows_its_budget(before: str, budget: int) -> None:
    start = anchor(before + "\n", budget)
    assert 0 <= start <= len(before) + 1
    assert len(before) + 1 - start <= max(budget, 0)
