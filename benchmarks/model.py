"""What our models cost, beside llama.cpp on the same weights and threads, in turn in one run.

    bowerbird model quantize qwen2.5-coder-0.5b --recipe mixed
    python -m benchmarks.model

Writes every figure to results/model.json and a picture to docs/model-bench.png, and says whether
the better model, by each recipe, keeps the speed we promise. The models must be installed, and so
must `bowerbird[bench]`. Nothing else may run on the machine meanwhile.
"""

from pathlib import Path
from typing import Any

import typer

from lsp_server.commands.model_bench import PlotFile, Rounds, measure
from lsp_server.commands.terminal import JsonFile, write_json
from lsp_server.machine import describe
from model.measuring.bench import Result, pairs, ratios

BETTER = ("qwen2.5-coder-0.5b", "qwen2.5-coder-0.5b-mixed")
MODELS = (*BETTER, "smollm2-135m", "nestling")

PROMISED = {"prefill": 3.0, "decode_256": 1.5, "decode_1024": 1.5}
"""How many times as fast as llama.cpp Q4_K_M the better model is meant to be."""


def main(
    rounds: Rounds = 5,
    plot: PlotFile = Path("docs/model-bench.png"),
    json: JsonFile = Path("benchmarks/results/model.json"),
) -> None:
    """Measures the models and prints the figures."""
    results = measure(list(MODELS), rounds=rounds, plot=plot)
    found = promises(results)
    for promise in found:
        line = "{model}, {speed}: {ratio:.2f} times llama.cpp, {promised} promised"
        typer.echo(line.format(**promise))
    rows = [result.as_dict() for result in results]
    write_json(json, {"results": rows, "promises": found, "machine": describe()})


def promises(results: list[Result]) -> list[dict[str, Any]]:
    """What was promised of the better model and what was found, if llama.cpp was there."""
    return [
        {
            "model": ours.model,
            "speed": speed,
            "promised": promised,
            "ratio": round(ratios(ours, theirs)[speed], 2),
        }
        for ours, theirs in pairs(results)
        if theirs and ours.model in BETTER
        for speed, promised in PROMISED.items()
    ]


if __name__ == "__main__":
    typer.run(main)
