"""Which recipe suits this machine, and why, in a line."""

import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
import onnx
import onnxruntime as ort
import psutil
from onnx import TensorProto, helper

from model.checkpoint import open_checkpoint
from model.fitting.plan import weights_of
from model.graph_writer import GraphWriter
from model.products import multiply, store
from model.providers import CPU, best_provider, liking, open_session, short_name
from model.quantize import stored_as
from model.reading_graph import LARGEST
from model.recipes import INT4, INT8_CHANNELS, Precision

# Without one of these ONNX Runtime multiplies 8 bits by 8 bits with an instruction whose sums of
# two products can overflow 16 bits, so that answers change.
# https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
_EXACT_8_BITS = {"avx_vnni", "avx512_vnni", "amx_int8", "asimddp", "i8mm"}

_ROWS, _COLUMNS = 4096, 1024
_READ_AT_ONCE = 64
_PROMPT, _WRITTEN = 256, 12  # tokens of a usual request: what is new of the prompt, and the answer
_MEMORY_SHARE = 4  # a model may take a quarter of what is free


@dataclass(frozen=True)
class Speed:
    """Seconds that a matrix of a million weights takes."""

    reading: float  # a token of a prompt
    writing: float  # a token of an answer

    @property
    def request(self) -> float:
        """Seconds of a usual request, for each million weights."""
        return _PROMPT * self.reading + _WRITTEN * self.writing


def choose(
    weights: int,
    instruction_sets: Collection[str],
    free_memory: int,
    speed_of: Callable[[Precision], Speed],
    *,
    reads_at_8_bits: bool,
) -> tuple[str, str]:
    """The recipe for a model of so many weights on a processor, and the reason as a sentence.

    `free_memory` in bytes; `speed_of` measures a precision, as `speed_here` does.
    `reads_at_8_bits`: whether a second graph reads prompts where the first has 4 bits.
    """
    if weights * _MEMORY_SHARE > free_memory:
        return "mixed", (
            f"mixed, since {free_memory / 1e9:.1f} GB of free memory leave little room for "
            f"{weights / 1e6:,.0f} million weights at 8 bits."
        )
    if not _EXACT_8_BITS.intersection(instruction_sets):
        return "int4", "int4, since this processor has no exact product of 8-bit numbers."
    at_4, at_8 = speed_of(INT4), speed_of(INT8_CHANNELS)
    if reads_at_8_bits:
        at_4 = replace(at_4, reading=at_8.reading)
    small, large = (1000 * weights / 1e6 * speed.request for speed in (at_4, at_8))
    best = "int8" if large < small else "int4"
    return best, (
        f"{best}, since {_PROMPT} tokens read and {_WRITTEN} written take about {large:,.0f} ms "
        f"at 8 bits and {small:,.0f} ms at 4 bits here."
    )


def choose_here(source: Path, instruction_sets: Collection[str]) -> tuple[str, str]:
    """`choose` for a model on this machine: by its provider, or by measuring its processor."""
    provider = best_provider()
    if provider != CPU:
        recipe = liking().recipe
        return recipe, f"{recipe}, which {short_name(provider)} runs best."
    shape = open_checkpoint(source).shape
    weights, table = weights_of(shape), shape.vocabulary * shape.hidden
    free = psutil.virtual_memory().available
    apart = weights - table <= LARGEST
    return choose(weights, instruction_sets, free, speed_here, reads_at_8_bits=apart)


def speed_here(precision: Precision) -> Speed:
    """Measures a product at a precision, in a fraction of a second."""
    weight = np.random.default_rng(1).standard_normal((_ROWS, _COLUMNS)).astype(np.float32)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "product.onnx"
        with Path(f"{path}.data").open("wb") as data:
            graph = GraphWriter(f"{path.name}.data", data)
            matrix = stored_as(weight, precision)
            store(graph, "matrix", matrix)
            output = multiply(graph, "matrix", "input", matrix)
        value = helper.make_tensor_value_info
        inputs = [value("input", TensorProto.FLOAT, ["n", _COLUMNS])]
        outputs = [value(output, TensorProto.FLOAT, ["n", _ROWS])]
        onnx.save(graph.model("product", inputs, outputs), path)
        session = open_session(path, providers=[CPU])
        return Speed(_seconds(session, _READ_AT_ONCE), _seconds(session, 1))


def _seconds(session: ort.InferenceSession, rows: int) -> float:
    """For each row and a million weights."""
    times = []
    for _ in range(20):
        started = time.perf_counter()
        session.run(None, {"input": np.ones((rows, _COLUMNS), np.float32)})
        times.append(time.perf_counter() - started)
    return median(times) / rows / (_ROWS * _COLUMNS / 1e6)
