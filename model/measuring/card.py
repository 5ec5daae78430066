"""A converted model's card: how large, how good and how fast it is, measured where it will run."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from model.convert import opened
from model.decoder import CHUNK
from model.fitting.plan import narrowed, weights_of
from model.language_model import LanguageModel
from model.measuring.evaluation import (
    LENGTH,
    LINES,
    SEQUENCES,
    bits_per_byte,
    exact_match,
    lines,
    predict,
    predict_in_fp32,
    sample,
)
from model.measuring.speed import Subject, measure
from model.progress import Progress, unseen
from model.recipes import RECIPES


@dataclass(frozen=True)
class Card:
    """What is known of a converted model."""

    name: str
    made_from: str
    recipe: str
    finer_parts: tuple[str, ...]
    """The parts kept at 8 bits where the others have 4."""
    vocabulary: int
    bytes: int
    """Of the weights on the disk."""
    bits_per_weight: float
    share_of_fp16: float
    """Of the bytes that the whole source, nothing left out, would have in fp16."""
    bits_per_byte: float
    bits_per_byte_fp32: float
    """Of the source in fp32 on the same text, with the same vocabulary."""
    perplexity: float
    """Of a token; not to be compared between vocabularies."""
    agreement: float
    """Share of places where the most probable token is that of the source in fp32."""
    exact_match: float
    """Share of the rests of lines of the standard library that it writes as they stood."""
    prefill: float
    """Tokens a second read here."""
    decode: float
    """Tokens a second written here behind 256 tokens."""


def measured(name: str, folder: Path, source: Path, progress: Progress = unseen) -> Card:
    """Measures the model in `folder`, converted from `source`. Takes a minute or more."""
    about = json.loads((folder / "model.json").read_text())
    recipe = RECIPES[about["recipe"]]
    whole, kept = opened(source, recipe)
    model = LanguageModel(name, folder)
    tokens = sample(model.tokenizer)
    found = predict(model.decoder, tokens)
    reference = predict_in_fp32(kept, tokens, progress)
    size = (folder / "model.onnx.data").stat().st_size
    matched = exact_match(model, lines(LINES), progress)
    speeds = measure(Subject(model.tokenizer.encode, model.decoder, CHUNK))
    return Card(
        name=name,
        made_from=source.parent.name,
        recipe=about["recipe"],
        finer_parts=tuple(about["finer"]),
        vocabulary=kept.shape.vocabulary,
        bytes=size,
        bits_per_weight=8 * size / weights_of(narrowed(kept.shape, recipe)),
        share_of_fp16=size / (2 * weights_of(whole.shape)),
        bits_per_byte=bits_per_byte(found, tokens, model.tokenizer),
        bits_per_byte_fp32=bits_per_byte(reference, tokens, model.tokenizer),
        perplexity=float(2 ** found.bits.mean()),
        agreement=float((found.best == reference.best).mean()),
        exact_match=matched,
        prefill=speeds.prefill,
        decode=speeds.decode_256,
    )


def write(card: Card, folder: Path) -> None:
    """Writes card.json, and README.md for people."""
    (folder / "card.json").write_text(json.dumps(asdict(card), indent=2) + "\n")
    (folder / "README.md").write_text(as_markdown(card))


def read(folder: Path) -> Card:
    """The card of a model in its folder."""
    return Card(**json.loads((folder / "card.json").read_text()))


def rows(card: Card) -> dict[str, str]:
    """What people want to know of it, and the figures."""
    return {
        "recipe": f"`{card.recipe}`",
        "kept at 8 bits": ", ".join(card.finer_parts) or "as the recipe says",
        "tokens in the vocabulary": f"{card.vocabulary:,}",
        "size": f"{card.bytes / 1e6:,.1f} MB, {card.share_of_fp16:.1%} of the source in fp16",
        "bits a weight": f"{card.bits_per_weight:.2f}",
        "bits a byte": f"{card.bits_per_byte:.4f} (fp32: {card.bits_per_byte_fp32:.4f})",
        "perplexity of a token": f"{card.perplexity:.2f}",
        "most probable token as in fp32": f"{card.agreement:.1%}",
        "exact match": f"{card.exact_match:.1%}",
        "reading": f"{card.prefill:,.0f} tokens/s",
        "writing": f"{card.decode:,.0f} tokens/s",
    }


def as_markdown(card: Card) -> str:
    """The card for people."""
    table = "".join(f"| {what} | {figure} |\n" for what, figure in rows(card).items())
    return (
        f"# {card.name}\n\nMade from `{card.made_from}` by Bowerbird on this machine.\n\n"
        f"| | |\n|---|---|\n{table}\n"
        f"Bits, perplexity and the most probable tokens are over {SEQUENCES} x {LENGTH} tokens, "
        f"and exact match over the rests of {LINES} lines, of Python's standard library: modules "
        "that the recipe was not fitted to, but that the model may have been trained on. "
        "`bowerbird model bench` measures the speed beside llama.cpp, and "
        "`python -m benchmarks.completion` exact match on repositories that it never saw.\n"
    )
