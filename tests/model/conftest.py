from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny

from model.convert import convert
from model.decoder import Decoder
from model.providers import open_session
from model.tokenizer import CodeTokenizer


@pytest.fixture(scope="session", autouse=True)
def few_prompts() -> Iterator[None]:
    """Recipes are fitted to fewer prompts than a decoder with wide matrices needs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.convert._CALIBRATION", (16, 256))
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Decoder, CodeTokenizer]:
    """The tiny random model of `tiny`, opened: what it says is nonsense."""
    folder: Path = tmp_path_factory.mktemp("tiny")
    convert(tiny.write(folder / "a.gguf", "llama", tiny.weights("llama")), folder, "fp32")
    decoder = Decoder(open_session(folder / "model.onnx", threads=1), 256)
    return decoder, CodeTokenizer.load(folder / "tokenizer.json")
