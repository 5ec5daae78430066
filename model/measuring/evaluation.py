"""How near a converted decoder is to its source in fp32, on code that every user has."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model import matrices
from model.checkpoint import Checkpoint
from model.decoder import CHUNK, Decoder
from model.fitting.layerwise import Array, Tokens, norm, read_layer
from model.fitting.sample_text import library_files, token_sequences
from model.generate import Limits
from model.language_model import LanguageModel
from model.progress import Progress
from model.templates import Prompt
from model.tokenizer import CodeTokenizer

SEQUENCES, LENGTH = 6, 512
LINES = 60
_LINES_BEFORE, _LINES_AFTER = 40, 10
_SHORTEST_REST = 4  # characters to be completed


@dataclass(frozen=True)
class Predictions:
    """What a decoder made of sequences, for every token but each first: [sequences, tokens - 1]."""

    bits: Array  # surprise at the token that stands there
    best: NDArray[np.int64]  # the most probable token


def sample(tokenizer: CodeTokenizer) -> Tokens:
    """The sequences to measure on: none of them is among those that recipes are fitted to."""
    return np.array(token_sequences(tokenizer.encode, "evaluation", count=SEQUENCES, length=LENGTH))


def predict(decoder: Decoder, tokens: Tokens) -> Predictions:
    """The predictions of a converted decoder, read as prompts are."""

    def logits(sequence: NDArray[np.int64]) -> Iterator[Array]:
        decoder.rewind(0)
        for start in range(0, len(sequence), CHUNK):
            part = sequence[start : start + CHUNK].tolist()
            yield decoder.extend(part, logits=len(part))

    return _joined([_predictions(logits(row), row) for row in tokens])


def predict_in_fp32(checkpoint: Checkpoint, tokens: Tokens, progress: Progress) -> Predictions:
    """The predictions of the decoder's source."""
    head = matrices.head(checkpoint)
    hidden: Array = head[tokens]
    layers = checkpoint.shape.layers
    for number in range(layers):
        hidden = read_layer(checkpoint, number).run(hidden)
        progress(number + 1, layers, "reading in fp32")
    normed = norm(hidden, checkpoint.tensor("output_norm.weight"), checkpoint.shape)

    def logits(states: Array) -> Iterator[Array]:
        for start in range(0, len(states), CHUNK):
            yield states[start : start + CHUNK] @ head.T

    return _joined(
        [_predictions(logits(states), row) for states, row in zip(normed, tokens, strict=True)]
    )


def bits_per_byte(predictions: Predictions, tokens: Tokens, tokenizer: CodeTokenizer) -> float:
    """Surprise for each byte of the text, which models of different vocabularies can compare."""
    size = sum(len(tokenizer.bytes_of[token]) for token in tokens[:, 1:].ravel())
    return float(predictions.bits.sum() / size)


@dataclass(frozen=True)
class Line:
    """A line of the standard library, cut at a place, with what stands around it."""

    prompt: Prompt
    rest: str


def lines(count: int) -> list[Line]:
    """Lines cut at a random place, the same ones each time, from modules for evaluation alone."""
    chance = random.Random(1)
    files = library_files("evaluation")
    found: list[Line] = []
    while len(found) < count:
        file = chance.choice(files)
        text = file.read_text(encoding="utf-8", errors="replace").splitlines()
        at = chance.randrange(len(text))
        line = text[at]
        start = len(line) - len(line.lstrip())
        if len(line) - start < 2 * _SHORTEST_REST or line.lstrip().startswith("#"):
            continue
        cut = chance.randrange(start, len(line) - _SHORTEST_REST)
        before = "".join(f"{each}\n" for each in text[max(0, at - _LINES_BEFORE) : at])
        after = "".join(f"\n{each}" for each in text[at + 1 : at + 1 + _LINES_AFTER])
        found.append(Line(Prompt((), file.name, before, after, line[:cut]), line[cut:]))
    return found


def exact_match(model: LanguageModel, cut_lines: list[Line], progress: Progress) -> float:
    """Share of the lines whose rest the model writes as it stood there."""
    hits = 0
    for number, line in enumerate(cut_lines, start=1):
        answer = model.complete(line.prompt, stop=_line_end, limits=Limits(tokens=48))
        hits += answer.text.rstrip() == line.rest.rstrip()
        progress(number, len(cut_lines), "completing lines")
    return hits / len(cut_lines)


def _line_end(text: str) -> int | None:
    return text.index("\n") if "\n" in text else None


def _predictions(chunks: Iterator[Array], tokens: NDArray[np.int64]) -> Predictions:
    """From the logits after each token of a sequence."""
    bits, best = [], []
    position = 1
    for chunk in chunks:
        following = tokens[position : position + len(chunk)]
        rows = chunk[: len(following)].astype(np.float64)
        rows -= rows.max(axis=1, keepdims=True)
        stood = rows[np.arange(len(following)), following]
        bits.append((np.log(np.exp(rows).sum(axis=1)) - stood) / np.log(2))
        best.append(rows.argmax(axis=1))
        position += len(chunk)
    return Predictions(np.concatenate(bits).astype(np.float32), np.concatenate(best))


def _joined(rows: list[Predictions]) -> Predictions:
    return Predictions(np.stack([row.bits for row in rows]), np.stack([row.best for row in rows]))
