"""How fast a model is with AVX-512, with AVX2 and AVX-VNNI, and with AVX2 alone.

    python -m benchmarks.instruction_sets smollm2-135m --json FILE

ONNX Runtime chooses its kernels by the processor, and has no switch; `hide_avx512.c` changes what
the processor says. Needs a C compiler, and Linux on an Intel processor with `cpuid_fault`. One
thread.
"""

import json as json_format
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from lsp_server.commands.terminal import JsonFile, write_json
from lsp_server.machine import describe
from model.language_model import load_model

TOKENS, STEPS, ROUNDS = 512, 32, 4
SETS: dict[str, tuple[str, ...] | None] = {
    "AVX-512": None,
    "AVX2 and AVX-VNNI": (),
    "AVX2": ("-DHIDE_VNNI",),
}
"""By name, how the library that hides the rest is compiled."""


def main(
    name: Annotated[str, typer.Argument(help="An installed model.")],
    here: Annotated[bool, typer.Option(hidden=True)] = False,
    json: JsonFile = None,
) -> None:
    """Prints tokens a second, read and written, with each instruction set."""
    if here:
        print(json_format.dumps(measured(name)))
        return
    results = {each: in_fresh_process(name, flags) for each, flags in SETS.items()}
    for each, speeds in results.items():
        print(f"{each:20} reads {speeds['prefill']:6.0f}, writes {speeds['decode']:5.1f} tokens/s")
    write_json(json, {"model": name, "results": results, "machine": describe()})


def in_fresh_process(name: str, flags: tuple[str, ...] | None) -> dict[str, float]:
    """The speeds in a process that sees what `flags` leave of the processor."""
    command = [sys.executable, "-m", "benchmarks.instruction_sets", name, "--here"]
    with tempfile.TemporaryDirectory() as place:
        hidden = {} if flags is None else hiding(flags, Path(place))
        done = subprocess.run(command, env=os.environ | hidden, check=True, stdout=subprocess.PIPE)
    speeds: dict[str, float] = json_format.loads(done.stdout)
    return speeds


def hiding(flags: tuple[str, ...], place: Path) -> dict[str, str]:
    """The variables of a process from which a library, compiled here, hides instruction sets."""
    library = place / "hide.so"
    source = Path(__file__).with_name("hide_avx512.c")
    build = ["cc", "-O1", "-shared", "-fPIC", *flags, "-o", str(library), str(source)]
    subprocess.run(build, check=True)
    return {"LD_PRELOAD": str(library)}


def measured(name: str) -> dict[str, float]:
    """Medians of the tokens a second while a prompt is read, and behind its half written."""
    model = load_model(name, threads=1)
    tokens = model.tokenizer.encode(Path(os.__file__).read_text(encoding="utf-8"))[:TOKENS]
    decoder = model.decoder

    def read() -> float:
        decoder.clear()
        started = time.perf_counter()
        for start in range(0, TOKENS, 64):
            decoder.extend(tokens[start : start + 64])
        return TOKENS / (time.perf_counter() - started)

    def write() -> float:
        decoder.rewind(TOKENS // 2)
        started = time.perf_counter()
        for token in tokens[TOKENS // 2 :][:STEPS]:
            decoder.extend([token])
        return STEPS / (time.perf_counter() - started)

    read()
    prefill = median(read() for _ in range(ROUNDS))
    return {"prefill": prefill, "decode": median(write() for _ in range(ROUNDS))}


if __name__ == "__main__":
    typer.run(main)
