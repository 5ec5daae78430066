"""Greedy decoding: purely token ids and bytes, under a required beginning, stops and a deadline."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.decoder import CHUNK, READ_AT_ONCE, READ_FROM, Decoder
from model.draft import Drafter
from model.nearby import Nearby, log_softmax
from model.tokenizer import CodeTokenizer, join

Finish = Literal["stop", "length", "deadline", "cancelled", "unfinished"]


@dataclass(frozen=True)
class Limits:
    """When to stop generating, whatever the text."""

    tokens: int = 64
    deadline: float = math.inf  # in the seconds of time.monotonic()
    cancelled: Callable[[], bool] = lambda: False
    read_at_once: int = CHUNK  # tokens of a prompt; between such runs it can be cancelled


@dataclass(frozen=True)
class Generation:
    """What the model wrote, and what it took."""

    text: str  # after the required beginning, which is not part of it
    finish: Finish
    log_probabilities: tuple[float, ...]  # natural logarithms, see `_Answer.add`
    ends: tuple[int, ...]  # how many characters of the text stood once each of these was added
    tokens: int  # generated
    passes: int  # runs of the decoder that they took, from the one that ended the prompt on
    prefilled: int  # prompt tokens that had to be read
    reused: int  # prompt tokens that were in the cache


def never(_: str) -> int | None:
    """The stop rule that never stops."""
    return None


def unwatched(_: Generation) -> None:
    """Nobody looks at an answer before it is finished."""


@dataclass(frozen=True)
class Rules:
    """What an answer has to begin with, what counts beside the model, and where it is over."""

    beginning: str = ""
    """Until it is spelled out, only tokens that agree with it are considered (token healing)."""
    end_tokens: frozenset[int] = frozenset()
    stop: Callable[[str], int | None] = never
    """Is shown the text so far, after the beginning, at each step; returns where to cut it when it
    is complete, and None as long as it is not."""
    nearby: Nearby | None = None
    """Texts whose own continuations count beside the model."""


FREE = Rules()
"""Nothing is asked of an answer, and nothing but the limits ends it."""


def read(decoder: Decoder, prompt: Sequence[int], limits: Limits) -> Finish | None:
    """Shows the decoder what it does not know of a prompt; says why not all, if it was cut short.

    It is read in runs, between which it can be cancelled; what was read stays read.
    """
    last, halt = _read_up_to_last_run(decoder, prompt, limits)
    if halt is None:
        decoder.extend(last, logits=0)
    return halt


def _read_up_to_last_run(
    decoder: Decoder, prompt: Sequence[int], limits: Limits
) -> tuple[list[int], Finish | None]:
    """Leaves the last run of a prompt, which it returns, to be read together with a draft."""
    step = limits.read_at_once
    for start in range(decoder.reuse(prompt), len(prompt), step):
        if halt := _halted(limits):
            return [], halt
        if start + step >= len(prompt):
            return list(prompt[start:]), None
        decoder.extend(prompt[start : start + step], logits=0)
    raise ValueError("An empty prompt has no continuation.")


def generate(
    decoder: Decoder,
    tokenizer: CodeTokenizer,
    prompt: Sequence[int],
    rules: Rules = FREE,
    *,
    drafter: Drafter | None = None,
    watch: Callable[[Generation], None] = unwatched,
    limits: Limits,
) -> Generation:
    """Continues a prompt with the most probable token at each step.

    `drafter`: guesses tokens that are then checked several at a time; the answer stays the same.
    `watch`: is shown the unfinished answer after each token.
    """
    reused = decoder.known(prompt)
    answer = _Answer(tokenizer, rules)

    def finished(finish: Finish) -> Generation:
        prefilled = min(len(decoder.tokens), len(prompt)) - reused
        return answer.generation(finish, prefilled, reused)

    run, halt = _read_up_to_last_run(decoder, prompt, limits)
    most = min(limits.tokens, decoder.capacity - len(prompt))
    while halt is None:
        known = [*decoder.tokens, *run]
        draft = drafter.propose(known, answer.allowed()) if drafter else []
        # Of a run that is read by the other graph, more tokens would change the result.
        room = READ_AT_ONCE - len(run) if len(run) < READ_FROM else 0
        draft = draft[: max(0, min(most - answer.tokens, room) - 1)]
        rows = decoder.extend([*run, *draft], logits=1 + len(draft))
        answer.passes += 1
        accepted = 0
        for row in rows:
            token = answer.choose(row)
            if finish := answer.add(token, most):
                return finished(finish)
            watch(finished("unfinished"))
            if accepted == len(draft) or token != draft[accepted]:
                break
            accepted += 1
        decoder.rewind(len(known) + accepted)
        if drafter and draft:
            drafter.learn(len(draft), accepted)
        run = [token]
        halt = _halted(limits)
    return finished(halt)


class _Answer:
    """The answer as it grows, token by token."""

    def __init__(self, tokenizer: CodeTokenizer, rules: Rules) -> None:
        self._tokenizer = tokenizer
        self._rules = rules
        self._required = rules.beginning.encode()
        self._tokens: list[int] = []
        self._pieces: list[bytes] = []
        self._log_probabilities: list[float] = []
        self._ends: list[int] = []
        self._text = ""
        self._log_probability = 0.0  # of the token chosen last
        self.passes = 0

    @property
    def tokens(self) -> int:
        """How many tokens there are."""
        return len(self._pieces)

    def allowed(self) -> NDArray[np.int64] | None:
        """The tokens that agree with what is required; None where all do."""
        if not self._required:
            return None
        return np.array(self._tokenizer.beginning_with(self._required))

    def choose(self, logits: NDArray[np.float32]) -> int:
        """The most probable token that agrees with what is required.

        Its probability is that among the tokens allowed: being made to spell what is typed says
        nothing about how sure the model is of the rest.
        """
        scores = log_softmax(logits, self.allowed())
        if self._rules.nearby:
            scores = self._rules.nearby.mix(scores, self._tokens)
        token = int(scores.argmax())
        self._log_probability = float(scores[token])
        return token

    def add(self, token: int, most: int) -> Finish | None:
        """Adds the chosen token; says why the answer is complete, if it is.

        Kept are the probabilities of the tokens that spell the first line that is not blank, from
        the required beginning on, with the one that ends it: they say how sure that line is.
        """
        in_first_line = "\n" not in self._text.lstrip()
        piece = self._tokenizer.bytes_of[token]
        counts = in_first_line and (len(piece) > len(self._required) or not self._required)
        if token not in self._rules.end_tokens:
            self._required = self._required[len(piece) :]
            self._tokens.append(token)
            self._pieces.append(piece)
            self._text = join(self._pieces)[len(self._rules.beginning) :]
        if counts:
            self._log_probabilities.append(self._log_probability)
            self._ends.append(len(self._text))
        if token in self._rules.end_tokens:
            return "stop"
        cut = self._rules.stop(self._text)
        if cut is not None:
            self._text = self._text[:cut]
            return "stop"
        return "length" if self.tokens >= most else None

    def generation(self, finish: Finish, prefilled: int, reused: int) -> Generation:
        """The answer as it is now."""
        return Generation(
            text=self._text,
            finish=finish,
            log_probabilities=tuple(self._log_probabilities),
            ends=tuple(min(end, len(self._text)) for end in self._ends),
            tokens=self.tokens,
            passes=self.passes,
            prefilled=prefilled,
            reused=reused,
        )


def _halted(limits: Limits) -> Finish | None:
    if limits.cancelled():
        return "cancelled"
    return "deadline" if time.monotonic() >= limits.deadline else None
