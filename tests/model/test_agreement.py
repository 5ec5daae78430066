"""What the benchmark beside transformers says of logits that agree, and of those that do not."""

from pathlib import Path

import numpy as np
import pytest
import tiny
from numpy.typing import NDArray

from benchmarks.reference import WIDEST, agree, agreement_of, read
from model.checkpoint import open_checkpoint
from model.convert import convert
from model.decoder import Decoder
from model.fitting.prune import with_tokens
from model.graph import build
from model.providers import open_session
from model.quantize import stored_as
from model.recipes import FP32

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


def test_a_cut_vocabulary_reads_the_same_text_and_agrees_in_the_tokens_that_are_kept(
    architecture: str, tmp_path: Path
) -> None:
    made = tiny.weights(architecture)
    whole = open_checkpoint(tiny.write(tmp_path / "tiny.gguf", architecture, made))
    dropped = whole.vocabulary.tokens.index("!"), whole.vocabulary.tokens.index("Ġreturn")
    kept = with_tokens(whole, [n for n in range(whole.shape.vocabulary) if n not in dropped])
    build(kept, lambda _, weight: stored_as(weight, FP32), tmp_path / "model.onnx", lambda *_: None)
    asked = []

    def reference(tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        asked.append(tokens.tolist())
        return tiny.reference_logits(made, tokens.tolist()).astype(np.float32)

    reading = read(reference, whole, kept, ["    return 7", "(width, height)"])
    assert asked == [[1 + token for token in tokens] for tokens in reading.inputs]
    assert dropped[1] not in asked[0]
    found = agreement_of(tmp_path, reading)
    assert found.same_best == 1
    assert found.largest_difference < WIDEST
