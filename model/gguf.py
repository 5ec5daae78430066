"""Reads a GGUF file: the shape of its decoder, its weights as fp32, its vocabulary."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

ARCHITECTURES = ("llama", "qwen2")


class UnsupportedModel(ValueError):
    """The file is not a GGUF decoder that Bowerbird can convert; the message says why."""


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
    """A byte-level BPE vocabulary as GGUF keeps it."""

    tokens: tuple[str, ...]  # by id, bytes written in GPT-2's printable alphabet
    special: frozenset[int]  # ids that never come out of plain text
    merges: tuple[str, ...]  # "left right", best first
    pre_tokenizer: str  # llama.cpp's name of the splitting rule


class Checkpoint:
    """An open GGUF file whose tensors are dequantized one at a time, when asked for."""

    def __init__(self, path: Path) -> None:
        try:
            self._reader = gguf.GGUFReader(str(path))
        except (ValueError, IndexError) as error:
            raise UnsupportedModel(f"{path} is not a readable GGUF file: {error}.") from error
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}
        self.shape = self._read_shape()
        self.vocabulary = self._read_vocabulary()

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def tensor(self, name: str) -> NDArray[np.float32]:
        """The tensor in fp32 in row-major order, e.g. [rows out, columns in] for a matrix.

        Raises UnsupportedModel when the file has no such tensor.
        """
        if name not in self._tensors:
            raise UnsupportedModel(f"The model file lacks the tensor {name}.")
        tensor = self._tensors[name]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if self.shape.architecture == "llama" and name.endswith(("attn_q.weight", "attn_k.weight")):
            return _halves_from_pairs(values, self.shape.head_size)
        return values

    def _value(self, key: str, default: Any = None) -> Any:
        field = self._reader.get_field(key)
        if field is None and default is None:
            raise UnsupportedModel(f"The model file lacks the value {key}.")
        return default if field is None else field.contents()

    def _read_shape(self) -> DecoderShape:
        architecture = self._value("general.architecture")
        if architecture not in ARCHITECTURES:
            known = " and ".join(ARCHITECTURES)
            raise UnsupportedModel(f"Only {known} decoders can be converted, not {architecture}.")

        def number(key: str, default: Any = None) -> Any:
            return self._value(f"{architecture}.{key}", default)

        hidden, heads = number("embedding_length"), number("attention.head_count")
        return DecoderShape(
            architecture=architecture,
            layers=number("block_count"),
            hidden=hidden,
            feed_forward=number("feed_forward_length"),
            heads=heads,
            key_value_heads=number("attention.head_count_kv", heads),
            head_size=number("attention.key_length", hidden // heads),
            vocabulary=len(self._value("tokenizer.ggml.tokens")),
            context=number("context_length"),
            rotary_base=number("rope.freq_base", 10_000.0),
            norm_epsilon=number("attention.layer_norm_rms_epsilon"),
        )

    def _read_vocabulary(self) -> Vocabulary:
        if self._value("tokenizer.ggml.model") != "gpt2":
            raise UnsupportedModel("Only byte-level BPE vocabularies can be converted.")
        kinds: Sequence[int] = self._value("tokenizer.ggml.token_type")
        plain = (gguf.TokenType.NORMAL, gguf.TokenType.UNUSED, gguf.TokenType.BYTE)
        return Vocabulary(
            tokens=tuple(self._value("tokenizer.ggml.tokens")),
            special=frozenset(index for index, kind in enumerate(kinds) if kind not in plain),
            merges=tuple(self._value("tokenizer.ggml.merges")),
            pre_tokenizer=self._value("tokenizer.ggml.pre"),
        )


def _halves_from_pairs(weight: NDArray[np.float32], head_size: int) -> NDArray[np.float32]:
    """Undoes llama.cpp's order of the rotated dimensions.

    For `llama` files the rows of a head stand as (0, half), (1, half + 1), ...; the graph
    rotates halves, as the published weights do.
    """
    heads = weight.shape[0] // head_size
    pairs = weight.reshape(heads, head_size // 2, 2, -1)
    return pairs.swapaxes(1, 2).reshape(weight.shape)
