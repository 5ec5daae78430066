"""Our graphs against the reference: transformers in fp32, with the weights of the same GGUF file.

    pip install 'bowerbird[reference]'
    python -m benchmarks.reference smollm2-135m

Both read the same pieces of Starlette, Click and Rich. fp32 has to say the same but for rounding;
for the other recipes the table says how often their most probable token is the reference's. A
recipe with fewer tokens reads what its own tokenizer makes of the text; the reference is given the
same tokens, and only their logits are compared. The figures are written after each recipe, as those
that are fitted to code take minutes; what an earlier run found of other recipes, over as many
positions, stays.
"""

import json as json_format
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.installed import folder_of
from benchmarks.sources import CLICK, RICH, STARLETTE, source
from lsp_server.commands.terminal import JsonFile, fail, write_json
from lsp_server.machine import describe
from model.checkpoint import Checkpoint
from model.convert import convert, opened
from model.decoder import Decoder
from model.providers import open_session
from model.recipes import RECIPES
from model.store import SOURCE
from model.tokenizer import CodeTokenizer, build_tokenizer

LENGTH = 256  # tokens of a piece
WIDEST = 0.01  # difference of an fp32 logit that rounding may make; logits reach 20 and more

Logits = NDArray[np.float32]

Reference = Callable[[NDArray[np.int64]], Logits]
"""From tokens to the logits after each of them, [tokens, vocabulary]."""


@dataclass(frozen=True)
class Agreement:
    """How near the logits of a recipe are to the reference's, over all positions."""

    largest_difference: float
    mean_difference: float
    same_best: float
    """The share of positions where the most probable token is the same."""


@dataclass(frozen=True)
class Reading:
    """Pieces of text as the tokens of one vocabulary, and what the reference says of them."""

    inputs: list[list[int]]
    expected: list[Logits]


def main(
    name: Annotated[str, typer.Argument(help="An installed model with its source.")],
    recipes: Annotated[str, typer.Option(help="Precisions to compare.")] = ",".join(RECIPES),
    converted: Annotated[
        str, typer.Option(help="Installed models of this source, compared as they are.")
    ] = "",
    pieces: Annotated[int, typer.Option(min=1, help=f"Pieces of {LENGTH} tokens.")] = 8,
    json: JsonFile = None,
) -> None:
    """Prints the figures as a table."""
    chosen, folders = _named(recipes), [folder_of(each) for each in _named(converted)]
    if other := set(chosen) - set(RECIPES):
        fail(f"There is no recipe {', '.join(sorted(other))}; choose of {', '.join(RECIPES)}.")
    gguf = folder_of(name) / SOURCE
    path = json or Path(__file__).with_name("results") / f"reference-{name}.json"
    about = {"model": name, "positions": pieces * LENGTH, "machine": describe()}
    results = _known(path, pieces * LENGTH)
    for recipe, found in compare(gguf, chosen, folders, pieces):
        results[recipe] = found
        written = {each: asdict(agreement) for each, agreement in results.items()}
        write_json(path, {**about, "recipes": written})
    show(name, results)


def _named(names: str) -> list[str]:
    return [name for name in names.split(",") if name]


def _known(path: Path, positions: int) -> dict[str, Agreement]:
    """What an earlier run found over as many positions."""
    if not path.exists():
        return {}
    written = json_format.loads(path.read_text(encoding="utf-8"))
    recipes = written["recipes"] if written["positions"] == positions else {}
    return {recipe: Agreement(**found) for recipe, found in recipes.items()}


def compare(
    gguf: Path, recipes: Iterable[str], folders: Iterable[Path], pieces: int
) -> Iterator[tuple[str, Agreement]]:
    """The agreement of models that were converted before, by their recipes, then of `recipes`."""
    before = {_recipe_of(folder): folder for folder in folders}
    others = [recipe for recipe in recipes if recipe not in before]
    reference, shown = load_reference(gguf), list(texts(pieces))
    readings: dict[int | None, Reading] = {}
    for recipe in map(RECIPES.__getitem__, (*before, *others)):
        if recipe.vocabulary not in readings:
            readings[recipe.vocabulary] = read(reference, *opened(gguf, recipe), shown)
    del reference
    for name, folder in before.items():
        yield name, agreement_of(folder, readings[RECIPES[name].vocabulary])
    for name in others:
        with tempfile.TemporaryDirectory() as place:
            convert(gguf, Path(place), name)
            yield name, agreement_of(Path(place), readings[RECIPES[name].vocabulary])


def _recipe_of(folder: Path) -> str:
    about = json_format.loads((folder / "model.json").read_text(encoding="utf-8"))
    return str(about["recipe"])


def read(
    reference: Reference, whole: Checkpoint, kept: Checkpoint, pieces: Sequence[str]
) -> Reading:
    """The beginnings of `pieces` as the tokens that are kept, and the reference's logits of these.

    The reference has the tokens of `whole`.
    """
    ids = {token: place for place, token in enumerate(whole.vocabulary.tokens)}
    originals = np.array([ids[token] for token in kept.vocabulary.tokens])
    tokenizer = CodeTokenizer(build_tokenizer(kept.vocabulary))
    inputs = [tokenizer.encode(text)[:LENGTH] for text in pieces]
    expected = [reference(originals[tokens])[:, originals] for tokens in inputs]
    return Reading(inputs, expected)


def agreement_of(folder: Path, reading: Reading) -> Agreement:
    """How a converted model agrees with the reference."""
    decoder = Decoder(open_session(folder / "model.onnx"), LENGTH)
    return agree(decoder, reading.inputs, reading.expected)


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


def load_reference(gguf: Path) -> Reference:
    """The model as transformers has it, in fp32."""
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ImportError as error:
        fail(f"{error}: run `pip install 'bowerbird[reference]'` first.")
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    ).eval()
    # A file may hold the one table at two precisions; as in our graph, the head's serves both ends.
    model.get_input_embeddings().weight = model.get_output_embeddings().weight

    def logits_of(tokens: NDArray[np.int64]) -> Logits:
        with torch.inference_mode():
            logits: Logits = model(torch.from_numpy(tokens[None])).logits[0].numpy()
        return logits

    return logits_of


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
