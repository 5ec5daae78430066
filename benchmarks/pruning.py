"""What a model loses without its least important layers, or with half of their heads.

    python -m benchmarks.pruning smollm2-135m

The importance of a layer, and of a head of attention in the layers that matter least, is what
leaving it out adds to the bits per byte of Python; the table is measured on other text, four times
as much. Nothing is trained afterwards, so the figures are where a retraining would begin. Takes two
minutes on one core for SmolLM2-135M and one text.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.installed import folder_of
from lsp_server.commands.terminal import JsonFile, fail, progress_bar, write_json
from model.checkpoint import open_checkpoint
from model.fitting.importance import (
    Change,
    importance_of_heads,
    importance_of_layers,
    silencing,
    skipping,
    together,
)
from model.fitting.layerwise import Tokens
from model.fitting.sample_text import Use, token_sequences
from model.progress import Progress
from model.store import SOURCE
from model.tokenizer import CodeTokenizer, build_tokenizer

COUNTS = (1, 2, 4, 8)  # layers that are changed
UNSEEN = 4  # times as much text is what the table is measured on


def main(
    name: Annotated[str, typer.Argument(help="An installed model with its source.")],
    sequences: Annotated[
        int, typer.Option(min=1, help="Texts that importance is measured on.")
    ] = 1,
    length: Annotated[int, typer.Option(min=2, help="Tokens of each text.")] = 256,
    json: JsonFile = None,
) -> None:
    """Prints the bits per byte that each change adds."""
    source = folder_of(name) / SOURCE
    if not source.exists():
        fail(f"{name} has no {SOURCE} to be looked into.")
    with progress_bar() as progress:
        results = measured(source, sequences, length, progress)
    show(name, results)
    path = json or Path(__file__).with_name("results") / f"pruning-{name}.json"
    tokens = sequences * length
    about = {"model": name, "tokens_for_importance": tokens, "tokens": UNSEEN * tokens}
    write_json(path, {**about, **results})


def measured(source: Path, sequences: int, length: int, progress: Progress) -> dict[str, Any]:
    """The importance of every part, and the bits per byte of the versions without some."""
    checkpoint = open_checkpoint(source)
    tokenizer = CodeTokenizer(build_tokenizer(checkpoint.vocabulary))

    def texts(use: Use, count: int) -> Tokens:
        return np.array(token_sequences(tokenizer.encode, use, count=count, length=length))

    known, unseen = texts("calibration", sequences), texts("evaluation", UNSEEN * sequences)

    def step(done: int, total: int) -> None:
        progress(done, total, "reading")

    layers = importance_of_layers(checkpoint, known, step)
    order = sorted(range(len(layers)), key=layers.__getitem__)
    heads = importance_of_heads(checkpoint, known, order[: max(COUNTS)], step)
    scores = together(checkpoint, unseen, versions(order, heads), step)
    size = np.mean([len(tokenizer.bytes_of[token]) for token in unseen[:, 1:].ravel()])
    return {
        "bits_a_token_without_layer": layers,
        "bits_a_token_without_head": heads,
        "bits_per_byte": {name or "whole": each.bits / size for name, each in scores.items()},
        "agreement": {name or "whole": each.agreement for name, each in scores.items()},
    }


def versions(order: list[int], heads: dict[int, list[float]]) -> dict[str, Change]:
    """Without the least important layers, and with half the heads (rounded down) in them.

    `order`: the layers, least important first; `heads`: the importance of each of theirs.
    """
    made: dict[str, Change] = {}
    for count in [count for count in COUNTS if count < len(order)]:
        chosen = order[:count]
        least = {n: np.argsort(heads[n])[: len(heads[n]) // 2].tolist() for n in chosen}
        made[f"{count} layers left out"] = skipping(chosen)
        made[f"half the heads of {count} layers"] = silencing(least)
    return made


def show(name: str, results: dict[str, Any]) -> None:
    """The figures as a table."""
    table = Table("", "bits a byte", "added", "most probable token as before", title=name)
    whole = results["bits_per_byte"]["whole"]
    for version, bits in results["bits_per_byte"].items():
        agreement = results["agreement"][version]
        table.add_row(version, f"{bits:.4f}", f"{bits - whole:+.4f}", f"{agreement:.1%}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
