"""What the benchmark beside transformers says of logits that agree, and of those that do not."""

from pathlib import Path

import numpy as np
import pytest
import tiny

from benchmarks.reference import WIDEST, agree
from model.convert import convert
from model.decoder import Decoder
from model.providers import open_session

PIECES = [[10, 200, 33, 33, 7, 150, 99], [64, 5, 250, 17]]


@pytest.fixture(params=["llama", "qwen2"])
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_only_the_logits_of_the_same_weights_agree(architecture: str, tmp_path: Path) -> None:
    made = tiny.weights(architecture)
    convert(tiny.write(tmp_path / "tiny.gguf", architecture, made), tmp_path, "fp32")
    decoder = Decoder(open_session(tmp_path / "model.onnx", threads=1), 64)
    expected = [tiny.reference_logits(made, ids).astype(np.float32) for ids in PIECES]
    found = agree(decoder, PIECES, expected)
    assert 0 < found.mean_difference < found.largest_difference < WIDEST
    assert found.same_best == 1

    expected[1][2] = -expected[1][2]
    other = agree(decoder, PIECES, expected)
    assert other.largest_difference > WIDEST
    assert other.same_best == pytest.approx((1 + 3 / 4) / 2)
