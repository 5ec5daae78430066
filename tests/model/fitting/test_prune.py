"""Pruning and smoothing against the reference on the tiny decoder."""

from pathlib import Path

import numpy as np
import pytest
import tiny

from model.checkpoint import Checkpoint, open_checkpoint
from model.fitting.importance import (
    importance_of_heads,
    importance_of_layers,
    sensitivity,
    silencing,
    skipping,
    together,
)
from model.fitting.layerwise import Tokens, norm, read_layer
from model.fitting.prune import with_tokens, with_vocabulary_of, without_groups, without_layers
from model.fitting.smoothing import smoothed, smoothing_factors
from model.matrices import head
from model.tokenizer import CodeTokenizer, build_tokenizer, join

IDS = [10, 200, 33, 33, 7, 150, 99, 64, 5, 250, 17]
TOKENS = np.array([IDS, IDS[::-1]])


def ignored(done: int, total: int) -> None:
    """No bar is shown."""
    assert 0 < done <= total


def logits(checkpoint: Checkpoint, tokens: Tokens = TOKENS) -> np.ndarray:
    hidden = head(checkpoint)[tokens]
    for number in range(checkpoint.shape.layers):
        hidden = read_layer(checkpoint, number).run(hidden)
    normed = norm(hidden, checkpoint.tensor("output_norm.weight"), checkpoint.shape)
    return normed @ head(checkpoint).T


def opened(folder: Path, architecture: str, made: tiny.Weights) -> Checkpoint:
    return open_checkpoint(tiny.write(folder / "tiny.gguf", architecture, made))


@pytest.fixture(params=["llama", "qwen2"])
def checkpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Checkpoint:
    return opened(tmp_path, request.param, tiny.weights(request.param))


def test_layer_by_layer_it_is_the_same_decoder(checkpoint: Checkpoint) -> None:
    made = tiny.weights(checkpoint.shape.architecture)
    np.testing.assert_allclose(logits(checkpoint)[0], tiny.reference_logits(made, IDS), atol=1e-3)


def test_smoothing_changes_no_output(checkpoint: Checkpoint) -> None:
    factors = smoothing_factors(checkpoint, TOKENS, ignored)
    assert max(factor.max() for factor in factors.values()) > 1.5
    found = logits(smoothed(checkpoint, factors))
    np.testing.assert_allclose(found, logits(checkpoint), atol=1e-3)


def test_a_layer_that_is_left_out_is_skipped(checkpoint: Checkpoint) -> None:
    made = tiny.weights(checkpoint.shape.architecture)
    one = without_layers(checkpoint, {0})
    assert one.shape.layers == 1
    assert "blk.1.attn_q.weight" not in one
    found = one.tensor("blk.0.attn_q.weight")
    np.testing.assert_allclose(found, made["blk.1.attn_q.weight"])
    skipped = together(checkpoint, TOKENS, {"one": skipping({0})}, ignored)
    assert skipped[""].divergence < 1e-6 < skipped["one"].divergence


def test_a_group_of_heads_without_effect_can_be_left_out(tmp_path: Path) -> None:
    made = tiny.weights("qwen2")
    width = tiny.HEADS // tiny.KEY_VALUE_HEADS * tiny.HEAD_SIZE
    for layer, group in enumerate((1, 0)):
        made[f"blk.{layer}.attn_output.weight"][:, group * width : (group + 1) * width] = 0
    checkpoint = opened(tmp_path, "qwen2", made)
    importance = importance_of_heads(checkpoint, TOKENS, [0, 1], ignored)
    assert importance_of_heads(checkpoint, TOKENS, [1], ignored) == {1: importance[1]}
    assert importance[0][2:] == importance[1][:2] == [0, 0]
    assert all((*importance[0][:2], *importance[1][2:]))
    silent = together(checkpoint, TOKENS, {"half": silencing({0: {2, 3}, 1: {0, 1}})}, ignored)
    assert silent["half"].divergence < 1e-6
    half = without_groups(checkpoint, [{1}, {0}])
    assert (half.shape.heads, half.shape.key_value_heads) == (2, 1)
    np.testing.assert_allclose(logits(half), logits(checkpoint), atol=1e-3)


@pytest.mark.parametrize("dropped", [[{0}, set()], [{0}], [{0, 1}, {0, 1}]])
def test_layers_have_to_keep_as_many_groups(checkpoint: Checkpoint, dropped: list) -> None:
    with pytest.raises(ValueError, match="one has to stay"):
        without_groups(checkpoint, dropped)


def test_a_layer_that_does_nothing_has_no_importance(tmp_path: Path) -> None:
    made = tiny.weights("llama")
    for part in ("attn_output", "ffn_down"):
        made[f"blk.1.{part}.weight"][:] = 0
    first, second = importance_of_layers(opened(tmp_path, "llama", made), TOKENS, ignored)
    assert abs(second) < 1e-6 < abs(first)


def test_every_part_has_a_sensitivity(checkpoint: Checkpoint) -> None:
    found = sensitivity(checkpoint, TOKENS, ignored)
    assert set(found) == {"head", "blk.0.attn", "blk.0.ffn", "blk.1.attn", "blk.1.ffn"}
    assert all(value > 0 for value in found.values())


def test_a_cut_vocabulary_predicts_its_tokens_as_before(checkpoint: Checkpoint) -> None:
    kept = [index for index in range(checkpoint.shape.vocabulary) if index not in (256, 260)]
    cut = with_tokens(checkpoint, kept)
    assert cut.shape.vocabulary == len(cut.vocabulary.tokens) == len(kept)
    np.testing.assert_allclose(logits(cut), logits(checkpoint)[..., kept], atol=1e-4)
    tokenizer = CodeTokenizer(build_tokenizer(cut.vocabulary))
    assert join(tokenizer.bytes_of[token] for token in tokenizer.encode("a return")) == "a return"
    assert tokenizer.special("<|fim_middle|>") < len(kept)


def test_a_vocabulary_that_is_small_enough_stays(checkpoint: Checkpoint) -> None:
    assert with_vocabulary_of(checkpoint, 10_000) is checkpoint
