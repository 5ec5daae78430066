"""Our graph against the same decoder written a second time in numpy."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from model.checkpoint import UnsupportedModel, open_checkpoint
from model.convert import convert
from model.decoder import Decoder
from model.language_model import load_model
from model.products import takes_pairs
from model.providers import open_session

IDS = [10, 200, 33, 33, 7, 150, 99, 64, 5, 250, 17]


def opened(folder: Path, architecture: str, recipe: str) -> Decoder:
    made = tiny.weights(architecture)
    convert(tiny.write(folder / "tiny.gguf", architecture, made), folder, recipe)
    return Decoder(open_session(folder / "model.onnx", threads=1), 64)


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decoder]:
    yield opened(tmp_path_factory.mktemp("tiny"), "qwen2", "fp32")


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_fp32_logits_match_the_reference(architecture: str, tmp_path: Path) -> None:
    expected = tiny.reference_logits(tiny.weights(architecture), IDS)
    found = opened(tmp_path, architecture, "fp32").extend(IDS, logits=len(IDS))
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("recipe", "least"),
    [("fp16", 0.9999), ("int8", 0.999), ("int4", 0.97), ("int4-b32", 0.97), ("mixed", 0.85)],
)
@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_logits_are_near_the_reference(
    architecture: str, recipe: str, least: float, tmp_path: Path
) -> None:
    expected = tiny.reference_logits(tiny.weights(architecture), IDS)
    found = opened(tmp_path, architecture, recipe).extend(IDS, logits=len(IDS))
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > least


@pytest.mark.parametrize(("recipe", "pairs"), [("int4", True), ("int8", False), ("fp32", False)])
def test_only_products_of_blocks_are_run_in_pairs(recipe: str, pairs: bool, tmp_path: Path) -> None:
    opened(tmp_path, "llama", recipe)
    assert takes_pairs(tmp_path / "model.onnx") is pairs


def test_a_run_of_one_gives_what_it_gives_among_others_to_the_last_bit() -> None:
    decoder = load_model("nestling", threads=1).decoder
    decoder.extend(IDS)
    several = decoder.extend([5, 6, 7], logits=3)
    decoder.rewind(len(IDS))
    alone = [decoder.extend([token])[0] for token in (5, 6, 7)]
    np.testing.assert_array_equal(alone, several)


def test_only_the_logits_asked_for_come(decoder: Decoder) -> None:
    decoder.rewind(0)
    every = decoder.extend(IDS, logits=len(IDS))
    decoder.rewind(0)
    np.testing.assert_allclose(decoder.extend(IDS, logits=3), every[-3:], atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.lists(st.integers(0, 255), min_size=1, max_size=8)),
        max_size=6,
    )
)
def test_however_it_was_extended_and_rewound_the_cache_holds_its_tokens(
    decoder: Decoder, steps: list[tuple[int, list[int]]]
) -> None:
    """After any history the logits are those of a fresh run over the same tokens."""
    decoder.rewind(0)
    last = decoder.extend(IDS)
    for kept, added in steps:
        decoder.rewind(kept)
        last = decoder.extend(added)
    tokens = list(decoder.tokens)
    decoder.rewind(0)
    np.testing.assert_allclose(last, decoder.extend(tokens), atol=1e-4)


def test_the_common_prefix_is_reused(decoder: Decoder) -> None:
    decoder.rewind(0)
    decoder.extend([1, 2, 3, 4])
    assert decoder.reuse([1, 2, 9, 9]) == 2
    decoder.extend([9, 9])
    assert decoder.reuse([1, 2, 9, 9]) == 3  # one is left to read, for its logits
    assert decoder.tokens == [1, 2, 9]


def test_more_tokens_than_fit_are_refused(decoder: Decoder) -> None:
    decoder.rewind(0)
    with pytest.raises(ValueError, match="65 tokens do not fit a cache of 64"):
        decoder.extend([1] * 65)


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"not a model")
    with pytest.raises(UnsupportedModel, match="not a readable GGUF file"):
        open_checkpoint(path)


def test_an_unknown_splitting_rule_is_refused(tmp_path: Path) -> None:
    path = tiny.write(tmp_path / "a.gguf", "llama", tiny.weights("llama"), pre_tokenizer="other")
    with pytest.raises(UnsupportedModel, match="not as other does"):
        convert(path, tmp_path)
