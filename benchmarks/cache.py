"""What a cache of keys and values costs in memory, in fp32 and in INT8.

    python -m benchmarks.cache qwen2.5-coder-0.5b

Reads 2,048 and 8,192 tokens in fresh processes, with both graphs of the model as the product does.
What INT8 changes in answers is measured by `cache_answers.py`.
"""

import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.cache_answers import judge, with_int8_cache
from benchmarks.installed import folder_of
from lsp_server.commands.terminal import JsonFile, megabytes, write_json
from lsp_server.machine import describe
from model.decoder import CHUNK, Decoder
from model.providers import open_session
from model.reading import open_reader

LENGTHS = (2048, 8192)  # tokens; INT8's saving is that at the first
LEAST_SAVED, MOST_RESIDENT = 0.35, 2_000_000_000


def main(
    name: Annotated[str, typer.Argument(help="An installed model.")],
    json: JsonFile = None,
) -> None:
    """Prints the figures as a table."""
    folder = folder_of(name)
    with tempfile.TemporaryDirectory() as place:
        os.environ["BOWERBIRD_HOME"] = place  # the second graph of the copy is not to stay
        small = with_int8_cache(folder, Path(place) / "small")
        memory = {"fp32": in_fresh_process(folder), "int8": in_fresh_process(small)}
    growth = {cache: of[str(LENGTHS[0])]["cache"] for cache, of in memory.items()}
    results = {"memory": memory, "saved": round(1 - growth["int8"] / growth["fp32"], 3)}
    show(name, results)
    path = json or Path(__file__).with_name("results") / f"cache-{name}.json"
    write_json(path, {"model": name, **results, "machine": describe()})


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
    """The figures as a table, and what was asked of them."""
    table = Table("cache", "tokens", "cache takes", "process at most", title=name)
    for cache, lengths in results["memory"].items():
        for length, of in lengths.items():
            table.add_row(cache, length, megabytes(of["cache"]), megabytes(of["peak"]))
    console = Console()
    console.print(table)
    highest = max(of["peak"] for cache in results["memory"].values() for of in cache.values())
    judge(console, f"INT8 saves {results['saved']:.0%}", results["saved"] >= LEAST_SAVED)
    judge(console, f"{megabytes(highest)} at most", highest <= MOST_RESIDENT)


if __name__ == "__main__":
    typer.run(main)
