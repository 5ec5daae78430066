"""Quantizing layer by layer on the tiny decoder: what later layers make up for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

from model.checkpoint import Checkpoint, open_checkpoint
from model.fitting.calibration import calibrated
from model.fitting.layerwise import Array, read_layer
from model.fitting.prune import kept_columns, with_columns
from model.matrices import head
from model.quantize import Matrix, dequantize, quantize
from model.recipes import INT4_SHORT, Precision

SEEN, UNSEEN = (
    np.random.default_rng(count).integers(0, len(tiny.tokens()), (count, 64)) for count in (48, 12)
)


@pytest.fixture(params=["llama", "qwen2"])
def checkpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Checkpoint:
    path = tmp_path / "tiny.gguf"
    return open_checkpoint(tiny.write(path, request.param, tiny.weights(request.param)))


def at_4_bits(_: str) -> Precision:
    return INT4_SHORT


def ignored(done: int, total: int) -> None:
    assert 0 < done <= total


def hidden(checkpoint: Checkpoint, made: dict[str, Matrix]) -> Array:
    """The last hidden states of unseen text, with what is made in place of the weights."""
    states: Array = head(checkpoint)[UNSEEN]
    for number in range(checkpoint.shape.layers):
        layer = read_layer(checkpoint, number)
        stored = {name: dequantize(made[name]) for name in layer.weights if name in made}
        states = replace(layer, weights=layer.weights | stored).run(states)
    return states


def error(checkpoint: Checkpoint, made: dict[str, Matrix]) -> float:
    return float(np.square(hidden(checkpoint, made) - hidden(checkpoint, {})).mean())


def rounded(checkpoint: Checkpoint, width: int) -> dict[str, Matrix]:
    """Every matrix rounded by itself, without the columns that say least."""
    made: dict[str, Matrix] = {}
    for number in range(checkpoint.shape.layers):
        layer = read_layer(checkpoint, number)
        weight = layer.weights[f"{layer.stem}.ffn_down"]
        kept = kept_columns(weight, np.eye(weight.shape[1], dtype=np.float32), width)
        for name, values in with_columns(layer, kept).weights.items():
            if values.ndim == 2:
                made[name] = quantize(values, bits=4, block=32)
    return made


@pytest.mark.parametrize("width", [tiny.FEED_FORWARD, tiny.FEED_FORWARD - 32])
def test_what_is_fitted_stays_nearer_on_unseen_text(checkpoint: Checkpoint, width: int) -> None:
    made = calibrated(checkpoint, at_4_bits, SEEN, ignored, width=width)
    assert made["blk.1.ffn_down"].columns == width
    assert made["blk.1.ffn_gate_up"].rows == 2 * width
    assert error(checkpoint, made) < 0.8 * error(checkpoint, rounded(checkpoint, width))


def test_a_layer_makes_up_for_what_those_before_it_lost(checkpoint: Checkpoint) -> None:
    def second_alone(name: str) -> Precision:
        return Precision("blocks", 8, 32) if name.startswith("blk.1.") else INT4_SHORT

    made = calibrated(checkpoint, second_alone, SEEN, ignored, width=tiny.FEED_FORWARD)
    first = {name: matrix for name, matrix in made.items() if not name.startswith("blk.1.")}
    assert error(checkpoint, made) < error(checkpoint, first)


def test_the_columns_that_go_are_those_that_others_can_make_up_for() -> None:
    random = np.random.default_rng(1)
    inputs = random.standard_normal((500, 5)).astype(np.float32)
    inputs[:, 3] = inputs[:, 1] + 0.01 * inputs[:, 3]  # large in the product, but twice there
    weight = np.array([[1, 2, 1, 2, 1]], np.float32)
    kept = kept_columns(weight, inputs.T @ inputs, 4)
    assert set(range(5)) - set(kept.tolist()) <= {1, 3}
    assert len(kept) == 4
