"""Turns the trained student into the model that ships: `python -m model.training.ship`.

    python -m model.training.ship SOURCE.gguf .work/nestling/student-final.pt model/weights/nestling

The 4-bit codes are those that the student was trained with: nothing is rounded again.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from model.checkpoint import Checkpoint, open_checkpoint
from model.convert import description
from model.graph import build
from model.quantize import BlockMatrix, dequantize, packed
from model.tokenizer import build_tokenizer
from model.training.start import student_vocabulary
from model.training.student import HIGHEST, LOWEST

LONGEST_PROMPT = 1024
"""Tokens, a little more than the longest lesson has."""

_ZERO = -LOWEST  # the code that stands for zero
_LAYER_PARTS = {
    "attn_qkv": "qkv",
    "attn_output": "output",
    "ffn_gate_up": "gate_up",
    "ffn_down": "down",
}


def ship(source: Path, trained: Path, folder: Path) -> None:
    """Writes the student in the file `trained` as a model; `source` is what it began as."""
    origin = open_checkpoint(source)
    state: dict[str, Tensor] = torch.load(trained, weights_only=True)["student"]
    layers = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("layers."))
    matrices = {"head": _matrix(state, "table")}
    for layer in range(layers):
        for part, name in _LAYER_PARTS.items():
            matrices[f"blk.{layer}.{part}"] = _matrix(state, f"layers.{layer}.{name}")
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = _checkpoint(origin, state, matrices, layers)
    build(checkpoint, lambda name, _: matrices[name], folder / "model.onnx")
    build_tokenizer(checkpoint.vocabulary).save(str(folder / "tokenizer.json"), pretty=False)
    about = description(checkpoint) | {
        "recipe": "int4, trained so",
        "cache": "fp32",
        "longest_prompt": LONGEST_PROMPT,
    }
    (folder / "model.json").write_text(json.dumps(about, indent=2) + "\n")


def shipped(folder: Path) -> dict[str, Tensor]:
    """The student's parameters as they stand in the model `folder`: what `ship` wrote, read back.

    The weights are those that ship, at 4 bits; what training had them at between is lost.
    """
    graph = onnx.load(str(folder / "model.onnx")).graph
    stored = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    state = {"final_norm": torch.tensor(stored["output_norm.weight"])}
    names = {"head": "table"}
    layers = sum(name.endswith(".attn_norm.weight") for name in stored)
    for layer in range(layers):
        for part in ("attn_norm", "ffn_norm"):
            norm = stored[f"blk.{layer}.{part}.weight"]
            state[f"layers.{layer}.{part}"] = torch.tensor(norm)
        for part, name in _LAYER_PARTS.items():
            names[f"blk.{layer}.{part}"] = f"layers.{layer}.{name}"
    for part, name in names.items():
        codes = torch.tensor(stored[f"{part}.codes"])
        step = torch.tensor(stored[f"{part}.scales.half"]).float()[..., None]
        unpacked = torch.stack([codes & 15, codes >> 4], -1).flatten(2)  # low bits first
        state[f"{name}.weight"] = (unpacked.float() - _ZERO) * step
        state[f"{name}.step"] = step
    return state


def _matrix(state: dict[str, Tensor], name: str) -> BlockMatrix:
    weight, step = state[f"{name}.weight"], state[f"{name}.step"]
    codes = (weight / step).round().clamp(LOWEST, HIGHEST).flatten(1) + _ZERO
    scales = step[..., 0].float().numpy()
    return packed(codes.numpy(), scales, np.full_like(scales, _ZERO), codes.shape[1], bits=4)


def _checkpoint(
    origin: Checkpoint, state: dict[str, Tensor], matrices: dict[str, BlockMatrix], layers: int
) -> Checkpoint:
    """The student by the names that the graph's builder asks for."""
    shape = origin.shape
    heads = [shape.heads, shape.key_value_heads, shape.key_value_heads]
    ends = np.cumsum([count * shape.head_size for count in heads])[:-1]
    tensors: dict[str, NDArray[np.float32]] = {
        "token_embd.weight": dequantize(matrices["head"]),
        "output_norm.weight": state["final_norm"].numpy(),
    }
    for layer in range(layers):
        stem = f"blk.{layer}"
        for part in ("attn_norm", "ffn_norm"):
            tensors[f"{stem}.{part}.weight"] = state[f"layers.{layer}.{part}"].numpy()
        query, key, value = np.split(dequantize(matrices[f"{stem}.attn_qkv"]), ends)
        gate, up = np.split(dequantize(matrices[f"{stem}.ffn_gate_up"]), 2)
        tensors |= {
            f"{stem}.attn_q.weight": query,
            f"{stem}.attn_k.weight": key,
            f"{stem}.attn_v.weight": value,
            f"{stem}.attn_output.weight": dequantize(matrices[f"{stem}.attn_output"]),
            f"{stem}.ffn_gate.weight": gate,
            f"{stem}.ffn_up.weight": up,
            f"{stem}.ffn_down.weight": dequantize(matrices[f"{stem}.ffn_down"]),
        }
    _, vocabulary = student_vocabulary(origin)
    cut = replace(shape, layers=layers, vocabulary=len(vocabulary.tokens))
    return Checkpoint(cut, vocabulary, frozenset(tensors), tensors.__getitem__)


if __name__ == "__main__":
    ship(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
