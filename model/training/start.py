"""Where the student starts: SmolLM2-135M with fewer tokens and the layers that matter most."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.checkpoint import Checkpoint, Vocabulary, open_checkpoint
from model.training.student import Layer, Student
from model.vocabulary import kept_tokens, pruned, tokens_by_use

VOCABULARY = 16_384
"""Tokens. Held-out code takes 2 % more of them than with all 49,152."""

_RENAMED = {
    "<jupyter_start>": "<|fim_prefix|>",
    "<jupyter_text>": "<|fim_suffix|>",
}
"""Special tokens that code never has, and what they stand for in the student."""


def student_vocabulary(
    checkpoint: Checkpoint, size: int = VOCABULARY
) -> tuple[list[int], Vocabulary]:
    """Ids of the tokens kept, and the vocabulary that they make, with markers for infilling."""
    whole = checkpoint.vocabulary
    kept = kept_tokens(whole, tokens_by_use(whole).tolist(), size)
    cut = pruned(whole, kept)
    tokens = tuple(_RENAMED.get(token, token) for token in cut.tokens)
    return kept, Vocabulary(tokens, cut.special, cut.merges, cut.pre_tokenizer)


def cut_student(path: Path, kept: Sequence[int], layers: Sequence[int]) -> Student:
    """The decoder of a GGUF file with only the tokens and layers (by number) that are named."""
    checkpoint = open_checkpoint(path)
    shape = replace(checkpoint.shape, layers=len(layers), vocabulary=len(kept))

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(checkpoint.tensor(f"{name}.weight")))

    table = "output" if "output.weight" in checkpoint else "token_embd"
    parts = [*(f"attn_{part}" for part in ("norm", "q", "k", "v", "output"))]
    parts += [f"ffn_{part}" for part in ("norm", "gate", "up", "down")]
    blocks = [
        Layer(shape, {part: tensor(f"blk.{layer}.{part}") for part in parts}) for layer in layers
    ]
    return Student(shape, tensor(table)[list(kept)], tensor("output_norm"), blocks)
