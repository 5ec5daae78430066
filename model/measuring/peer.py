"""The program that our models are measured beside: llama.cpp, through llama-cpp-python.

It is used by its C interface and with its own defaults, so that no Python but ours costs it time.
"""

import ctypes
import logging
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

CHUNK = 512
"""Tokens a pass while it reads a prompt: its own default, the size that it is fastest with."""


class PeerError(Exception):
    """llama.cpp cannot be run; the message says why."""


def is_installed() -> bool:
    """Whether llama-cpp-python can be imported."""
    return find_spec("llama_cpp") is not None


def quantization(file: Path) -> str:
    """llama.cpp's name for how a GGUF file is quantized, such as Q4_K_M."""
    field = gguf.GGUFReader(str(file)).get_field("general.file_type")
    if field is None:
        return "GGUF"
    return gguf.LlamaFileType(field.contents()).name.removeprefix("MOSTLY_")


class LlamaCpp:
    """A GGUF file in llama.cpp, extended and rewound like a `Decoder`."""

    def __init__(self, file: Path, threads: int, capacity: int) -> None:
        """`capacity`: the longest sequence in tokens. Raises PeerError when it does not load."""
        import llama_cpp

        logging.getLogger("llama-cpp-python").setLevel(logging.ERROR)
        self._library = llama_cpp
        llama_cpp.llama_backend_init()
        model = llama_cpp.llama_model_load_from_file(
            str(file).encode(), llama_cpp.llama_model_default_params()
        )
        if not model:
            raise PeerError(f"llama.cpp cannot load {file}.")
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = capacity
        options.n_threads = options.n_threads_batch = threads
        context = llama_cpp.llama_init_from_model(model, options)
        if not context:
            raise PeerError(f"llama.cpp has no memory for {capacity} tokens of {file}.")
        self._context = context
        self._vocabulary = llama_cpp.llama_model_get_vocab(model)
        self._width = llama_cpp.llama_vocab_n_tokens(self._vocabulary)

    def encode(self, text: str) -> list[int]:
        """The ids of a text, in which names of special tokens are plain text."""
        source = text.encode()
        ids = (ctypes.c_int32 * len(source))()
        count = self._library.llama_tokenize(
            self._vocabulary, source, len(source), ids, len(source), False, False
        )
        return ids[:count]

    def rewind(self, length: int) -> None:
        """Forgets every token from position `length` on."""
        memory = self._library.llama_get_memory(self._context)
        self._library.llama_memory_seq_rm(memory, 0, length, -1)

    def extend(self, tokens: Sequence[int], logits: int = 1) -> NDArray[np.float32]:
        """Adds tokens and returns the logits after the last `logits` of them.

        The array is valid until the next call. Raises PeerError when they do not fit.
        """
        count = len(tokens)
        ids = (ctypes.c_int32 * count)(*tokens)
        batch = self._library.llama_batch_get_one(ids, count)
        batch.logits = (ctypes.c_int8 * count)(*[0] * (count - logits), *[1] * logits)
        if self._library.llama_decode(self._context, batch):
            raise PeerError(f"llama.cpp cannot take {count} tokens more.")
        if not logits:
            return np.empty((0, self._width), np.float32)
        found = self._library.llama_get_logits(self._context)
        return np.ctypeslib.as_array(found, shape=(logits, self._width))
