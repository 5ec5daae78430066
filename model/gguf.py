"""Reads the checkpoint in a GGUF file, of whatever quantization."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from model.checkpoint import (
    Checkpoint,
    DecoderShape,
    UnsupportedModel,
    Vocabulary,
    require_architecture,
)


def read_gguf(path: Path) -> Checkpoint:
    """Opens a GGUF file. Raises UnsupportedModel."""
    try:
        reader = gguf.GGUFReader(str(path))
    except (ValueError, IndexError) as error:
        raise UnsupportedModel(f"{path} is not a readable GGUF file: {error}.") from error
    shape = _shape(reader)
    tensors = {tensor.name: tensor for tensor in reader.tensors}

    def read(name: str) -> NDArray[np.float32]:
        tensor = tensors[name]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if shape.architecture == "llama" and name.endswith(("attn_q.weight", "attn_k.weight")):
            return _halves_from_pairs(values, shape.head_size)
        return values

    return Checkpoint(shape, _vocabulary(reader), frozenset(tensors), read)


def _value(reader: gguf.GGUFReader, key: str, default: Any = None) -> Any:
    field = reader.get_field(key)
    if field is None and default is None:
        raise UnsupportedModel(f"The model file lacks the value {key}.")
    return default if field is None else field.contents()


def _shape(reader: gguf.GGUFReader) -> DecoderShape:
    architecture = require_architecture(_value(reader, "general.architecture"))

    def number(key: str, default: Any = None) -> Any:
        return _value(reader, f"{architecture}.{key}", default)

    hidden, heads = number("embedding_length"), number("attention.head_count")
    return DecoderShape(
        architecture=architecture,
        layers=number("block_count"),
        hidden=hidden,
        feed_forward=number("feed_forward_length"),
        heads=heads,
        key_value_heads=number("attention.head_count_kv", heads),
        head_size=number("attention.key_length", hidden // heads),
        vocabulary=len(_value(reader, "tokenizer.ggml.tokens")),
        context=number("context_length"),
        rotary_base=number("rope.freq_base", 10_000.0),
        norm_epsilon=number("attention.layer_norm_rms_epsilon"),
    )


def _vocabulary(reader: gguf.GGUFReader) -> Vocabulary:
    if _value(reader, "tokenizer.ggml.model") != "gpt2":
        raise UnsupportedModel("Only byte-level BPE vocabularies can be converted.")
    kinds: Sequence[int] = _value(reader, "tokenizer.ggml.token_type")
    plain = (gguf.TokenType.NORMAL, gguf.TokenType.UNUSED, gguf.TokenType.BYTE)
    return Vocabulary(
        tokens=tuple(_value(reader, "tokenizer.ggml.tokens")),
        special=frozenset(index for index, kind in enumerate(kinds) if kind not in plain),
        merges=tuple(_value(reader, "tokenizer.ggml.merges")),
        pre_tokenizer=_value(reader, "tokenizer.ggml.pre"),
    )


def _halves_from_pairs(weight: NDArray[np.float32], head_size: int) -> NDArray[np.float32]:
    """Undoes llama.cpp's order of the rotated dimensions.

    For `llama` files the rows of a head stand as (0, half), (1, half + 1), ...; the graph
    rotates halves, as the published weights do.
    """
    heads = weight.shape[0] // head_size
    pairs = weight.reshape(heads, head_size // 2, 2, -1)
    return pairs.swapaxes(1, 2).reshape(weight.shape)
