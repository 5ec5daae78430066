"""One decoder session with its key-value cache: purely token ids in, logits out."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from model.states import CacheUse, Layout, States

READ_AT_ONCE, READ_FROM = 32, 17
"""A run of so many tokens is reading; fewer are steps, whose results must not depend on how many
drafted tokens are checked in one. From the lower number on, up to the first logits asked for, the
others are made up: reading 32 takes less time than 17 steps at once."""

CHUNK = 64  # tokens a pass while reading a prompt: full speed, and a short wait to be cancelled

_TYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int8)": np.int8,
}
_DEVICES = {"CUDAExecutionProvider": "cuda", "DmlExecutionProvider": "dml"}

TakeOver = Callable[[ort.InferenceSession, Exception], ort.InferenceSession]


class Interrupted(Exception):  # noqa: N818 - what happened, and no fault
    """A run was ended before it was through; the sequence is as it was before it."""


class Decoder:
    """Extends and rewinds a sequence of tokens, keeping the state of every token in it.

    The cache is one buffer for each layer's keys and values, bound as past and as present, so
    that a run writes only the new positions and rewinding costs nothing. Memory is used for the
    positions that were written, not for the capacity. Sequences that were left for another one are
    kept, too, while there is room (`States`).
    """

    def __init__(
        self,
        session: ort.InferenceSession,
        capacity: int,
        take_over: TakeOver | None = None,
        reader: ort.InferenceSession | None = None,
        budget: int = 0,
        in_pairs: bool = False,
    ) -> None:
        """`capacity`: the longest sequence in tokens. `budget`: bytes for several sequences.

        `in_pairs`: runs even numbers of tokens, where a result depends on that (`takes_pairs`).

        `reader`: a session of the same decoder that is faster for many tokens (`open_reader`).

        `take_over(session, error)` gives the session to go on with when a run raises an error; it
        is shown the whole sequence again, and the run is repeated on it.
        """
        self.capacity = capacity
        self._budget = budget
        self._in_pairs = in_pairs
        self._take_over = take_over
        self._run_options = ort.RunOptions()  # of the last run
        self._is_reading = False  # the last run, many tokens at once
        self._open(session, reader)

    def _open(self, session: ort.InferenceSession, reader: ort.InferenceSession | None) -> None:
        layouts = {
            past.name: Layout(past.shape[1], past.shape[3], _TYPES[past.type])
            for past in session.get_inputs()
            if past.name.startswith("past.")
        }
        device = _DEVICES.get(session.get_providers()[0], "cpu")
        self._states = States(layouts, self.capacity, device, self._budget)
        self._session, self._binding = session, session.io_binding()
        self._reader, self._reading = reader, reader.io_binding() if reader else None
        self._bind()

    def _bind(self) -> None:
        """Lets runs go on with the current state: binds each buffer as past and as present."""
        for binding in (self._binding, self._reading):
            if binding is not None:
                for name, cache in self._states.current.caches.items():
                    binding.bind_ortvalue_input(name, cache)
                    binding.bind_ortvalue_output(name.replace("past.", "present."), cache)

    @property
    def tokens(self) -> list[int]:
        """The sequence. To be read only."""
        return self._states.current.tokens

    @property
    def cache_use(self) -> CacheUse:
        """What the cache was good for so far."""
        return self._states.cache_use()

    def reuse(self, tokens: Sequence[int]) -> int:
        """Goes on from what the cache has of `tokens`; returns the length of it.

        At least one token is left to extend with, since logits come only with new tokens.
        """
        before = self._states.current
        length = self._states.use(tokens)
        if self._states.current is not before:
            self._bind()
        return length

    def known(self, tokens: Sequence[int]) -> int:
        """How many of `tokens` `reuse` would find; changes nothing."""
        return self._states.known(tokens)

    def clear(self) -> None:
        """Forgets all sequences."""
        self._states.clear()
        self._bind()

    def rewind(self, length: int) -> None:
        """Forgets every token from position `length` on."""
        del self.tokens[length:]

    def extend(self, tokens: Sequence[int], logits: int = 1) -> NDArray[np.float32]:
        """Adds tokens and returns the logits after the last `logits` of them, [logits, vocabulary].

        What is only read needs none, which spares the head. Raises ValueError when the sequence
        would outgrow the capacity, and `Interrupted`.
        """
        total = len(self.tokens) + len(tokens)
        if total > self.capacity:
            raise ValueError(f"{total} tokens do not fit a cache of {self.capacity}.")
        try:
            result = self._run(tokens, logits)
        except Exception as error:
            if self._run_options.terminate:
                raise Interrupted from error
            if self._take_over is None:
                raise
            known = self.tokens
            self._open(self._take_over(self._session, error), None)
            for start in range(0, len(known), CHUNK):
                self.extend(known[start : start + CHUNK])
            return self.extend(tokens, logits)
        self._states.current.append(tokens)
        return result

    def interrupt(self) -> None:
        """Ends the run that is under way, if any, within one operator; for another thread.

        But for one that reads a prompt: what it reads will be of use, and would be lost.
        """
        if not self._is_reading:
            self._run_options.terminate = True

    def _run(self, tokens: Sequence[int], logits: int) -> NDArray[np.float32]:
        first, total = len(tokens) - max(1, logits), len(self.tokens) + len(tokens)
        session, binding = self._session, self._binding
        reads = len(tokens) >= READ_AT_ONCE or first + 1 >= READ_FROM
        company = 0
        if reads and self._reader is not None and self._reading is not None:
            session, binding = self._reader, self._reading
            company = max(0, READ_AT_ONCE - len(tokens))
        elif self._in_pairs:
            company = len(tokens) % 2
        if total + company <= self.capacity:
            # What is written for it stands behind the sequence and will be written over.
            tokens, total = [*tokens, *company * [tokens[-1]]], total + company
        if not logits and self._reader is not None:
            first = len(tokens)  # on the processor alone: not every device takes what is empty
        binding.bind_cpu_input("input_ids", np.asarray([tokens], np.int64))
        binding.bind_cpu_input("first_logit", np.array([first], np.int64))
        binding.bind_cpu_input("last_position", np.array([total - 1], np.int32))
        binding.bind_cpu_input("total_length", np.array(total, np.int32))
        binding.bind_output("logits")  # anew, since its shape changes from run to run
        self._is_reading, self._run_options = reads, ort.RunOptions()
        session.run_with_iobinding(binding, self._run_options)
        result: NDArray[np.float32] = binding.get_outputs()[-1].numpy()[0]
        return result[:logits]

    def cached(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """The keys and the values of each layer: "past.0.key", [1, heads, tokens, head size]."""
        for name, cache in self._states.current.caches.items():
            yield name, cache.numpy()[:, :, : len(self.tokens)]
