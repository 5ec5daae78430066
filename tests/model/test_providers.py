"""No GPU can run here: failing providers are injected, the CPU's sessions are real."""

import logging
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import psutil
import pytest
from onnx import TensorProto, helper

from model import providers
from model.providers import ProviderError, open_session, physical_cores, session_options

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


@pytest.fixture(autouse=True)
def _fresh_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="model.providers")
    providers._say_missing.cache_clear()


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
    assert warning.message == "CUDA fails with model.onnx: its libraries could not be loaded"


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
    assert warnings == ["CUDA fails with model.onnx: CUDA driver version is insufficient"]


def test_a_provider_that_fails_at_the_first_run_is_left_for_the_cpu(doubling, caplog, monkeypatch):
    offer_cuda(monkeypatch)

    class Session(ort.InferenceSession):
        def __init__(self, *args, providers, **options):
            self.asked_for = providers
            super().__init__(*args, providers=[CPU], **options)

        def get_providers(self):
            return self.asked_for

        def run(self, *args):
            if CUDA in self.asked_for:
                raise RuntimeError("out of memory")
            return super().run(*args)

    monkeypatch.setattr(ort, "InferenceSession", Session)
    session = open_session(doubling, probe=doubles)
    assert session.get_providers() == [CPU]
    assert "CUDA fails with model.onnx: out of memory" in caplog.text


def test_an_unusable_model_is_said_in_one_sentence(tmp_path):
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(ProviderError, match=r"model\.onnx cannot be run: .*\.$"):
        open_session(broken)


def test_a_provider_that_is_asked_for_but_missing_is_an_error(doubling):
    with pytest.raises(ProviderError, match="none of the execution providers asked for"):
        open_session(doubling, providers=[CUDA])


def test_threads_default_to_the_physical_cores():
    assert 1 <= physical_cores() <= psutil.cpu_count()
    assert session_options().intra_op_num_threads == physical_cores()
    assert session_options(3).intra_op_num_threads == 3
    assert session_options().inter_op_num_threads == 1
