"""`bowerbird model bench` on a tiny model, and the parts of it that must be right."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tiny
from click.testing import Result as Outcome
from numpy.typing import NDArray
from typer.testing import CliRunner

from lsp_server.cli import app
from model.convert import convert
from model.fitting.sample_text import library_files
from model.measuring import bench, peer
from model.measuring.speed import HELD_OUT, Speeds, Subject, bits_per_byte

COLUMNS = ("prefill", "decode", "verify", "disk", "memory", "bits")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the model `tiny`, its GGUF file beside it, and `tiny-int4` made from it."""
    folder = tmp_path / "models"
    install(folder, "tiny", context=2048)
    (folder / "tiny-int4").mkdir()
    convert(folder / "tiny" / "source.gguf", folder / "tiny-int4", "int4")
    monkeypatch.setenv("BOWERBIRD_MODELS", str(folder))
    return folder


def install(models: Path, name: str, context: int) -> None:
    folder = models / name
    folder.mkdir(parents=True)
    source = folder / "source.gguf"
    tiny.write(source, "qwen2", tiny.weights("qwen2"), context=context)
    convert(source, folder, "fp32")


@pytest.fixture
def without_llama(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)


def run(*arguments: str) -> Outcome:
    result = CliRunner().invoke(app, ["model", "bench", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.usefixtures("without_llama")
def test_every_figure_is_shown_drawn_and_written(models: Path, tmp_path: Path) -> None:
    picture, file = tmp_path / "bench.png", tmp_path / "bench.json"
    result = run("tiny", "--recipes", "--rounds", "2", "--plot", str(picture), "--json", str(file))
    assert result.exit_code == 0, result.stderr
    assert all(column in result.stdout for column in COLUMNS)
    assert "tiny fp32" in result.stdout
    assert "tiny-int4 int4" in result.stdout
    assert "llama-cpp-python is not installed" in result.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    row, quantized = json.loads(file.read_text())["results"]
    assert quantized["disk_bytes"] < row["disk_bytes"]
    assert len(row["rounds"]) == 2
    assert all(speed > 0 for speed in row["medians"].values())
    weights = (models / "tiny" / "model.onnx.data").stat().st_size
    assert weights < row["disk_bytes"] < weights + (models / "tiny" / "source.gguf").stat().st_size
    assert row["resident_bytes"] > 10e6
    assert 4 < row["bits_per_byte"] < 40  # the weights are random


@pytest.mark.usefixtures("models", "without_llama")
def test_what_cannot_be_measured_or_drawn_is_one_sentence(models: Path, tmp_path: Path) -> None:
    install(models, "short", context=256)
    for arguments, sentence in {
        ("nightjar",): "There is no model 'nightjar'",
        ("short",): "short keeps 256 tokens",
        ("tiny", "--plot", str(tmp_path / "no" / "bench.png")): "there is no folder",
        ("tiny", "--plot", str(tmp_path / "bench.gif")): "end with .png",
    }.items():
        result = run(*arguments)
        assert result.exit_code == 1
        assert sentence in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_model_that_is_not_there_is_named() -> None:
    result = run("smollm2-135m")
    assert result.exit_code == 1
    assert "bowerbird model pull smollm2-135m" in result.stderr


def test_a_model_that_knows_nothing_needs_eight_bits_a_byte() -> None:
    assert bits_per_byte(subject(Uniform())) == pytest.approx(8, abs=0.05)


def test_a_model_that_knows_the_next_token_needs_none() -> None:
    assert bits_per_byte(subject(Constant())) == pytest.approx(0, abs=1e-6)


def test_no_recipe_is_calibrated_on_what_is_held_out() -> None:
    assert not {path.name for path in library_files("calibration")} & set(HELD_OUT)


class Uniform:
    """Finds all of 256 tokens equally probable."""

    def extend(self, tokens: Sequence[int], logits: int = 1) -> NDArray[np.float32]:
        return np.zeros((logits, 256), np.float32)

    def rewind(self, length: int) -> None:
        pass


class Constant(Uniform):
    """Is sure that the token it is shown comes again."""

    def extend(self, tokens: Sequence[int], logits: int = 1) -> NDArray[np.float32]:
        return 100 * np.eye(256, dtype=np.float32)[list(tokens)[-logits:]]


def subject(decoder: Uniform) -> Subject:
    same = isinstance(decoder, Constant)
    return Subject(lambda text: [0] * len(text) if same else list(text.encode()), decoder, 64)


def test_medians_are_compared() -> None:
    def result(program: bench.Program, *speeds: float) -> bench.Result:
        rounds = tuple(Speeds(x, 2 * x, x, x, x) for x in speeds)
        return bench.Result("tiny", program, "fp32", 2, 1, 1, 1.0, rounds)

    ours, theirs = result("bowerbird", 100, 300, 9000), result("llama.cpp", 1, 100, 110)
    assert ours.speeds.decode_256 == 600
    assert list(bench.pairs([ours, theirs])) == [(ours, theirs)]
    assert bench.ratios(ours, theirs)["prefill"] == 3


def test_a_quantized_model_has_the_weights_of_the_one_it_came_from(models: Path) -> None:
    assert bench.source_of("tiny-int4") == models / "tiny" / "source.gguf"
    (models / "tiny" / "source.gguf").unlink()
    assert bench.source_of("tiny-int4") is None


@pytest.mark.slow
@pytest.mark.usefixtures("models")
def test_llama_cpp_runs_the_same_weights_in_turn() -> None:
    pytest.importorskip("llama_cpp", reason="needs the extra `bench`, which compiles llama.cpp")
    assert bench.why_alone("tiny") is None
    ours, theirs = bench.bench("tiny", rounds=2)
    assert (ours.program, theirs.program) == ("bowerbird", "llama.cpp")
    assert len(ours.rounds) == len(theirs.rounds) == 2
    assert theirs.bits_per_byte == pytest.approx(ours.bits_per_byte, rel=1e-3)


@pytest.mark.slow
def test_a_file_that_llama_cpp_cannot_load_is_named(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="needs the extra `bench`, which compiles llama.cpp")
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(peer.PeerError, match="cannot load"):
        peer.LlamaCpp(broken, 1, 64)
