"""What a cache of keys and values costs in memory, in fp32 and in INT8, and what INT8 changes.

    python -m benchmarks.cache smollm2-135m

Reads 2,048 and 8,192 tokens in fresh processes, with both graphs of the model as the product does,
and ends lines of Starlette, Click and Rich behind prompts of some 2,048 tokens (`cache_answers.py`)
with either cache. Takes ten minutes on one core for a hundred lines with SmolLM2-135M.

Quantized products round their inputs, too, so that the least change of an input can become a change
of the answer. `--explain` therefore measures also what rounding alone changes: the same model with
ONNX Runtime's other attention kernel, which sums in another order; and what INT8 changes with
weights in fp32, where only the cache differs.
"""

import json as json_format
import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.cache_answers import PROMPT, compare, lines, opened
from lsp_server.commands.terminal import JsonFile, fail, megabytes, progress_bar, write_json
from lsp_server.machine import describe
from model.cache import change_cache
from model.convert import convert
from model.decoder import CHUNK, Decoder
from model.progress import Progress
from model.providers import open_session
from model.reading import open_reader
from model.store import SOURCE, StoreError, path_of

LENGTHS = (PROMPT, 8192)

LEAST_SAVED, LEAST_SAME, MOST_RESIDENT = 0.35, 0.95, 2_000_000_000


def main(
    name: Annotated[str, typer.Argument(help="An installed model.")],
    cases: Annotated[int, typer.Option(min=1, help="How many lines to end.")] = 100,
    explain: Annotated[bool, typer.Option(help="Rounding alone, and fp32 weights, too.")] = False,
    json: JsonFile = None,
) -> None:
    """Prints the figures as tables."""
    try:
        folder = path_of(name)
    except StoreError as error:
        fail(str(error))
    with tempfile.TemporaryDirectory() as place, progress_bar() as progress:
        # The second graphs of models that are made here are not to stay.
        os.environ["BOWERBIRD_HOME"] = place
        results = measure(folder, Path(place), cases, explain, progress)
    show(name, results)
    path = json or Path(__file__).with_name("results") / f"cache-{name}.json"
    write_json(path, {"model": name, **results, "machine": describe()})


def measure(
    folder: Path, work: Path, cases: int, explain: bool, progress: Progress
) -> dict[str, Any]:
    """Memory in bytes by cache and length, and how the lines compare; `work` is for copies."""
    small = with_int8_cache(folder, work / "small")
    memory = {
        cache: in_fresh_process(where) for cache, where in (("fp32", folder), ("int8", small))
    }
    chosen = lines(cases)
    others = {"INT8": opened(small)}
    if explain:
        others["rounding alone"] = opened(folder, tiled=False)
    compared = compare(opened(folder), others, chosen, progress)
    if explain:
        whole = work / "exact"
        whole.mkdir()
        convert(folder / SOURCE, whole, "fp32")
        others = {"INT8, weights in fp32": opened(with_int8_cache(whole, work / "exact-small"))}
        compared |= compare(opened(whole), others, chosen, progress)
    growth = {cache: of[str(PROMPT)]["cache"] for cache, of in memory.items()}
    saved = round(1 - growth["int8"] / growth["fp32"], 3)
    return {
        "memory": memory,
        "saved": saved,
        "compared": {name: asdict(comparison) for name, comparison in compared.items()},
    }


def with_int8_cache(folder: Path, copy: Path) -> Path:
    """A copy of a converted model whose cache is INT8."""
    copytree(folder, copy, ignore=ignore_patterns(SOURCE))
    about = json_format.loads((copy / "model.json").read_text())
    change_cache(copy, "int8", about["context"])
    return copy


def in_fresh_process(folder: Path) -> dict[str, dict[str, int]]:
    """What `resident` says in a process that did nothing else."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(resident, folder).result()


def resident(folder: Path) -> dict[str, dict[str, int]]:
    """By how many tokens were read: bytes resident at most, and what of it the cache brought.

    What is there after a first short run counts as the model's, not the cache's.
    """
    session = open_session(folder / "model.onnx")
    reader = open_reader(folder / "model.onnx", session)
    Decoder(session, CHUNK, reader=reader).extend([1] * CHUNK)
    before = psutil.Process().memory_info().rss
    forget_peak()
    decoder, peak = Decoder(session, LENGTHS[-1], reader=reader), before
    found = {}
    for start in range(0, LENGTHS[-1], CHUNK):
        decoder.extend([1 + (start + place) % 1000 for place in range(CHUNK)])
        peak = max(peak, resident_at_most())
        if start + CHUNK in LENGTHS:
            found[str(start + CHUNK)] = {"peak": peak, "cache": peak - before}
    return found


def forget_peak() -> None:
    """Lets `resident_at_most` count from now on, where the system has it (Linux, proc(5))."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def resident_at_most() -> int:
    """Bytes that were resident at most, copies within a run included; elsewhere those of now."""
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])
    return int(psutil.Process().memory_info().rss)


def show(name: str, results: dict[str, Any]) -> None:
    """The figures as tables, and what was asked of them."""
    table = Table("cache", "tokens", "cache takes", "process at most", title=name)
    for cache, lengths in results["memory"].items():
        for length, of in lengths.items():
            table.add_row(cache, length, megabytes(of["cache"]), megabytes(of["peak"]))
    console = Console()
    console.print(table)
    table = Table("what differs", "lines", "same tokens", "same text", "margins where not")
    for what, found in results["compared"].items():
        margins = ", ".join(f"{margin:.2f}" for margin in sorted(found["margins"]))
        shares = (f"{found[kind] / found['lines']:.1%}" for kind in ("same_tokens", "same_text"))
        table.add_row(what, str(found["lines"]), *shares, margins)
    console.print(table)
    highest = max(of["peak"] for cache in results["memory"].values() for of in cache.values())
    same = results["compared"]["INT8"]["same_tokens"] / results["compared"]["INT8"]["lines"]
    judge(console, f"INT8 saves {results['saved']:.0%}", results["saved"] >= LEAST_SAVED)
    judge(console, f"{same:.1%} the same in every token", same >= LEAST_SAME)
    judge(console, f"{megabytes(highest)} at most", highest <= MOST_RESIDENT)


def judge(console: Console, what: str, good: bool) -> None:
    """One line: what was found, and whether it is what was asked for."""
    console.print(f"{what}: {'as asked for' if good else 'short of what was asked for'}")


if __name__ == "__main__":
    typer.run(main)
