"""Reads the checkpoint in a folder as the `transformers` library saves it."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import gguf
import ml_dtypes  # noqa: F401 - makes bfloat16 known to numpy
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from model.checkpoint import (
    Checkpoint,
    DecoderShape,
    UnsupportedModel,
    Vocabulary,
    require_architecture,
)
from model.tokenizer import pre_tokenizer_name

_ARCHITECTURES = {"llama": gguf.MODEL_ARCH.LLAMA, "qwen2": gguf.MODEL_ARCH.QWEN2}
_BIASED = ("attn_q.bias", "attn_k.bias", "attn_v.bias")
_WEIGHTS = "model*.safetensors"  # one file, or model-00001-of-00002.safetensors and so on


def read_safetensors(folder: Path) -> Checkpoint:
    """Opens config.json, tokenizer.json and model*.safetensors. Raises UnsupportedModel."""
    config = _json(folder / "config.json")
    shape = _shape(config)
    try:
        files = [safe_open(path, framework="np") for path in sorted(folder.glob(_WEIGHTS))]
    except (SafetensorError, OSError) as error:
        raise UnsupportedModel(f"The weights in {folder} cannot be read: {error}.") from error
    readers = {
        name: partial(file.get_tensor, name)
        for file in files
        for name in file.keys()  # noqa: SIM118 - it is no dictionary
    }
    if not readers:
        raise UnsupportedModel(f"{folder} has no weights: {_WEIGHTS} is missing.")
    names = gguf.get_tensor_name_map(_ARCHITECTURES[shape.architecture], shape.layers)
    tensors = {_gguf_name(name, names): read for name, read in readers.items()}
    if not config.get("tie_word_embeddings"):
        raise UnsupportedModel(
            "Only decoders whose embedding is their head, too, can be converted."
        )
    tensors.pop("output.weight", None)  # the same once more

    def read(name: str) -> NDArray[np.float32]:
        values: NDArray[np.float32] = tensors[name]().astype(np.float32)
        return values

    vocabulary = _vocabulary(_json(folder / "tokenizer.json"), shape.vocabulary)
    return Checkpoint(shape, vocabulary, frozenset(tensors), read)


def _json(path: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnsupportedModel(f"{path} cannot be read: {error}.") from error
    return values


def _shape(config: dict[str, Any]) -> DecoderShape:
    architecture = require_architecture(config.get("model_type", "a file without model_type"))
    # transformers 5 keeps the rotary values together, earlier versions one by one.
    rotary = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if rotary.get("rope_type", "default") != "default" or config.get("use_sliding_window"):
        raise UnsupportedModel("Scaled positions and sliding windows cannot be converted.")
    if config.get("hidden_act", "silu") != "silu":
        raise UnsupportedModel(f"Only SiLU can be converted, not {config['hidden_act']}.")
    try:
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        return DecoderShape(
            architecture=architecture,
            layers=config["num_hidden_layers"],
            hidden=hidden,
            feed_forward=config["intermediate_size"],
            heads=heads,
            key_value_heads=config.get("num_key_value_heads") or heads,
            head_size=config.get("head_dim") or hidden // heads,
            vocabulary=config["vocab_size"],
            context=config["max_position_embeddings"],
            rotary_base=rotary.get("rope_theta") or config.get("rope_theta", 10_000.0),
            norm_epsilon=config["rms_norm_eps"],
        )
    except KeyError as error:
        raise UnsupportedModel(f"config.json lacks the value {error.args[0]}.") from error


def _gguf_name(name: str, names: gguf.TensorNameMap) -> str:
    found = names.get_name(name, try_suffixes=(".weight", ".bias"))
    if found is None or (found.endswith(".bias") and not found.endswith(_BIASED)):
        raise UnsupportedModel(f"A decoder with the tensor {name} cannot be converted.")
    return str(found)


def _vocabulary(tokenizer: dict[str, Any], size: int) -> Vocabulary:
    """The vocabulary of a tokenizer.json; `size` counts the rows of the embedding table.

    Tables are padded to round sizes: rows without a token get the names that GGUF files have.
    """
    kept = tokenizer.get("model", {})
    if kept.get("type", "BPE") != "BPE" or not kept.get("vocab"):
        raise UnsupportedModel("Only byte-level BPE vocabularies can be converted.")
    added = {token["id"]: token["content"] for token in tokenizer.get("added_tokens", [])}
    tokens = {index: token for token, index in kept["vocab"].items()} | added
    if max(tokens) >= size:
        raise UnsupportedModel(f"The tokenizer has more tokens than the {size} of the model.")
    return Vocabulary(
        tokens=tuple(tokens.get(index, f"[PAD{index}]") for index in range(size)),
        special=frozenset(added),
        # As pairs, or as GGUF files have them.
        merges=tuple(pair if isinstance(pair, str) else " ".join(pair) for pair in kept["merges"]),
        pre_tokenizer=pre_tokenizer_name(tokenizer.get("pre_tokenizer")),
    )
