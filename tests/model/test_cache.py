"""Caches of other types than fp32, against the same decoder in numpy."""

import json
from pathlib import Path

import numpy as np
import pytest
import tiny

from model.cache import Kind
from model.convert import convert
from model.decoder import Decoder
from model.generate import Limits, generate
from model.providers import open_session
from model.tokenizer import CodeTokenizer

IDS = [10, 200, 33, 33, 7, 150, 99, 64, 5, 250, 17]


def converted(folder: Path, architecture: str, cache: Kind) -> Decoder:
    source = tiny.write(folder / "tiny.gguf", architecture, tiny.weights(architecture))
    convert(source, folder, "fp32", cache=cache)
    return Decoder(open_session(folder / "model.onnx", threads=1), 64)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
@pytest.mark.parametrize(("cache", "tolerance"), [("fp16", 0.02), ("int8", 0.15)])
def test_the_logits_stay_near(
    architecture: str, cache: Kind, tolerance: float, tmp_path: Path
) -> None:
    expected = tiny.reference_logits(tiny.weights(architecture), IDS)
    decoder = converted(tmp_path, architecture, cache)
    decoder.extend(IDS[:4])
    found = decoder.extend(IDS[4:], logits=len(IDS) - 4)
    error = np.abs(found - expected[4:]).max() / np.abs(expected).max()
    assert 0 < error < tolerance


@pytest.mark.parametrize(("cache", "share"), [("fp16", 0.5), ("int8", 0.25)])
def test_the_cache_takes_less_memory(cache: Kind, share: float, tmp_path: Path) -> None:
    def size(folder: Path, kind: Kind) -> int:
        folder.mkdir()
        decoder = converted(folder, "llama", kind)
        decoder.extend(IDS)
        return sum(values.nbytes for _, values in decoder.cached())

    assert size(tmp_path / cache, cache) == share * size(tmp_path / "fp32", "fp32")
    assert json.loads((tmp_path / cache / "model.json").read_text())["cache"] == cache


def test_int8_answers_as_fp32_does(tmp_path: Path) -> None:
    (tmp_path / "int8").mkdir()
    decoders = [converted(tmp_path, "qwen2", "fp32"), converted(tmp_path / "int8", "qwen2", "int8")]
    tokenizer = CodeTokenizer.load(tmp_path / "tokenizer.json")
    for decoder in decoders:
        generate(decoder, tokenizer, IDS, limits=Limits(tokens=8))
    assert decoders[0].tokens == decoders[1].tokens
