"""A decoder's weights, shape and vocabulary, whatever file they are kept in.

Tensors go by the names that GGUF files use: "token_embd.weight", "blk.0.attn_q.weight". Matrices
are [rows out, columns in], and rotary embedding turns the two halves of a head.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ARCHITECTURES = ("llama", "qwen2")


class UnsupportedModel(ValueError):
    """What is there is not a decoder that Bowerbird can convert; the message says why."""


@dataclass(frozen=True)
class DecoderShape:
    """The numbers that fix a Llama-like decoder's graph."""

    architecture: str
    layers: int
    hidden: int
    feed_forward: int
    heads: int
    key_value_heads: int
    head_size: int
    vocabulary: int
    context: int  # tokens, as the model was trained
    rotary_base: float
    norm_epsilon: float


@dataclass(frozen=True)
class Vocabulary:
    """A byte-level BPE vocabulary."""

    tokens: tuple[str, ...]  # by id, bytes written in GPT-2's printable alphabet
    special: frozenset[int]  # ids that never come out of plain text
    merges: tuple[str, ...]  # "left right", best first
    pre_tokenizer: str  # llama.cpp's name of the splitting rule


@dataclass(frozen=True)
class Checkpoint:
    """An open model file whose tensors are read one at a time, when asked for."""

    shape: DecoderShape
    vocabulary: Vocabulary
    names: frozenset[str]
    read: Callable[[str], NDArray[np.float32]]  # of one of the names

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def tensor(self, name: str) -> NDArray[np.float32]:
        """The tensor in fp32. Raises UnsupportedModel when the file has none of that name."""
        if name not in self.names:
            raise UnsupportedModel(f"The model file lacks the tensor {name}.")
        return self.read(name)


def open_checkpoint(path: Path) -> Checkpoint:
    """Opens a GGUF file, or a folder with config.json, tokenizer.json and model*.safetensors.

    Raises UnsupportedModel.
    """
    # Imported here, since the readers use the types above.
    if path.is_dir():
        from model.safetensors import read_safetensors

        return read_safetensors(path)
    from model.gguf import read_gguf

    return read_gguf(path)


def require_architecture(name: str) -> str:
    """The name of an architecture; raises UnsupportedModel for one that we do not build."""
    if name not in ARCHITECTURES:
        known = " and ".join(ARCHITECTURES)
        raise UnsupportedModel(f"Only {known} decoders can be converted, not {name}.")
    return name
