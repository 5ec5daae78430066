"""A code model as the engine uses it: a prompt of text parts in, a completion out."""

import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from model.beam import alternatives
from model.catalog import Template
from model.decoder import CHUNK, Decoder
from model.draft import Drafter
from model.generate import Generation, Limits, Rules, generate, never, read, unwatched
from model.nearby import LONGEST, Nearby, joined
from model.products import takes_pairs
from model.providers import open_next, open_session
from model.reading import open_reader
from model.store import path_of
from model.templates import Prompt, prompt_tokens
from model.tokenizer import CodeTokenizer, heal
from model.words import log_probabilities

# The longest prompt and answer together, in tokens: 100 MB of fp32 cache for the 0.5B model.
CAPACITY = 4096

# For the keys and values of the places completed at: 5 to 10 of them, at 1,000 tokens each.
CACHE_BYTES = 256 << 20

_LIMITS = Limits()

# To draft from: the last answers, each with so many tokens of what stood before it, and the tokens
# of so many parts of texts, which are cut where a line begins at the margin.
_REMEMBERED_ANSWERS, _REMEMBERED_BEFORE, _REMEMBERED_PARTS = 8, 8, 8192
_LOOKED_BACK = 200  # characters before the cursor: of more than enough tokens
_PARTS = re.compile(r"(?<=\n)(?=\S)")


class ModelError(Exception):
    """The model cannot be used; the message says why and what to do."""


