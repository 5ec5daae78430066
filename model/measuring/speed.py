"""What a model costs and how good it is: one round of timings, and bits per byte of code.

Whatever is measured is a `Subject`: one of our models, or the same weights in another program.
"""

import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.decoder import CHUNK

PROMPT = 1024
"""Tokens of the prompt that is read, and the longer of the two contexts to write behind."""
SHORT_CONTEXT = 256
WRITTEN = 32
"""Tokens written one by one behind each context."""
CHECKS = 4
"""Times that a draft is checked in a round."""
CAPACITY = PROMPT + WRITTEN
"""Tokens that a subject must be able to keep."""

_PROMPT_MODULE = "argparse.py"
HELD_OUT = ("contextlib.py", "csv.py", "filecmp.py", "heapq.py", "queue.py", "textwrap.py")
"""Modules of the standard library on which no recipe is calibrated. Bits per byte are counted in
the middle of each, where there is more code than prose."""
_HELD_OUT_CHARACTERS = 3_000


class Extends(Protocol):
    """A sequence of tokens with its cache, as `Decoder` is one."""

    def extend(self, tokens: Sequence[int], logits: int = 1) -> NDArray[np.float32]:
        """Adds tokens and returns the logits after the last `logits` of them."""
        ...

    def rewind(self, length: int) -> None:
        """Forgets every token from position `length` on."""
        ...


@dataclass(frozen=True)
class Subject:
    """A model that is loaded and can be measured."""

    encode: Callable[[str], list[int]]
    decoder: Extends
    chunk: int
    """Tokens a pass while it reads a prompt."""


@dataclass(frozen=True)
class Speeds:
    """What one round came to, all in tokens a second."""

    prefill: float
    """Reading a prompt of `PROMPT` tokens."""
    decode_256: float
    """Writing one token after the other, behind 256 tokens."""
    decode_1024: float
    verify_4: float
    """Checking a draft of 4 tokens in one pass, behind 1,024 tokens."""
    verify_8: float


def measure(subject: Subject) -> Speeds:
    """One round, after a pass that is not timed: another program may have run in between.

    The decoder may keep anything before and is left with anything.
    """
    decoder = subject.decoder
    tokens = _prompt(subject)
    decoder.rewind(0)
    decoder.extend(tokens[:CHUNK])
    decoder.rewind(0)
    prefill = _rate(PROMPT, lambda: _read(subject, tokens[:PROMPT]))
    decode_1024 = _rate(WRITTEN, lambda: _write(decoder, tokens[PROMPT:]))
    verify_4 = _rate(4 * CHECKS, lambda: _check(decoder, tokens[PROMPT:][:4]))
    verify_8 = _rate(8 * CHECKS, lambda: _check(decoder, tokens[PROMPT:][:8]))
    decoder.rewind(SHORT_CONTEXT)
    decode_256 = _rate(WRITTEN, lambda: _write(decoder, tokens[SHORT_CONTEXT:][:WRITTEN]))
    return Speeds(prefill, decode_256, decode_1024, verify_4, verify_8)


def bits_per_byte(subject: Subject) -> float:
    """Bits by which the model would encode a byte of held-out code: the fewer, the better it is.

    Each text is read from its beginning, in pieces of `PROMPT` tokens; the first token of each,
    which nothing precedes, is given. Models of different vocabularies can be compared by it.
    """
    bits, size = 0.0, 0
    for text in _held_out():
        tokens = subject.encode(text)
        for start in range(0, len(tokens), PROMPT):
            bits += sum(_bits(subject.decoder, tokens[start : start + PROMPT]))
        size += len(text.encode())
    return bits / size


def _bits(decoder: Extends, tokens: Sequence[int]) -> Iterator[float]:
    decoder.rewind(0)
    for start in range(0, len(tokens) - 1, CHUNK):
        known = tokens[start : start + CHUNK]
        follow = tokens[start + 1 : start + 1 + len(known)]
        rows = decoder.extend(known, logits=len(known))[: len(follow)].astype(np.float64)
        highest = rows.max(axis=1)
        totals = highest + np.log(np.exp(rows - highest[:, None]).sum(axis=1))
        yield from (totals - rows[np.arange(len(follow)), follow]) / np.log(2)


def _read(subject: Subject, tokens: Sequence[int]) -> None:
    for start in range(0, len(tokens), subject.chunk):
        run = tokens[start : start + subject.chunk]
        subject.decoder.extend(run, logits=int(start + len(run) == len(tokens)))


def _write(decoder: Extends, tokens: Sequence[int]) -> None:
    """Writes a known text: which tokens they are makes no difference to the time."""
    for token in tokens:
        decoder.extend([token])


def _check(decoder: Extends, draft: Sequence[int]) -> None:
    for _ in range(CHECKS):
        decoder.rewind(PROMPT)
        decoder.extend(draft, logits=len(draft))


def _rate(tokens: int, action: Callable[[], object]) -> float:
    """Tokens a second, where `action` takes so many."""
    started = time.perf_counter()
    action()
    return tokens / (time.perf_counter() - started)


def _prompt(subject: Subject) -> list[int]:
    return subject.encode(_library(_PROMPT_MODULE)[: 8 * CAPACITY])[:CAPACITY]


def _held_out() -> Iterator[str]:
    for text in map(_library, HELD_OUT):
        middle = len(text) // 2
        yield text[middle : middle + _HELD_OUT_CHARACTERS]


@cache
def _library(name: str) -> str:
    """The source of a module of the standard library."""
    return (Path(sysconfig.get_path("stdlib")) / name).read_text(encoding="utf-8")
