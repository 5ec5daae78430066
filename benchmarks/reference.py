"""Our graphs against the reference: transformers in fp32, with the weights of the same GGUF file.

    pip install 'bowerbird[reference]'
    python -m benchmarks.reference smollm2-135m

Both read the same pieces of Starlette, Click and Rich. fp32 has to say the same but for rounding;
for the other recipes the table says how often their most probable token is the reference's. The
figures are written after each recipe, as those that are fitted to code take minutes.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.installed import folder_of
from benchmarks.sources import CLICK, RICH, STARLETTE, source
from lsp_server.commands.terminal import JsonFile, fail, write_json
from lsp_server.machine import describe
from model.checkpoint import open_checkpoint
from model.convert import convert
from model.decoder import Decoder
from model.providers import open_session
from model.recipes import RECIPES
from model.store import SOURCE
from model.tokenizer import CodeTokenizer, build_tokenizer

LENGTH = 256  # tokens of a piece
WIDEST = 0.01  # difference of an fp32 logit that rounding may make; logits reach 20 and more

WHOLE = [name for name, recipe in RECIPES.items() if recipe.vocabulary is None]
"""The recipes that keep every token: other logits have no counterpart in the reference."""

Logits = NDArray[np.float32]


@dataclass(frozen=True)
class Agreement:
    """How near the logits of a recipe are to the reference's, over all positions."""

    largest_difference: float
    mean_difference: float
    same_best: float
    """The share of positions where the most probable token is the same."""


def main(
    name: Annotated[str, typer.Argument(help="An installed model with its source.")],
    recipes: Annotated[str, typer.Option(help="Precisions to compare.")] = ",".join(WHOLE),
    pieces: Annotated[int, typer.Option(min=1, help=f"Pieces of {LENGTH} tokens.")] = 8,
    json: JsonFile = None,
) -> None:
    """Prints the figures as a table."""
    if other := set(recipes.split(",")) - set(WHOLE):
        fail(f"{', '.join(sorted(other))} cannot be compared; choose of {', '.join(WHOLE)}.")
    gguf = folder_of(name) / SOURCE
    path = json or Path(__file__).with_name("results") / f"reference-{name}.json"
    about = {"model": name, "positions": pieces * LENGTH, "machine": describe()}
    results: dict[str, Agreement] = {}
    for recipe, found in compare(gguf, recipes.split(","), pieces):
        results[recipe] = found
        written = {recipe: asdict(agreement) for recipe, agreement in results.items()}
        write_json(path, {**about, "recipes": written})
    show(name, results)


def compare(gguf: Path, recipes: Sequence[str], pieces: int) -> Iterator[tuple[str, Agreement]]:
    """The agreement of each recipe."""
    tokenizer = CodeTokenizer(build_tokenizer(open_checkpoint(gguf).vocabulary))
    inputs = [tokenizer.encode(text)[:LENGTH] for text in texts(pieces)]
    reference = load_reference(gguf)
    expected = [logits_of(reference, tokens) for tokens in inputs]
    del reference
    for recipe in recipes:
        with tempfile.TemporaryDirectory() as place:
            convert(gguf, Path(place), recipe)
            decoder = Decoder(open_session(Path(place) / "model.onnx"), LENGTH)
            yield recipe, agree(decoder, inputs, expected)
            del decoder  # it has mapped files that are about to go


def agree(decoder: Decoder, inputs: list[list[int]], expected: list[Logits]) -> Agreement:
    """Compares the logits of every position, one piece at a time."""
    largest, means, same = 0.0, [], []
    for tokens, theirs in zip(inputs, expected, strict=True):
        decoder.rewind(0)
        ours = decoder.extend(tokens, logits=len(tokens))
        difference = np.abs(ours - theirs)
        largest = max(largest, float(difference.max()))
        means.append(float(difference.mean()))
        same.append(float((ours.argmax(axis=1) == theirs.argmax(axis=1)).mean()))
    return Agreement(largest, float(np.mean(means)), float(np.mean(same)))


def texts(count: int) -> Iterator[str]:
    """The beginnings of the longest modules of the repositories, in turn."""
    modules = [
        sorted(source(name).rglob("*.py"), key=lambda path: path.stat().st_size, reverse=True)
        for name in (STARLETTE, CLICK, RICH)
    ]
    longest = [path for paths in zip(*modules, strict=False) for path in paths]
    for path in longest[:count]:
        yield path.read_text(encoding="utf-8")


def load_reference(gguf: Path) -> Any:
    """The model as transformers has it, in fp32."""
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ImportError as error:
        fail(f"{error}: run `pip install 'bowerbird[reference]'` first.")
    return AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    ).eval()


def logits_of(reference: Any, tokens: list[int]) -> Logits:
    """The reference's logits after each token, [tokens, vocabulary]."""
    import torch

    with torch.inference_mode():
        logits: Logits = reference(torch.tensor([tokens])).logits[0].numpy()
    return logits


def show(name: str, results: dict[str, Agreement]) -> None:
    """The figures as a table, and whether fp32 is as asked for."""
    table = Table("recipe", "largest difference", "mean difference", "same best token", title=name)
    for recipe, found in results.items():
        largest, mean = f"{found.largest_difference:.2g}", f"{found.mean_difference:.2g}"
        table.add_row(recipe, largest, mean, f"{found.same_best:.2%}")
    console = Console()
    console.print(table)
    if fp32 := results.get("fp32"):
        good = fp32.largest_difference <= WIDEST
        console.print(
            f"fp32 is {'' if good else 'not '}as the reference says, within {WIDEST} a logit."
        )


if __name__ == "__main__":
    typer.run(main)