class LanguageModel:
    """A decoder with its tokenizer and prompt template; one thread uses it at a time.

    `name` is for people, `prefill_speed` is measured here, in tokens a second, `infills` says
    whether the model sees what follows the cursor, and `longest_prompt` is how many tokens of
    prompt it makes good use of.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        threads: int | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """`cache_bytes`: how much of the places completed at is kept (`States`)."""
        self.name = name
        about = json.loads((folder / "model.json").read_text())
        capacity = min(CAPACITY, about["context"])
        self.tokenizer = CodeTokenizer.load(folder / "tokenizer.json")
        self._graph, self._threads = folder / "model.onnx", threads
        session = open_session(self._graph, threads=threads, probe=self._measure_prefill)
        reader = open_reader(self._graph, session, threads)
        self.decoder = Decoder(
            session, capacity, self._take_over, reader, cache_bytes, takes_pairs(self._graph)
        )
        if reader is not None:
            self._time_reading(self.decoder)
        self._template: Template = about["template"]
        self.longest_prompt: int = about.get("longest_prompt", capacity)
        self.infills = self._template != "left-context"
        self._part = lru_cache(_REMEMBERED_PARTS)(
            lambda part: np.array(self.tokenizer.encode(part), np.int64)
        )
        self._joined: tuple[tuple[str, ...], NDArray[np.int64]] = (), joined(())
        self._answers: deque[list[int]] = deque(maxlen=_REMEMBERED_ANSWERS)
        self._ends = frozenset(self.tokenizer.special(end) for end in about["ends"])

    def complete(
        self,
        prompt: Prompt,
        *,
        stop: Callable[[str], int | None] = never,
        limits: Limits,
        draft: bool = True,
        watch: Callable[[Generation], None] = unwatched,
    ) -> Generation:
        """Generates what comes at the cursor, healing the token that it cuts.

        `watch` is shown the unfinished answer after each token. Drafts from the prompt, its nearby
        texts and the last answers save time and change nothing; without them, this answer is not
        remembered, either.
        """
        tokens = self._tokens(prompt, limits)
        drafter = Drafter(tokens, *self._answers, texts=self._texts(prompt)) if draft else None
        generation = generate(
            self.decoder,
            self.tokenizer,
            tokens,
            self._rules(prompt, stop),
            drafter=drafter,
            watch=watch,
            limits=limits,
        )
        if drafter and generation.tokens > 1:
            start, end = max(0, len(tokens) - _REMEMBERED_BEFORE), len(tokens) + generation.tokens
            self._answers.append(self.decoder.tokens[start : end - 1])  # the last was not shown
        return generation

    def nearby(self, prompt: Prompt) -> Nearby:
        """The texts that count beside the model at a prompt."""
        before = (prompt.prefix + heal(prompt.typed)[0])[-_LOOKED_BACK:]
        return Nearby(self._texts(prompt), tuple(self.tokenizer.encode(before)[-LONGEST:]))

    def remember(self, text: str) -> None:
        """Has a text's tokens at hand for when it is nearby."""
        for part in _PARTS.split(text):
            self._part(part)

    def _texts(self, prompt: Prompt) -> NDArray[np.int64]:
        """The tokens of a prompt's nearby texts, of which those of the last one are kept."""
        if prompt.nearby != self._joined[0]:
            parts = (map(self._part, _PARTS.split(text)) for text in prompt.nearby)
            texts = [np.concatenate([*part]) for part in parts]
            self._joined = prompt.nearby, joined(texts)
        return self._joined[1]

    def alternatives(
        self,
        prompt: Prompt,
        count: int,
        *,
        stop: Callable[[str], int | None] = never,
        limits: Limits,
    ) -> Iterator[Generation]:
        """What `complete` generates, and then up to `count` others that begin or go on otherwise.

        Others that are cut short by the limits are left out.
        """
        first = self.complete(prompt, stop=stop, limits=limits)
        yield first
        if first.finish in ("stop", "length"):
            yield from alternatives(
                self.decoder,
                self.tokenizer,
                self._tokens(prompt, limits),
                first,
                self._rules(prompt, stop),
                count=count,
                limits=limits,
            )

    def word_log_probabilities(
        self, prompt: Prompt, words: Sequence[str], *, most: int
    ) -> list[float] | None:
        """How probable words are at the cursor, by their first tokens; natural logarithms.

        None where more than `most` tokens would have to be read for it.
        """
        tokens = self._tokens(prompt, _LIMITS)
        beginning = heal(prompt.typed)[1]
        return log_probabilities(
            self.decoder,
            self.tokenizer,
            tokens,
            beginning,
            words,
            nearby=self.nearby(prompt),
            most=most,
        )

    def read(self, prompt: Prompt, limits: Limits) -> bool:
        """Reads a prompt ahead, so that completing at it has next to nothing left to read.

        False when it was cancelled or came to its deadline; what was read by then stays read.
        """
        return read(self.decoder, self._tokens(prompt, limits), limits) is None

    def unread(self, prompt: Prompt, limits: Limits = _LIMITS) -> int:
        """How many of a prompt's tokens would have to be read; 1 when all were read before."""
        tokens = self._tokens(prompt, limits)
        return len(tokens) - self.decoder.known(tokens)

    def _rules(self, prompt: Prompt, stop: Callable[[str], int | None]) -> Rules:
        return Rules(heal(prompt.typed)[1], self._ends, stop, self.nearby(prompt))

    def _tokens(self, prompt: Prompt, limits: Limits) -> list[int]:
        standing, _ = heal(prompt.typed)
        return self.encode(prompt, standing, self.decoder.capacity - limits.tokens)

    def encode(self, prompt: Prompt, standing: str, room: int) -> list[int]:
        """The prompt's tokens in the model's own template (`prompt_tokens`)."""
        return prompt_tokens(self.tokenizer, self._template, prompt, standing, room)

    def _take_over(self, failed: ort.InferenceSession, error: Exception) -> ort.InferenceSession:
        probe = self._measure_prefill
        return open_next(failed, error, self._graph, threads=self._threads, probe=probe)

    def _measure_prefill(self, session: ort.InferenceSession) -> None:
        """Makes first runs: a provider may take a model and then fail on it."""
        self._time_reading(Decoder(session, 3 * CHUNK))

    def _time_reading(self, decoder: Decoder) -> None:
        tokens = self.tokenizer.encode("x = 1\n" * 2 * CHUNK)[: 3 * CHUNK]
        decoder.extend(tokens[:CHUNK])
        started = time.perf_counter()
        decoder.extend(tokens[CHUNK:])
        self.prefill_speed = 2 * CHUNK / (time.perf_counter() - started)
        decoder.rewind(0)


def load_model(
    name: str,
    *,
    folder: Path | None = None,
    threads: int | None = None,
    cache_bytes: int = CACHE_BYTES,
) -> LanguageModel:
    """Opens an installed model; `folder` is where models are, if not in the usual place.

    `cache_bytes`: how much of the places completed at is kept.
    Raises StoreError when it is not installed, ModelError when it cannot be opened.
    """
    path = path_of(name, folder)
    try:
        return LanguageModel(name, path, threads, cache_bytes)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        message = f"The model {name} cannot be opened ({error}): remove it and pull it again."
        raise ModelError(message) from error
