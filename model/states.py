"""Several sequences with the keys and values of their tokens, within a budget of memory.

Each is a place that was completed at. A request goes on from the sequence that begins most like
it. What it would overwrite there is left alone where reading it again would take long: the common
beginning is then copied to a sequence of its own, and what was used longest ago makes room.
"""

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from operator import itemgetter
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

_WORTH_KEEPING = 64  # tokens; reading them takes a tenth of a second, or copying ten times as many


@dataclass(frozen=True)
class Layout:
    """How the keys or the values of one layer are kept: [1, heads, tokens, size]."""

    heads: int
    size: int
    type: type[np.generic]

    @property
    def token_bytes(self) -> int:
        """Bytes for each token."""
        return self.heads * self.size * np.dtype(self.type).itemsize


@dataclass(frozen=True)
class CacheUse:
    """What the cache was good for since the model was loaded."""

    found: int  # tokens of the prompts asked for that were there
    missing: int  # tokens of them that were not
    sequences: int  # that are kept now
    evicted: int  # sequences that made room for others
    bytes: int  # that the sequences take now

    @property
    def hit_rate(self) -> float:
        """The share of the prompts' tokens that did not have to be read."""
        return self.found / (self.found + self.missing) if self.found else 0.0


class State:
    """One sequence. Its memory is used as tokens are written: the system gives pages on demand."""

    def __init__(self, layouts: Mapping[str, Layout], capacity: int, device: str) -> None:
        self.tokens: list[int] = []
        self.prompt = 0  # how many tokens were asked for at first; those behind are an answer
        self.written = 0  # the most tokens there ever were
        self._arrays = _arrays(layouts, capacity)
        self.caches = {
            name: ort.OrtValue.ortvalue_from_numpy(array, device)  # on the processor no copy
            for name, array in self._arrays.items()
        }

    def common(self, tokens: Sequence[int]) -> int:
        """How many of `tokens`, but for the last one, the sequence begins with."""
        pairs = enumerate(zip(self.tokens, tokens[:-1], strict=False))
        most = min(len(self.tokens), len(tokens) - 1)
        return next((place for place, (one, other) in pairs if one != other), max(most, 0))

    def loss(self, length: int) -> int:
        """How many tokens would have to be read again if it were cut to a length."""
        return min(len(self.tokens), self.prompt) - length

    def append(self, tokens: Sequence[int]) -> None:
        """Notes tokens whose keys and values were written."""
        self.tokens.extend(tokens)
        self.written = max(self.written, len(self.tokens))

    def take(self, other: "State", length: int) -> None:
        """Becomes a copy of the beginning of another."""
        for name, array in self._arrays.items():
            array[:, :, :length] = other._arrays[name][:, :, :length]
        self.append(other.tokens[:length])


class States:
    """The sequences of a decoder, of which one is in use."""

    def __init__(
        self, layouts: Mapping[str, Layout], capacity: int, device: str, budget: int
    ) -> None:
        """`capacity`: the longest sequence in tokens. `budget`: bytes that several may take.

        A single one may take more. On a device other than "cpu" there is one.
        """
        self._layouts, self._capacity, self._device = layouts, capacity, device
        self._token_bytes = sum(layout.token_bytes for layout in layouts.values())
        self._budget = budget if device == "cpu" else 0
        self._found = self._missing = self._evicted = 0
        self._all: list[State] = []  # the one used last is last
        self.clear()

    @property
    def current(self) -> State:
        """The sequence in use."""
        return self._all[-1]

    def known(self, tokens: Sequence[int]) -> int:
        """How many of `tokens`, but for the last one, some sequence begins with."""
        return max(state.common(tokens) for state in self._all)

    def use(self, tokens: Sequence[int]) -> int:
        """Takes the sequence into use that begins most like `tokens`, cut to what is common.

        Returns the length of that, which leaves at least one token to read.
        """
        length, _, state = max(
            ((state.common(tokens), -state.loss(0), state) for state in self._all),
            key=itemgetter(0, 1),
        )
        if state.loss(length) > _WORTH_KEEPING:
            source = state
            state = self._beside(source if length else None, len(tokens))
            if state is not source:
                state.take(source, length)
        self._all.append(self._all.pop(self._all.index(state)))
        del state.tokens[length:]
        state.prompt = len(tokens)
        self._found += length
        self._missing += len(tokens) - length
        return length

    def clear(self) -> None:
        """Forgets every sequence."""
        self._all.clear()
        self._new()

    def cache_use(self) -> CacheUse:
        """What came of the prompts so far."""
        size = sum(map(self._bytes, self._all))
        return CacheUse(self._found, self._missing, len(self._all), self._evicted, size)

    def _new(self) -> State:
        self._all.append(State(self._layouts, self._capacity, self._device))
        return self.current

    def _beside(self, kept: State | None, tokens: int) -> State:
        """A sequence for so many tokens beside one that is kept; that itself if they do not fit.

        Of those that make room, the last one is taken again: its memory is there already.
        """
        room = self._budget - tokens * self._token_bytes
        if kept and self._bytes(kept) > room:
            return kept
        state = None
        while sum(map(self._bytes, self._all)) > room:
            others = (state for state in self._all if state is not kept)
            if (oldest := next(others, None)) is None:
                break
            self._all.remove(oldest)
            self._evicted += 1
            state = oldest
        if state is None:
            return self._new()
        state.tokens.clear()
        self._all.append(state)
        return state

    def _bytes(self, state: State) -> int:
        return state.written * self._token_bytes


def _arrays(layouts: Mapping[str, Layout], capacity: int) -> dict[str, NDArray[Any]]:
    """Zeros for each layout, in a mapping of their own: it is given back whole, and at once."""
    memory = mmap.mmap(-1, sum(layout.token_bytes for layout in layouts.values()) * capacity)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):  # else one token would take the memory of thousands
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    arrays, offset = {}, 0
    for name, layout in layouts.items():
        shape = (1, layout.heads, capacity, layout.size)
        array = np.frombuffer(memory, layout.type, prod(shape), offset)
        arrays[name] = array.reshape(shape)
        offset += layout.token_bytes * capacity
    return arrays
