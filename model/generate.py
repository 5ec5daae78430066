"""Greedy decoding: purely token ids and bytes, under a required beginning, stops and a deadline."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.decoder import CHUNK, Decoder
from model.tokenizer import CodeTokenizer, join

Finish = Literal["stop", "length", "deadline", "cancelled"]


@dataclass(frozen=True)
class Limits:
    """When to stop generating, whatever the text."""

    tokens: int = 64
    deadline: float = math.inf  # in the seconds of time.monotonic()
    cancelled: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Generation:
    """What the model wrote, and what it took."""

    text: str  # after the required beginning, which is not part of it
    finish: Finish
    mean_log_probability: float  # natural logarithm, over the tokens after the beginning, or 0
    tokens: int  # generated
    prefilled: int  # prompt tokens that had to be read
    reused: int  # prompt tokens that were in the cache


def never(_: str) -> int | None:
    """The stop rule that never stops."""
    return None


def generate(
    decoder: Decoder,
    tokenizer: CodeTokenizer,
    prompt: Sequence[int],
    *,
    beginning: str = "",
    end_tokens: frozenset[int] = frozenset(),
    stop: Callable[[str], int | None] = never,
    limits: Limits,
) -> Generation:
    """Continues a prompt with the most probable token at each step.

    `beginning`: what the answer has to begin with (token healing); until it is spelled out, only
    tokens that agree with it are considered.
    `stop`: is shown the text so far, after the beginning, at each step; returns where to cut it
    when it is complete, and None as long as it is not.
    """
    reused = decoder.reuse(prompt)
    required = beginning.encode()
    pieces: list[bytes] = []
    chosen: list[float] = []
    text = ""

    def finished(finish: Finish) -> Generation:
        mean = sum(chosen) / len(chosen) if chosen else 0.0
        prefilled = min(len(decoder.tokens), len(prompt)) - reused
        return Generation(text, finish, mean, len(pieces), prefilled, reused)

    logits = None
    for start in range(reused, len(prompt), CHUNK):
        if halt := _halted(limits):
            return finished(halt)
        logits = decoder.extend(prompt[start : start + CHUNK])[-1]
    assert logits is not None  # `reuse` leaves at least one token to read
    room = decoder.capacity - len(decoder.tokens)
    while len(pieces) < min(limits.tokens, room):
        token, log_probability = _best(logits, tokenizer, required)
        if token in end_tokens:
            return finished("stop")
        piece = tokenizer.bytes_of[token]
        if len(piece) > len(required) or not required:
            chosen.append(log_probability)
        required = required[len(piece) :]
        pieces.append(piece)
        text = join(pieces)[len(beginning) :]
        cut = stop(text)
        if cut is not None:
            text = text[:cut]
            return finished("stop")
        if halt := _halted(limits):
            return finished(halt)
        logits = decoder.extend([token])[-1]
    return finished("length")


def _halted(limits: Limits) -> Finish | None:
    if limits.cancelled():
        return "cancelled"
    return "deadline" if time.monotonic() >= limits.deadline else None


def _best(
    logits: NDArray[np.float32], tokenizer: CodeTokenizer, required: bytes
) -> tuple[int, float]:
    """The most probable token that agrees with what is required, and its log-probability.

    The probability is among the tokens allowed: being made to spell what is typed says nothing
    about how sure the model is of the rest.
    """
    if not required:
        token = int(logits.argmax())
        return token, -_log_sum_exp(logits - logits[token])
    allowed = np.array(tokenizer.beginning_with(required))
    among = logits[allowed]
    best = int(among.argmax())
    return int(allowed[best]), -_log_sum_exp(among - among[best])


def _log_sum_exp(shifted: NDArray[np.float32]) -> float:
    return float(np.log(np.exp(shifted).sum()))
