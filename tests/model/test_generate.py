"""Decoding on a tiny random model: what it says is nonsense, how it is made to say it is not."""

import time

import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from model.decoder import Decoder
from model.draft import Drafter
from model.generate import Limits, Rules, generate
from model.tokenizer import CodeTokenizer, join

PROMPT = [10, 200, 33, 33, 7]


def test_each_token_is_the_most_probable_one(model: tuple[Decoder, CodeTokenizer]) -> None:
    decoder, tokenizer = model
    generation = generate(decoder, tokenizer, PROMPT, limits=Limits(tokens=6))
    assert generation.finish == "length"
    assert generation.tokens == 6
    made = decoder.tokens[len(PROMPT) :]
    for length, token in enumerate(made):
        logits = tiny.reference_logits(tiny.weights("llama"), PROMPT + made[:length])[-1]
        assert logits.argmax() == token


def test_the_answer_begins_as_required(model: tuple[Decoder, CodeTokenizer]) -> None:
    decoder, tokenizer = model
    generation = generate(decoder, tokenizer, PROMPT, Rules(" retü"), limits=Limits(tokens=12))
    written = b"".join(tokenizer.bytes_of[token] for token in decoder.tokens[len(PROMPT) :])
    assert written.startswith(" retü".encode())
    assert not generation.text.startswith(" ret")


def test_the_stop_rule_cuts_the_text(model: tuple[Decoder, CodeTokenizer]) -> None:
    decoder, tokenizer = model

    def after_three(text: str) -> int | None:
        return 3 if len(text) > 3 else None

    generation = generate(
        decoder, tokenizer, PROMPT, Rules(stop=after_three), limits=Limits(tokens=50)
    )
    assert generation.finish == "stop"
    assert len(generation.text) == 3


def test_each_probability_tells_how_far_the_text_had_come(
    model: tuple[Decoder, CodeTokenizer],
) -> None:
    decoder, tokenizer = model
    generation = generate(decoder, tokenizer, PROMPT, Rules(" re"), limits=Limits(tokens=12))
    assert len(generation.ends) == len(generation.log_probabilities)
    pieces = [tokenizer.bytes_of[token] for token in decoder.tokens[len(PROMPT) :]]
    for end in generation.ends[::-1][1:]:
        assert " re" + generation.text[:end] == join(pieces)
        pieces.pop()


def test_a_second_request_reads_only_what_is_new(model: tuple[Decoder, CodeTokenizer]) -> None:
    decoder, tokenizer = model
    generate(decoder, tokenizer, PROMPT, limits=Limits(tokens=2))
    again = generate(decoder, tokenizer, [*PROMPT, 99, 98], limits=Limits(tokens=2))
    assert again.reused >= len(PROMPT)
    assert again.reused + again.prefilled == len(PROMPT) + 2


def test_a_cancelled_request_takes_no_further_step(model: tuple[Decoder, CodeTokenizer]) -> None:
    decoder, tokenizer = model
    asked = 0

    def at_the_third_step() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    limits = Limits(tokens=50, cancelled=at_the_third_step)
    generation = generate(decoder, tokenizer, PROMPT, limits=limits)
    assert generation.finish == "cancelled"
    assert generation.tokens == 3


def test_the_deadline_ends_even_the_reading_of_the_prompt(
    model: tuple[Decoder, CodeTokenizer],
) -> None:
    decoder, tokenizer = model
    limits = Limits(deadline=time.monotonic() - 1)
    generation = generate(decoder, tokenizer, [1, 2, 3], limits=limits)
    assert (generation.finish, generation.text, generation.tokens) == ("deadline", "", 0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=4, max_size=30), st.integers(1, 30))
def test_drafts_change_nothing(
    model: tuple[Decoder, CodeTokenizer], prompt: list[int], tokens: int
) -> None:
    """Also where the drafts come from the answer itself, and so are often right."""
    decoder, tokenizer = model
    plain = generate(decoder, tokenizer, prompt, limits=Limits(tokens=tokens))
    written = list(decoder.tokens)
    decoder.rewind(0)
    for source in (prompt, written, written[::-1]):
        drafted = generate(
            decoder, tokenizer, prompt, drafter=Drafter(source), limits=Limits(tokens=tokens)
        )
        assert drafted.text == plain.text
        assert drafted.tokens == plain.tokens
        assert drafted.passes <= plain.passes


def test_right_drafts_save_passes(model: tuple[Decoder, CodeTokenizer]) -> None:
    decoder, tokenizer = model
    plain = generate(decoder, tokenizer, PROMPT, limits=Limits(tokens=40))
    drafter = Drafter(list(decoder.tokens))
    drafted = generate(decoder, tokenizer, PROMPT, drafter=drafter, limits=Limits(tokens=40))
    assert drafted.text == plain.text
    assert drafted.passes < plain.passes / 2
