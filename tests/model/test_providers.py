"""No GPU can run here: failing providers are injected, the CPU's sessions are real."""

import logging
import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import psutil
import pytest
import tiny
from onnx import TensorProto, helper

from model import providers
from model.convert import convert
from model.decoder import Decoder
from model.generate import Limits, generate
from model.language_model import LanguageModel
from model.providers import (
    CPU,
    ProviderError,
    cores,
    liking,
    open_session,
    physical_cores,
    session_options,
)

CUDA = "CUDAExecutionProvider"


@pytest.fixture(autouse=True)
def _fresh(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.INFO, logger="model.providers")
    providers._say_missing.cache_clear()
    monkeypatch.setattr(providers, "_retired", set())


@pytest.fixture
def doubling(tmp_path: Path) -> Path:
    """A model that doubles its input."""
    number = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", [number], [result])
    opsets = [helper.make_opsetid("", 21)]
    onnx.save(
        helper.make_model(graph, opset_imports=opsets, ir_version=10), tmp_path / "model.onnx"
    )
    return tmp_path / "model.onnx"


def doubles(session: ort.InferenceSession) -> None:
    assert session.run(None, {"x": np.array([1.5], np.float32)})[0] == [3.0]


def offer_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, CPU])


def test_the_cpu_runs_when_nothing_else_is_in_the_build(doubling, caplog):
    doubles(open_session(doubling))
    doubles(open_session(doubling))
    missing = [record for record in caplog.records if "not in this build" in record.message]
    assert [record.message.split()[0] for record in missing] == ["CUDA", "DirectML", "OpenVINO"]
    assert {record.levelname for record in caplog.records} == {"INFO"}


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_whose_libraries_do_not_load_is_left_for_the_cpu(doubling, caplog, monkeypatch):
    """The build claims CUDA, as one does on a machine without its driver."""
    offer_cuda(monkeypatch)
    doubles(open_session(doubling))
    (warning,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert warning.message == (
        "CUDA fails with model.onnx: its libraries could not be loaded; "
        "it is not used again until a restart"
    )


class OnCuda(ort.InferenceSession):
    """A session that says it runs on CUDA where it was asked to, and runs on the CPU."""

    def __init__(self, *args, providers, **options):
        self.asked_for = providers
        super().__init__(*args, providers=[CPU], **options)

    def get_providers(self):
        return self.asked_for


def test_a_provider_that_fails_when_loading_is_left_for_the_cpu(doubling, caplog, monkeypatch):
    offer_cuda(monkeypatch)

    class Session(ort.InferenceSession):
        def __init__(self, *args, providers, **options):
            if CUDA in providers:
                raise RuntimeError("CUDA driver version is insufficient\nat line 12")
            super().__init__(*args, providers=providers, **options)

    monkeypatch.setattr(ort, "InferenceSession", Session)
    doubles(open_session(doubling))
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == [
        "CUDA fails with model.onnx: CUDA driver version is insufficient; "
        "it is not used again until a restart"
    ]


def test_a_provider_that_fails_at_the_first_run_is_left_for_the_cpu(doubling, caplog, monkeypatch):
    offer_cuda(monkeypatch)

    class Session(OnCuda):
        def run(self, *args):
            if CUDA in self.asked_for:
                raise RuntimeError("out of memory")
            return super().run(*args)

    monkeypatch.setattr(ort, "InferenceSession", Session)
    session = open_session(doubling, probe=doubles)
    assert session.get_providers() == [CPU]
    assert "CUDA fails with model.onnx: out of memory" in caplog.text


def test_a_provider_that_failed_is_not_tried_again(doubling, caplog, monkeypatch):
    offer_cuda(monkeypatch)
    tried = []

    class Session(ort.InferenceSession):
        def __init__(self, *args, providers, **options):
            tried.append(providers[0])
            if CUDA in providers:
                raise RuntimeError("no device")
            super().__init__(*args, providers=providers, **options)

    monkeypatch.setattr(ort, "InferenceSession", Session)
    assert liking().cache == "fp16"
    doubles(open_session(doubling))
    doubles(open_session(doubling))
    assert tried == [CUDA, CPU, CPU]
    assert caplog.text.count("CUDA fails") == 1
    assert liking().cache == "fp32"


def test_a_broken_model_retires_no_provider(doubling, tmp_path, monkeypatch):
    offer_cuda(monkeypatch)
    monkeypatch.setattr(ort, "InferenceSession", OnCuda)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(ProviderError):
        open_session(broken)
    assert open_session(doubling).get_providers()[0] == CUDA


@pytest.fixture
def tiny_model(tmp_path: Path) -> Path:
    convert(tiny.write(tmp_path / "a.gguf", "llama", tiny.weights("llama")), tmp_path, "fp32")
    return tmp_path


def failing_after(runs: int) -> type[ort.InferenceSession]:
    """Sessions that run so many times on CUDA, and then fail there."""

    class Session(OnCuda):
        left = runs

        def run_with_iobinding(self, *args):
            if CUDA in self.asked_for:
                if Session.left == 0:
                    raise RuntimeError("device lost\nat line 7")
                Session.left -= 1
            return super().run_with_iobinding(*args)

    return Session


@pytest.mark.parametrize("runs", [2, 3, 5, 8])
def test_an_answer_goes_on_where_its_provider_fails(runs, tiny_model, caplog, monkeypatch):
    """Wherever it fails, in reading the prompt or in writing the answer."""
    prompt = [token % 250 for token in range(150)]
    limits = Limits(tokens=6)
    monkeypatch.setattr("model.decoder._DEVICES", {})  # there is no device here
    plain = LanguageModel("tiny", tiny_model, threads=1)
    expected = generate(plain.decoder, plain.tokenizer, prompt, limits=limits)
    offer_cuda(monkeypatch)
    monkeypatch.setattr(ort, "InferenceSession", failing_after(runs))
    model = LanguageModel("tiny", tiny_model, threads=1)
    found = generate(model.decoder, model.tokenizer, prompt, limits=limits)
    assert found.text == expected.text
    assert model.decoder.tokens == plain.decoder.tokens
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == [
        "CUDA failed while it ran model.onnx: device lost; it is not used again until a restart"
    ]


@pytest.mark.parametrize("runs", [4, 7, 10])
def test_places_that_were_left_are_read_again_after_a_provider_failed(
    runs, tiny_model, monkeypatch
):
    monkeypatch.setattr("model.decoder._DEVICES", {})
    plain = LanguageModel("tiny", tiny_model, threads=1)
    offer_cuda(monkeypatch)
    monkeypatch.setattr(ort, "InferenceSession", failing_after(runs))
    model = LanguageModel("tiny", tiny_model, threads=1)
    for start, step in ((1, 1), (2, 7), (1, 1), (2, 7)):
        prompt = [(start + step * place) % 250 for place in range(150)]
        for each in (plain, model):
            generate(each.decoder, each.tokenizer, prompt, limits=Limits(tokens=4))
        assert model.decoder.tokens == plain.decoder.tokens
    assert model.decoder.cache_use.sequences == 2


def test_a_decoder_that_nobody_takes_over_from_raises(tiny_model, monkeypatch):
    offer_cuda(monkeypatch)
    monkeypatch.setattr("model.decoder._DEVICES", {})
    monkeypatch.setattr(ort, "InferenceSession", failing_after(0))
    decoder = Decoder(open_session(tiny_model / "model.onnx"), 64)
    with pytest.raises(RuntimeError, match="device lost"):
        decoder.extend([1])


def test_the_cpu_is_the_last(tiny_model, monkeypatch):
    model = LanguageModel("tiny", tiny_model, threads=1)
    with pytest.raises(ProviderError, match=r"model\.onnx cannot be run: .*"):
        model.decoder.extend([10_000])  # no such token


def test_an_unusable_model_is_said_in_one_sentence(tmp_path):
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(ProviderError, match=r"model\.onnx cannot be run: .*\.$"):
        open_session(broken)


def test_a_provider_that_is_asked_for_but_missing_is_an_error(doubling):
    with pytest.raises(ProviderError, match="no execution provider asked for"):
        open_session(doubling, providers=[CUDA])


def test_threads_default_to_the_physical_cores():
    assert 1 <= physical_cores() <= psutil.cpu_count()
    assert session_options().intra_op_num_threads == physical_cores()
    assert session_options(3).intra_op_num_threads == 3
    assert session_options().inter_op_num_threads == 1


@pytest.fixture
def hyper_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two cores of two hyper-threads each, all of them for this process."""
    for processor in range(4):
        folder = tmp_path / f"cpu{processor}" / "topology"
        folder.mkdir(parents=True)
        first = processor % 2
        (folder / "thread_siblings_list").write_text(f"{first},{first + 2}\n")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    return tmp_path


def test_hyper_threads_are_known_by_their_core(hyper_threads, monkeypatch):
    assert cores(hyper_threads) == [[0, 2], [1, 3]]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 2, 3})
    assert cores(hyper_threads) == [[1, 3], [2]]
    assert cores(hyper_threads / "absent") == []


def test_a_thread_keeps_to_a_core_where_there_are_hyper_threads(doubling, monkeypatch):
    monkeypatch.setattr(providers, "cores", lambda: [[0, 2], [1, 3], [4, 5]])
    options = session_options()
    assert options.intra_op_num_threads == 3
    key = "session.intra_op_thread_affinities"
    assert options.get_session_config_entry(key) == "2,4;5,6"
    monkeypatch.setattr(providers, "cores", lambda: [[0], [1]])
    with pytest.raises(RuntimeError):
        session_options().get_session_config_entry(key)
    doubles(open_session(doubling))
