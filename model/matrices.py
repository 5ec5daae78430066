"""The matrices of a decoder as the graph multiplies by them, by the names it gives them.

The parts that share an input are stacked: "blk.0.attn_qkv", "blk.0.ffn_gate_up". The others are
"blk.0.attn_output", "blk.0.ffn_down" and "head".
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from model.checkpoint import Checkpoint

_STACKED = {"attn_qkv": ("attn_q", "attn_k", "attn_v"), "ffn_gate_up": ("ffn_gate", "ffn_up")}


def matrix(checkpoint: Checkpoint, name: str) -> NDArray[np.float32]:
    """The weights of a matrix, [rows out, columns in]."""
    if name == "head":
        return head(checkpoint)
    return np.concatenate([checkpoint.tensor(f"{part}.weight") for part in parts(name)])


def bias(checkpoint: Checkpoint, name: str) -> NDArray[np.float32] | None:
    """What is added to the product with a matrix, if anything, [rows out]."""
    if f"{parts(name)[0]}.bias" not in checkpoint:
        return None
    return np.concatenate([checkpoint.tensor(f"{part}.bias") for part in parts(name)])


def head(checkpoint: Checkpoint) -> NDArray[np.float32]:
    """The table that serves both ends, as embedding and as head, [vocabulary, hidden].

    Where a file holds both, they are one matrix kept at two precisions; the finer one is taken.
    """
    separate = "output.weight" in checkpoint
    return checkpoint.tensor("output.weight" if separate else "token_embd.weight")


def parts(name: str) -> list[str]:
    """The names in the checkpoint of the tensors that a matrix stacks, from top to bottom."""
    stem, _, part = name.rpartition(".")
    return [f"{stem}.{each}" for each in _STACKED.get(part, (part,))]


def layer_matrices(layer: int) -> Iterator[str]:
    """The names of the matrices of a layer, in the order of their use."""
    for part in ("attn_qkv", "attn_output", "ffn_gate_up", "ffn_down"):
        yield f"blk.{layer}.{part}"
