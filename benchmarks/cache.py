"""What a cache of keys and values costs in memory, in fp32 and in INT8, and what INT8 changes.

    python -m benchmarks.cache --json benchmarks/results/cache.json

Reads 2,048 and 8,192 tokens in fresh processes, and completes lines of Starlette, Click and Rich
with both caches. The models have to be installed.
"""

import multiprocessing
import random
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.sources import CLICK, RICH, STARLETTE, source
from lsp_server.commands.terminal import JsonFile, megabytes, write_json
from lsp_server.machine import describe
from model.cache import change_cache
from model.decoder import CHUNK, Decoder
from model.generate import Limits
from model.language_model import LanguageModel, Prompt
from model.providers import open_session
from model.store import path_of

MODELS = "smollm2-135m,qwen2.5-coder-0.5b"
LENGTHS = "2048,8192"
ANSWER = 16  # tokens
PREFIX_LINES, SUFFIX_LINES = 48, 12

LEAST_SAVED, LEAST_SAME, MOST_RESIDENT = 0.35, 0.95, 2_000_000_000


def main(
    cases: Annotated[int, typer.Option(help="How many lines to complete.")] = 100,
    models: Annotated[str, typer.Option(help="Installed models.")] = MODELS,
    lengths: Annotated[
        str, typer.Option(help="Tokens to read, INT8's saving at the first.")
    ] = LENGTHS,
    json: JsonFile = None,
) -> None:
    """Prints the figures as a table."""
    tokens = [int(length) for length in lengths.split(",")]
    results = {name: measure(name, cases, tokens) for name in models.split(",")}
    show(results)
    write_json(json, {"models": results, "cases": cases, "machine": describe()})


def measure(name: str, cases: int, lengths: list[int]) -> dict[str, Any]:
    """Memory in bytes by cache and length, and the share of lines that INT8 leaves as they are."""
    folder = path_of(name)
    with tempfile.TemporaryDirectory() as place:
        small = Path(shutil.copytree(folder, Path(place) / name))
        change_cache(small, "int8", max(lengths))
        memory = {
            cache: {str(length): in_fresh_process(where, length) for length in lengths}
            for cache, where in (("fp32", folder), ("int8", small))
        }
        same = agreement(name, folder, small, cases)
    growth = {cache: of[str(lengths[0])]["cache"] for cache, of in memory.items()}
    saved = 1 - growth["int8"] / growth["fp32"]
    return {"memory": memory, "saved": round(saved, 3), "same": round(same, 3)}


def in_fresh_process(folder: Path, length: int) -> dict[str, int]:
    """What `resident` says in a process that did nothing else."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(resident, folder, length).result()


def resident(folder: Path, length: int) -> dict[str, int]:
    """Bytes resident at most while `length` tokens are read, and what of it the cache brought.

    What is there after a first short run counts as the model's, not the cache's.
    """
    process = psutil.Process()
    session = open_session(folder / "model.onnx")
    Decoder(session, CHUNK).extend([1] * CHUNK)
    before = peak = process.memory_info().rss
    decoder = Decoder(session, length)
    for start in range(0, length, CHUNK):
        decoder.extend([1 + (start + place) % 1000 for place in range(CHUNK)])
        peak = max(peak, process.memory_info().rss)
    return {"peak": peak, "cache": peak - before}


def agreement(name: str, plain: Path, small: Path, count: int) -> float:
    """The share of lines that are completed alike with both caches."""
    models = [LanguageModel(name, folder) for folder in (plain, small)]
    prompts = random.Random(1).sample(list(places()), count)
    same = 0
    for prompt in track(prompts, f"Completing with {name}", transient=True):
        limits = Limits(tokens=ANSWER)
        first, second = (model.complete(prompt, limits=limits).text for model in models)
        same += first == second
    return same / count


def places() -> Iterator[Prompt]:
    """Lines of the reserved repositories, each cut in its middle."""
    for requirement in (STARLETTE, CLICK, RICH):
        root = source(requirement)
        for path in sorted(root.rglob("*.py")):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            for number, line in enumerate(lines):
                text = line.rstrip()
                if len(text.strip()) < 12:
                    continue
                cut = len(text) - len(text.strip()) // 2
                after = lines[number + 1 : number + 1 + SUFFIX_LINES]
                yield Prompt(
                    excerpts=(),
                    path=path.relative_to(root).as_posix(),
                    prefix="".join(lines[max(0, number - PREFIX_LINES) : number]),
                    suffix="".join(["\n", *after]),
                    typed=text[:cut],
                )


def show(results: dict[str, dict[str, Any]]) -> None:
    """The figures as a table, and what was asked of them."""
    table = Table("model", "cache", "tokens", "cache takes", "process at most")
    for name, result in results.items():
        for cache, lengths in result["memory"].items():
            for length, of in lengths.items():
                table.add_row(name, cache, length, megabytes(of["cache"]), megabytes(of["peak"]))
    console = Console()
    console.print(table)
    for name, result in results.items():
        highest = max(of["peak"] for cache in result["memory"].values() for of in cache.values())
        judge(console, f"{name}: INT8 saves {result['saved']:.0%}", result["saved"] >= LEAST_SAVED)
        judge(console, f"{name}: {result['same']:.0%} same", result["same"] >= LEAST_SAME)
        judge(console, f"{name}: {megabytes(highest)} at most", highest <= MOST_RESIDENT)


def judge(console: Console, what: str, good: bool) -> None:
    """One line: what was found, and whether it is what was asked for."""
    console.print(f"{what}: {'as asked for' if good else 'short of what was asked for'}")


if __name__ == "__main__":
    typer.run(main)
