"""The real small model, and in a slow test the better one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.generate import Limits
from model.language_model import LanguageModel, ModelError, load_model
from model.store import StoreError
from model.templates import Excerpt, Prompt
from model.tokenizer import join

PROMPT = Prompt(
    excerpts=(Excerpt("shop/prices.py", "def price_of(item, currency='EUR'):\n    ...\n"),),
    path="shop/cart.py",
    prefix="import os\n\nfor name in names:\n",
    suffix="\n",
    typed="    path = os.path.jo",
)


def line_end(text: str) -> int | None:
    return text.index("\n") if "\n" in text else None


@pytest.fixture(scope="module")
def small(small_model: Path) -> LanguageModel:
    return load_model(small_model.name, folder=small_model.parent)


def test_the_small_model_completes_a_line(small: LanguageModel) -> None:
    generation = small.complete(PROMPT, stop=line_end, limits=Limits())
    assert generation.text.startswith("in(")
    assert generation.finish == "stop"
    assert 0 < len(generation.log_probabilities) <= generation.tokens
    assert all(each <= 0 for each in generation.log_probabilities)


def test_excerpts_stand_before_the_prefix(small: LanguageModel) -> None:
    tokens = small.encode(PROMPT, "    path =", room=1000)
    text = join(small.tokenizer.bytes_of[token] for token in tokens)
    assert text.index("def price_of") < text.index("import os")
    assert text.endswith("    path =")


def test_a_prompt_that_does_not_fit_loses_its_start(small: LanguageModel) -> None:
    prompt = Prompt((), "a.py", "x = 1\n" * 5000, "", "y")
    tokens = small.encode(prompt, "y", room=100)
    assert len(tokens) == 100
    assert join(small.tokenizer.bytes_of[token] for token in tokens).endswith("x = 1\ny")


@pytest.fixture(scope="module")
def nestling() -> LanguageModel:
    return load_model("nestling")


def test_the_student_sees_the_suffix_first_and_goes_on_from_what_is_typed(
    nestling: LanguageModel,
) -> None:
    prompt = replace(PROMPT, suffix="\n    print(path)\n")
    tokens = nestling.encode(prompt, "    path =", room=1000)
    text = join(nestling.tokenizer.bytes_of[token] for token in tokens)
    assert text.index("def price_of") < text.index("print(path)") < text.index("import os")
    assert text.endswith("    path =")


def test_typing_the_next_line_leaves_the_student_little_to_read(nestling: LanguageModel) -> None:
    suffix = "\n    print(path)\n"
    before = nestling.encode(replace(PROMPT, suffix=suffix), PROMPT.typed, room=1000)
    below = replace(PROMPT, prefix=f"{PROMPT.prefix}{PROMPT.typed}in(name)\n", suffix=suffix)
    after = nestling.encode(below, "    ", room=1000)
    known = next(place for place, token in enumerate(before) if token != after[place])
    assert len(after) - known < 10


def test_the_student_completes_a_line(nestling: LanguageModel) -> None:
    generation = nestling.complete(PROMPT, stop=line_end, limits=Limits())
    assert generation.text.startswith("in(")


def test_a_prompt_that_was_read_ahead_is_completed_without_reading(
    nestling: LanguageModel,
) -> None:
    nestling.decoder.clear()
    whole = nestling.unread(PROMPT)
    assert nestling.read(PROMPT, Limits())
    assert nestling.unread(PROMPT) == 1
    generation = nestling.complete(PROMPT, stop=line_end, limits=Limits())
    assert (generation.prefilled, generation.reused) == (1, whole - 1)


def test_reading_ahead_can_be_cancelled_and_goes_on_where_it_stopped(
    nestling: LanguageModel,
) -> None:
    prompt = replace(PROMPT, prefix="x = 1\n" * 50 + PROMPT.prefix)
    whole = nestling.unread(prompt)
    asked = iter([False, True])
    assert not nestling.read(prompt, Limits(cancelled=lambda: next(asked)))
    assert 1 < nestling.unread(prompt) < whole


def test_texts_that_hold_the_answer_save_passes_and_change_nothing(
    nestling: LanguageModel,
) -> None:
    text = "x = 1\nfolder = os.path.join(folder, 'models')\nx = 2\n"
    prompt = replace(PROMPT, nearby=(text,))
    plain = nestling.complete(prompt, stop=line_end, limits=Limits(), draft=False)
    assert plain.tokens == plain.passes
    for _ in range(2):
        drafted = nestling.complete(prompt, stop=line_end, limits=Limits())
        assert (drafted.text, drafted.tokens) == (plain.text, plain.tokens)
    assert drafted.passes < plain.passes / 2


def test_a_name_of_nearby_text_becomes_more_probable(nestling: LanguageModel) -> None:
    prompt = replace(PROMPT, prefix="", typed="    price = shop.")
    known = replace(prompt, nearby=("total = shop.gross_price(item)\n" * 3,))
    answers = [
        nestling.complete(each, stop=line_end, limits=Limits()).text for each in (prompt, known)
    ]
    assert not answers[0].startswith("gross_price(")
    assert answers[1].startswith("gross_price(")


def test_an_improbable_name_of_nearby_text_does_not_drown_what_is_sure(
    nestling: LanguageModel,
) -> None:
    prompt = replace(PROMPT, prefix="", typed="    path = os.path.")
    known = replace(prompt, nearby=("nest = os.path.zebra(nest)\n" * 3,))
    answer = nestling.complete(known, stop=line_end, limits=Limits()).text
    assert answer.startswith("expanduser(")


def test_a_step_does_not_depend_on_how_many_are_taken_at_once(nestling: LanguageModel) -> None:
    """To the last bit: so a draft that is checked cannot change an answer."""
    tokens = nestling.encode(PROMPT, PROMPT.typed, room=1000)
    decoder = nestling.decoder
    before, after = tokens[:-12], tokens[-12:]
    decoder.reuse(before)
    decoder.extend(before[len(decoder.tokens) :])
    one_by_one = np.concatenate([decoder.extend([token]) for token in after])
    for count in range(2, len(after) + 1):
        decoder.rewind(len(before))
        at_once = decoder.extend(after[:count], logits=count)
        np.testing.assert_array_equal(at_once, one_by_one[:count])


def test_a_damaged_model_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.json").write_text("{}")
    with pytest.raises(ModelError, match="remove it and pull it again"):
        load_model("broken", folder=tmp_path)


def test_a_model_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="smollm2-135m is not installed"):
        load_model("smollm2-135m", folder=tmp_path)


@pytest.mark.slow
def test_the_better_model_sees_what_follows_the_cursor(qwen_model: Path) -> None:
    qwen = load_model(qwen_model.name, folder=qwen_model.parent)
    prompt = Prompt(
        excerpts=(),
        path="sizes.py",
        prefix="import os\n\n\ndef sizes(folder):\n",
        suffix="\n    for name in names_of_files:\n        print(name, os.path.getsize(name))\n",
        typed="    ",
    )
    generation = qwen.complete(prompt, stop=line_end, limits=Limits())
    assert generation.text.startswith("names_of_files = ")
