"""What a cache of keys and values costs in memory, in fp32 and in INT8, and what INT8 changes.

    python -m benchmarks.cache --json benchmarks/results/cache.json

Reads 2,048 and 8,192 tokens in fresh processes, and completes lines of Starlette, Click and Rich
with both caches. The models have to be installed.

Quantized products round their inputs, too, so that the least change of an input can become a change
of the answer. How often INT8 answers alike is therefore measured with fp32 weights, where only the
cache differs, and with the installed weights, beside what rounding alone changes there: the same
model with ONNX Runtime's other attention kernel, which sums in another order.
"""

import json as json_format
import multiprocessing
import os
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
from model.bench import SOURCE
from model.cache import change_cache
from model.convert import convert
from model.decoder import CHUNK, Decoder
from model.generate import Limits
from model.language_model import LanguageModel, Prompt
from model.providers import open_session
from model.store import path_of

MODELS = "smollm2-135m,qwen2.5-coder-0.5b"
LENGTHS = "2048,8192"
ANSWER = 16  # tokens
NOT_TILED = "ORT_GQA_DISABLE_FLASH_ATTENTION"
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
    """Memory in bytes by cache and length, and the shares of lines that stay as they are."""
    folder = path_of(name)
    prompts = random.Random(1).sample(list(places()), cases)
    with tempfile.TemporaryDirectory() as place:
        small = with_int8_cache(folder, Path(place) / "small")
        memory = {
            cache: {str(length): in_fresh_process(where, length) for length in lengths}
            for cache, where in (("fp32", folder), ("int8", small))
        }
        exact = Path(place) / "exact"
        exact.mkdir()
        convert(folder / SOURCE, exact, "fp32")
        plain = answers(folder, prompts)
        same = {
            "int8, fp32 weights": share(
                answers(exact, prompts),
                answers(with_int8_cache(exact, Path(place) / "exact-small"), prompts),
            ),
            "int8, installed weights": share(plain, answers(small, prompts)),
            "rounding, installed weights": share(plain, answers(folder, prompts, tiled=False)),
        }
    growth = {cache: of[str(lengths[0])]["cache"] for cache, of in memory.items()}
    saved = 1 - growth["int8"] / growth["fp32"]
    return {"memory": memory, "saved": round(saved, 3), "same": same}


def with_int8_cache(folder: Path, copy: Path) -> Path:
    """A copy of a converted model whose cache is INT8."""
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(SOURCE))
    about = json_format.loads((copy / "model.json").read_text())
    change_cache(copy, "int8", about["context"])
    return copy


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


def answers(folder: Path, prompts: list[Prompt], *, tiled: bool = True) -> list[str]:
    """What a model makes of each line, greedily; `tiled` has the usual attention kernel."""
    if not tiled:
        os.environ[NOT_TILED] = "1"  # read when a session is made
    try:
        model = LanguageModel(folder.name, folder)
    finally:
        os.environ.pop(NOT_TILED, None)
    limits = Limits(tokens=ANSWER)
    return [
        model.complete(prompt, stop=line_end, limits=limits).text
        for prompt in track(prompts, f"Completing with {folder.name}", transient=True)
    ]


def line_end(text: str) -> int | None:
    """Where the line is over."""
    return text.index("\n") if "\n" in text else None


def share(first: list[str], second: list[str]) -> float:
    """The share of equal answers."""
    return round(sum(map(str.__eq__, first, second)) / len(first), 3)


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
        same = result["same"]
        exact, installed = same["int8, fp32 weights"], same["int8, installed weights"]
        judge(console, f"{name}: {exact:.0%} alike with fp32 weights", exact >= LEAST_SAME)
        console.print(
            f"{name}: {installed:.0%} alike with the installed weights, where rounding alone "
            f"leaves {same['rounding, installed weights']:.0%}"
        )
        judge(console, f"{name}: {megabytes(highest)} at most", highest <= MOST_RESIDENT)


def judge(console: Console, what: str, good: bool) -> None:
    """One line: what was found, and whether it is what was asked for."""
    console.print(f"{what}: {'as asked for' if good else 'short of what was asked for'}")


if __name__ == "__main__":
    typer.run(main)
