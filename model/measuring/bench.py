"""Measures installed models, each beside llama.cpp on the same weights, in turn in one run.

Each program runs in a process of its own, so that its memory can be told from the other's.
"""

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any, Literal, ParamSpec, TypeVar

import psutil

from model import language_model
from model.decoder import CHUNK
from model.measuring import peer
from model.measuring.speed import CAPACITY, Speeds, Subject, bits_per_byte, measure
from model.progress import Progress, unseen
from model.providers import physical_cores
from model.store import SOURCE, installed, path_of, usable

SPEEDS = tuple(field.name for field in fields(Speeds))
"""The names of what is timed."""

Program = Literal["bowerbird", "llama.cpp"]

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class BenchError(Exception):
    """A model cannot be measured; the message says why."""


@dataclass(frozen=True)
class Result:
    """What was measured of one model in one program."""

    model: str
    program: Program
    precision: str
    """The recipe it was converted with, or llama.cpp's name for how the file is quantized."""
    threads: int
    disk_bytes: int
    """Of the files that it runs from."""
    resident_bytes: int
    """Memory of the whole process after the rounds, pages of mapped files included."""
    bits_per_byte: float
    rounds: tuple[Speeds, ...]

    @property
    def speeds(self) -> Speeds:
        """The median of each speed over the rounds."""
        return Speeds(
            **{name: median(getattr(each, name) for each in self.rounds) for name in SPEEDS}
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON; `medians` are over `rounds`."""
        return asdict(self) | {"medians": asdict(self.speeds)}


def pairs(results: Sequence[Result]) -> Iterator[tuple[Result, Result | None]]:
    """Each of our results with llama.cpp's of the same run, where there is one."""
    theirs = {result.model: result for result in results if result.program == "llama.cpp"}
    for ours in results:
        if ours.program == "bowerbird":
            yield ours, theirs.get(ours.model)


def ratios(ours: Result, theirs: Result) -> dict[str, float]:
    """How many times as fast ours is, by the name of what is timed: medians of one run."""
    return {name: getattr(ours.speeds, name) / getattr(theirs.speeds, name) for name in SPEEDS}


def variants(name: str) -> list[str]:
    """Installed models: `name` and those made from it, whose names begin with it and a dash."""
    return [other for other in usable() if other == name or other.startswith(f"{name}-")]


def source_of(name: str) -> Path | None:
    """The GGUF file of a model: beside it, or beside the installed model it was quantized from."""
    origins = [origin for origin in installed() if name in variants(origin)]
    files = [path_of(origin) / SOURCE for origin in sorted(origins, key=len, reverse=True)]
    return next((file for file in files if file.is_file()), None)


def why_alone(name: str) -> str | None:
    """Why a model is not compared with llama.cpp, in a sentence; None when it can be.

    Raises StoreError when the model is not installed.
    """
    path_of(name)
    if not peer.is_installed():
        return (
            "llama.cpp is left out, because llama-cpp-python is not installed: "
            "`pip install 'bowerbird[bench]'` compiles it."
        )
    if source_of(name) is None:
        return f"llama.cpp is left out beside {name}, which has no {SOURCE} for it to run."
    return None


def bench(name: str, *, rounds: int, progress: Progress = unseen) -> list[Result]:
    """Measures an installed model and, unless `why_alone` has a reason, llama.cpp beside it.

    They run on the same number of threads, in turn, after a first round that does not count.
    Raises StoreError, ModelError, PeerError and BenchError.
    """
    source = None if why_alone(name) else source_of(name)
    files = [None, source] if source else [None]
    with ExitStack() as stack:
        processes = [stack.enter_context(_process()) for _ in files]
        for process, file in zip(processes, files, strict=True):
            _ask(process, _load, name, file)
        turns = []
        for turn in range(1 + rounds):
            progress(turn, 2 + rounds, f"Measuring {name}")
            turns.append([_ask(process, _measure) for process in processes])
        progress(1 + rounds, 2 + rounds, f"Measuring {name}")
        columns = zip(*turns[1:], strict=True)
        return [
            _ask(process, _result, name, file, column)
            for process, file, column in zip(processes, files, columns, strict=True)
        ]


def _process() -> ProcessPoolExecutor:
    """A process of its own; a forked one would begin with this one's memory."""
    return ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"))


def _ask(
    process: ProcessPoolExecutor,
    function: Callable[Arguments, Answer],
    *arguments: Arguments.args,
    **options: Arguments.kwargs,
) -> Answer:
    """Calls a function in the process and waits for its answer."""
    try:
        return process.submit(function, *arguments, **options).result()
    except BrokenProcessPool as error:
        raise BenchError(
            "The process that was measured ended, perhaps for want of memory."
        ) from error


# What runs in the process. It has one model, which outlives the calls: ours, or llama.cpp's where
# they are given a GGUF file.

_loaded: list[Subject] = []


def _load(name: str, file: Path | None) -> None:
    if file:
        llama = peer.LlamaCpp(file, physical_cores(), language_model.CAPACITY)
        _loaded.append(Subject(llama.encode, llama, peer.CHUNK))
        return
    model = language_model.load_model(name, threads=physical_cores())
    if model.decoder.capacity < CAPACITY:
        raise BenchError(
            f"{name} keeps {model.decoder.capacity} tokens; {CAPACITY} are needed to measure it."
        )
    _loaded.append(Subject(model.tokenizer.encode, model.decoder, CHUNK))


def _measure() -> Speeds:
    return measure(_loaded[0])


def _result(name: str, file: Path | None, rounds: tuple[Speeds, ...]) -> Result:
    resident = psutil.Process().memory_info().rss  # before the logits of whole texts fill it
    folder = path_of(name)
    ours = [path for path in folder.rglob("*") if path.is_file() and path.name != SOURCE]
    recipe: str = json.loads((folder / "model.json").read_text())["recipe"]
    return Result(
        model=name,
        program="llama.cpp" if file else "bowerbird",
        precision=peer.quantization(file) if file else recipe,
        threads=physical_cores(),
        disk_bytes=sum(path.stat().st_size for path in ([file] if file else ours)),
        resident_bytes=resident,
        bits_per_byte=bits_per_byte(_loaded[0]),
        rounds=rounds,
    )
