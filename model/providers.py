"""Opens ONNX Runtime sessions on the best execution provider that works here.

Providers are tried in the order of `PREFERRED`. One that is not in this build of ONNX Runtime is
passed over (INFO, once); one that is in the build and fails, when the model is loaded or in a
first run, is left for the next (WARNING).
"""

import logging
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import onnxruntime as ort
import psutil

PREFERRED = (
    "CUDAExecutionProvider",
    "DmlExecutionProvider",
    "OpenVINOExecutionProvider",
    "CPUExecutionProvider",
)

SPIN_MICROSECONDS = 20
"""How long a waiting thread spins. On a quiet machine a decoding step takes half as long again
without spinning, because threads have to be woken for every operator; on a busy one it takes twice
as long with ONNX Runtime's own, longer spinning. This is as quick as the better of both in each.
"""

ERRORS_ONLY = 3
"""ONNX Runtime's log severity: what we expect and handle is ours to log."""

logger = logging.getLogger(__name__)


class ProviderError(RuntimeError):
    """No execution provider can run the model; the message says why."""


def physical_cores() -> int:
    """Cores that this process may use, hyper-threads not counted: the default number of threads."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(psutil.cpu_count(logical=False) or 1, usable or 1)


def session_options(threads: int | None = None) -> ort.SessionOptions:
    """Options of every session: `threads` (default `physical_cores()`) share each operator's work.

    A thread that waits spins for `SPIN_MICROSECONDS` before it sleeps, and not beyond the run.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or physical_cores()
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_MICROSECONDS))
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def open_session(
    path: Path | str,
    *,
    threads: int | None = None,
    providers: Sequence[str] | None = None,
    probe: Callable[[ort.InferenceSession], object] | None = None,
) -> ort.InferenceSession:
    """Session of the model at `path` on the first of `providers` (default `PREFERRED`) that works.

    `probe(session)` makes a first run; a provider on which it raises is passed over like one that
    cannot load the model. Raises `ProviderError` when none is left.
    """
    problem = "none of the execution providers asked for is in this build of ONNX Runtime"
    for provider in providers or PREFERRED:
        if provider not in ort.get_available_providers():
            _say_missing(provider)
            continue
        try:
            session = _open_on(provider, path, threads)
            if probe is not None:
                probe(session)
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; try the next
            problem = _first_line(error)
            logger.warning("%s fails with %s: %s", short_name(provider), Path(path).name, problem)
        else:
            return session
    raise ProviderError(f"{path} cannot be run: {problem}.")


def _open_on(provider: str, path: Path | str, threads: int | None) -> ort.InferenceSession:
    options = session_options(threads)
    if provider == "DmlExecutionProvider":
        options.enable_mem_pattern = False  # DirectML asks for this
    # The CPU takes the operators that the provider lacks.
    names = list(dict.fromkeys([provider, "CPUExecutionProvider"]))
    session = ort.InferenceSession(str(path), options, providers=names, enable_fallback=0)
    if provider not in session.get_providers():
        raise ProviderError("its libraries could not be loaded")
    return session


@cache
def _say_missing(provider: str) -> None:
    """Log it once in the life of the process."""
    logger.info("%s is not in this build of ONNX Runtime", short_name(provider))


def short_name(provider: str) -> str:
    """A provider's name for people: "CUDA", "DirectML"."""
    return provider.removesuffix("ExecutionProvider").replace("Dml", "DirectML")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
