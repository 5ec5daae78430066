"""Opens ONNX Runtime sessions on the best execution provider that works here.

Providers are tried in the order of `PREFERRED`. One that is not in this build of ONNX Runtime is
passed over (INFO, once). One that is in the build and fails, when a model is loaded, in a first run
or later, is not tried again in this process, and the next takes over (WARNING).
"""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import onnxruntime as ort
import psutil

CPU = "CPUExecutionProvider"


@dataclass(frozen=True)
class Liking:
    """What a provider runs best: the recipe of the weights, and the type of the cache."""

    recipe: str
    cache: Literal["fp32", "fp16"]


PREFERRED = {
    # CUDA has no attention kernel for fp32, and both GPUs have memory to copy where we have none.
    "CUDAExecutionProvider": Liking("int4", "fp16"),
    "DmlExecutionProvider": Liking("int4", "fp16"),
    "OpenVINOExecutionProvider": Liking("int4", "fp32"),
    CPU: Liking("int4", "fp32"),
}
"""The providers, best first."""

SPIN_MICROSECONDS = 20
"""How long a waiting thread spins. On a quiet machine a decoding step takes half as long again
without spinning, because threads have to be woken for every operator; on a busy one it takes twice
as long with ONNX Runtime's own, longer spinning. This is as quick as the better of both in each.
"""

ERRORS_ONLY = 3
"""ONNX Runtime's log severity: what we expect and handle is ours to log."""

logger = logging.getLogger(__name__)

_retired: set[str] = set()  # providers that failed, for the life of the process


class ProviderError(RuntimeError):
    """No execution provider can run the model; the message says why."""


def session_options(threads: int | None = None) -> ort.SessionOptions:
    """Options of every session: `threads` (default `physical_cores()`) share each operator's work.

    A thread that waits spins for `SPIN_MICROSECONDS` before it sleeps, and not beyond the run.
    Where cores have hyper-threads, each thread keeps to a core: two on one are no faster than one.
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
    if affinities := _affinities(options.intra_op_num_threads):
        options.add_session_config_entry("session.intra_op_thread_affinities", affinities)
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
    problems: dict[str, str] = {}
    for provider in providers or PREFERRED:
        if provider in _retired:
            continue
        if provider not in ort.get_available_providers():
            _say_missing(provider)
            continue
        try:
            session = _open_on(provider, path, threads)
            if probe is not None:
                probe(session)
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; try the next
            problems[provider] = _first_line(error)
        else:
            # Only now is it known that the fault is not the model's.
            for failed, problem in problems.items():
                _retire(failed, f"fails with {Path(path).name}: {problem}")
            return session
    problem = "; ".join(problems.values()) or "no execution provider asked for is in this build"
    raise ProviderError(f"{path} cannot be run: {problem}.")


def open_next(
    failed: ort.InferenceSession,
    error: Exception,
    path: Path | str,
    *,
    threads: int | None = None,
    probe: Callable[[ort.InferenceSession], object] | None = None,
) -> ort.InferenceSession:
    """A session in place of one whose run raised `error`, on the next provider.

    Raises `ProviderError` when that was the last one.
    """
    provider = failed.get_providers()[0]
    if provider == CPU:
        raise ProviderError(f"{path} cannot be run: {_first_line(error)}.") from error
    _retire(provider, f"failed while it ran {Path(path).name}: {_first_line(error)}")
    return open_session(path, threads=threads, probe=probe)


def _retire(provider: str, what: str) -> None:
    _retired.add(provider)
    logger.warning("%s %s; it is not used again until a restart", short_name(provider), what)


def best_provider() -> str:
    """The first of `PREFERRED` that is in this build and has not failed."""
    usable = set(ort.get_available_providers()) - _retired
    return next(provider for provider in PREFERRED if provider in usable)


def liking() -> Liking:
    """What the best provider here that has not failed runs best."""
    return PREFERRED[best_provider()]


def _open_on(provider: str, path: Path | str, threads: int | None) -> ort.InferenceSession:
    options = session_options(threads)
    if provider == "DmlExecutionProvider":
        options.enable_mem_pattern = False  # DirectML asks for this
    # The CPU takes the operators that the provider lacks.
    names = list(dict.fromkeys([provider, CPU]))
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


def physical_cores() -> int:
    """Cores that this process may use, hyper-threads not counted: the default number of threads."""
    return len(cores()) or min(psutil.cpu_count(logical=False) or 1, os.cpu_count() or 1)


def cores(topology: Path = Path("/sys/devices/system/cpu")) -> list[list[int]]:
    """The logical processors that this process may use, by the core that they share.

    Nothing where the system does not tell (it does on Linux).
    """
    if not hasattr(os, "sched_getaffinity"):
        return []
    found: dict[str, list[int]] = {}
    for processor in sorted(os.sched_getaffinity(0)):
        siblings = topology / f"cpu{processor}" / "topology" / "thread_siblings_list"
        if not siblings.is_file():
            return []
        found.setdefault(siblings.read_text(), []).append(processor)
    return list(found.values())


def _affinities(threads: int) -> str:
    """The processors of each thread but the first, which is the caller's; "" for no preference.

    Counted from 1, as ONNX Runtime does: "3,4;5,6".
    """
    groups = cores()
    if threads != len(groups) or all(len(group) == 1 for group in groups):
        return ""
    return ";".join(",".join(str(processor + 1) for processor in group) for group in groups[1:])
