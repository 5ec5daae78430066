"""Several sequences in one decoder: each goes on as if it were alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from model.cache import Kind
from model.convert import convert
from model.decoder import Decoder
from model.generate import Limits, read
from model.providers import open_session
from model.reading import open_reader

CAPACITY = 512
TOKEN_BYTES = 2 * tiny.LAYERS * tiny.KEY_VALUE_HEADS * tiny.HEAD_SIZE * 4  # in fp32

ONE = [token % 250 for token in range(3, 203)]
OTHER = [token % 240 for token in range(7, 187)]
THIRD = [token * 7 % 250 for token in range(2, 202)]

Make = Callable[[int], Decoder]
"""A decoder with room for so many bytes."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tiny")
    convert(tiny.write(made / "a.gguf", "llama", tiny.weights("llama")), made, "fp32")
    return made


@pytest.fixture
def make(folder: Path) -> Make:
    session = open_session(folder / "model.onnx", threads=1)
    return lambda budget: Decoder(session, CAPACITY, budget=budget)


def asked(decoder: Decoder, prompt: list[int]) -> int:
    """Reads a prompt; says how many of its tokens were there."""
    known = decoder.known(prompt)
    read(decoder, prompt, Limits())
    assert decoder.tokens == prompt
    return known


def test_places_that_were_left_are_found_again(make: Make) -> None:
    decoder = make(1000 * TOKEN_BYTES)
    asked(decoder, ONE)
    assert asked(decoder, OTHER) == 0
    assert asked(decoder, [*ONE, 5]) == len(ONE)
    assert asked(decoder, [*OTHER, 5]) == len(OTHER)
    assert decoder.cache_use.sequences == 2


def test_what_two_places_share_is_copied(make: Make) -> None:
    decoder = make(1000 * TOKEN_BYTES)
    asked(decoder, ONE)
    other = [*ONE[:100], *OTHER[:100]]
    assert asked(decoder, other) == 100
    assert asked(decoder, ONE) == len(ONE) - 1
    assert asked(decoder, other) == len(other) - 1


def test_a_little_is_overwritten_and_an_answer_is_no_loss(make: Make) -> None:
    decoder = make(1000 * TOKEN_BYTES)
    asked(decoder, ONE)
    decoder.extend(OTHER[:100])  # as an answer is written
    asked(decoder, [*ONE[:-30], 9])
    assert decoder.cache_use.sequences == 1


def test_the_place_used_longest_ago_makes_room(make: Make) -> None:
    decoder = make(500 * TOKEN_BYTES)
    for prompt in (ONE, OTHER, ONE, THIRD):
        asked(decoder, prompt)
    use = decoder.cache_use
    assert (use.sequences, use.evicted) == (2, 1)
    assert use.bytes == (len(ONE) + len(THIRD)) * TOKEN_BYTES
    assert decoder.known(ONE) == len(ONE) - 1
    assert decoder.known(OTHER) == 0


def test_without_a_budget_there_is_one_sequence(make: Make) -> None:
    decoder = make(0)
    asked(decoder, ONE)
    asked(decoder, OTHER)
    assert decoder.cache_use.sequences == 1
    assert decoder.known(ONE) == 0


def test_the_share_of_prompts_that_was_found_is_told(make: Make) -> None:
    decoder = make(1000 * TOKEN_BYTES)
    assert decoder.cache_use.hit_rate == 0
    asked(decoder, ONE)
    asked(decoder, [*ONE, 1])
    use = decoder.cache_use
    assert (use.found, use.missing) == (len(ONE), len(ONE) + 1)
    assert use.hit_rate == pytest.approx(0.5, abs=0.01)


def test_cleared_nothing_is_known(make: Make) -> None:
    decoder = make(1000 * TOKEN_BYTES)
    asked(decoder, ONE)
    asked(decoder, OTHER)
    decoder.clear()
    assert decoder.known(ONE) == decoder.known(OTHER) == 0
    assert asked(decoder, ONE) == 0


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([ONE, OTHER, THIRD]), st.integers(1, 200), st.integers(1, 200)),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_was_asked_before_the_logits_are_those_of_a_fresh_run(
    folder: Path, requests: list[tuple[list[int], int, int]]
) -> None:
    session = open_session(folder / "model.onnx", threads=1)
    several = Decoder(session, CAPACITY, budget=450 * TOKEN_BYTES)
    for source, first, second in requests:
        prompt = [*source[:first], *THIRD[:second]]
        asked(several, prompt)
        alone = Decoder(session, CAPACITY)
        alone.extend(prompt)
        np.testing.assert_allclose(several.extend([1]), alone.extend([1]), atol=1e-4)


@pytest.mark.parametrize("kind", ["fp16", "int8"])
def test_other_types_of_cache_are_kept_too(kind: Kind, tmp_path: Path) -> None:
    source = tiny.write(tmp_path / "a.gguf", "llama", tiny.weights("llama"))
    convert(source, tmp_path, "fp32", cache=kind)
    session = open_session(tmp_path / "model.onnx", threads=1)
    check_two_places(lambda budget: Decoder(session, CAPACITY, budget=budget))


def test_the_graph_that_reads_writes_to_the_place_in_use(tmp_path: Path) -> None:
    graph = tmp_path / "model.onnx"
    convert(tiny.write(tmp_path / "a.gguf", "llama", tiny.weights("llama")), tmp_path, "int4-b32")
    session = open_session(graph, threads=1)
    reader = open_reader(graph, session, threads=1)
    assert reader is not None
    check_two_places(lambda budget: Decoder(session, CAPACITY, reader=reader, budget=budget))


def check_two_places(make: Make) -> None:
    """Going back and forth between places that share a beginning changes no logits."""
    prompts = ([*ONE[:64], *OTHER[:128]], [*ONE[:64], *THIRD[:128]])
    decoder = make(1 << 30)
    for prompt in prompts:
        asked(decoder, prompt)
    assert decoder.cache_use.found == 64
    for prompt in prompts:
        alone = make(0)
        asked(alone, prompt)
        assert asked(decoder, prompt) == asked(alone, prompt) == len(prompt) - 1
        np.testing.assert_array_equal(decoder.extend([1]), alone.extend([1]))
