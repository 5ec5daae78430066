"""How probable a model finds the text that really stood there, whatever it would have written."""

import math

import numpy as np

from model.decoder import CHUNK
from model.language_model import LanguageModel
from model.nearby import log_softmax
from model.templates import Prompt
from model.tokenizer import heal

# The longest text measured, in tokens.
_LONGEST = 256


def bits_of(model: LanguageModel, prompt: Prompt, text: str) -> float:
    """Bits of `text` at the cursor of `prompt`, token by token with the true ones before (teacher
    forcing), under the same healing as in generation: where the typed text has to be spelled
    again, only tokens that agree with it are possible.
    """
    standing, cut = heal(prompt.typed)
    tokens = model.encode(prompt, standing, model.decoder.capacity - _LONGEST)
    answer = model.tokenizer.encode(cut + text)[:_LONGEST]
    _read(model, tokens)
    required, bits = cut.encode(), 0.0
    nearby = model.nearby(prompt)
    rows = model.decoder.extend([tokens[-1], *answer[:-1]], logits=len(answer))
    for place, (row, token) in enumerate(zip(rows, answer, strict=True)):
        allowed = np.array(model.tokenizer.beginning_with(required)) if required else None
        scores = nearby.mix(log_softmax(row, allowed), answer[:place])
        bits -= float(scores[token]) / math.log(2)
        required = required[len(model.tokenizer.bytes_of[token]) :]
    return bits


def _read(model: LanguageModel, tokens: list[int]) -> None:
    """Lets the decoder stand before the last of the prompt's tokens."""
    reused = min(model.decoder.reuse(tokens), len(tokens) - 1)
    for start in range(reused, len(tokens) - 1, CHUNK):
        model.decoder.extend(tokens[start : min(start + CHUNK, len(tokens) - 1)], logits=0)
