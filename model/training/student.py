"""The student decoder in PyTorch, trained with its weights as they will ship: at 4 bits.

Every matrix of the layers is rounded on its way into a product (quantization-aware training with
learned steps, Esser et al. 2020), one step for each block of columns, so that what is exported is
what was trained. Sequences of a batch are packed one behind the other: products see all their
tokens at once and attention sees each sequence alone.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.checkpoint import DecoderShape

LOWEST, HIGHEST = -8, 7
"""The 4-bit codes of a weight."""

BLOCK, TABLE_BLOCK = 64, 32
"""Columns that share a step, in the layers and in the embedding table."""


class _Round(torch.autograd.Function):
    """round(weight / step) * step between the lowest and highest code, and its gradients."""

    @staticmethod
    def forward(ctx, weight: Tensor, step: Tensor) -> Tensor:  # type: ignore[no-untyped-def] # noqa: ANN001
        # Neither scaled weights nor codes are kept: they would take more memory than Adam's state.
        ctx.save_for_backward(weight, step)
        return (weight / step).round_().clamp_(LOWEST, HIGHEST).mul_(step)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def] # noqa: ANN001
        weight, step = ctx.saved_tensors
        scaled = weight / step
        codes = scaled.round().clamp_(LOWEST, HIGHEST)
        inside = (scaled >= LOWEST) & (scaled <= HIGHEST)
        of_step = torch.where(inside, codes - scaled, codes) * gradient
        # Scaled as in the paper, so that steps learn about as fast as weights.
        scale = (scaled.shape[2] * HIGHEST) ** -0.5
        return gradient * inside, of_step.sum(2, keepdim=True) * scale


class QuantizedMatrix(nn.Module):
    """A matrix [rows, columns] in blocks of columns; `step` is the value of one code in each."""

    def __init__(self, weight: Tensor, block: int = BLOCK) -> None:
        super().__init__()
        self.weight = nn.Parameter(
            weight.unflatten(1, (-1, block)).clone()
        )  # [rows, blocks, block]
        self.step = nn.Parameter(best_step(self.weight.detach()))  # [rows, blocks, 1]

    def rounded(self) -> Tensor:
        """The weights as they ship, [rows, columns]."""
        rounded: Tensor = _Round.apply(self.weight, self.step)
        return rounded.flatten(1)

    def forward(self, inputs: Tensor) -> Tensor:
        """The product of inputs [tokens, columns] and the matrix, [tokens, rows]."""
        return functional.linear(inputs, self.rounded())


def best_step(weight: Tensor) -> Tensor:
    """For each block the step with the least squared error of rounding."""
    widest = weight.abs().amax(2, keepdim=True).clamp_min(1e-8) / HIGHEST
    best, least = widest, torch.full_like(widest, torch.inf)
    for share in torch.linspace(0.4, 1.0, 13):
        step = widest * share
        rounded = (weight / step).round().clamp(LOWEST, HIGHEST) * step
        error = (rounded - weight).square().sum(2, keepdim=True)
        best = torch.where(error < least, step, best)
        least = torch.minimum(least, error)
    return best


class Layer(nn.Module):
    """One block; names of the parts as in GGUF."""

    def __init__(self, shape: DecoderShape, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.shape = shape
        self.attn_norm = nn.Parameter(weights["attn_norm"].clone())
        self.ffn_norm = nn.Parameter(weights["ffn_norm"].clone())
        self.qkv = QuantizedMatrix(torch.cat([weights[f"attn_{part}"] for part in "qkv"]))
        self.output = QuantizedMatrix(weights["attn_output"])
        self.gate_up = QuantizedMatrix(torch.cat([weights["ffn_gate"], weights["ffn_up"]]))
        self.down = QuantizedMatrix(weights["ffn_down"])

    def forward(
        self, hidden: Tensor, lengths: Sequence[int], rotary: tuple[Tensor, Tensor]
    ) -> Tensor:
        """`hidden`: [tokens of all sequences, hidden]."""
        normed = norm(hidden, self.attn_norm, self.shape.norm_epsilon)
        hidden = hidden + self.output(self._attention(self.qkv(normed), lengths, rotary))
        normed = norm(hidden, self.ffn_norm, self.shape.norm_epsilon)
        gate, up = self.gate_up(normed).chunk(2, dim=-1)
        return hidden + self.down(functional.silu(gate) * up)

    def _attention(
        self, packed: Tensor, lengths: Sequence[int], rotary: tuple[Tensor, Tensor]
    ) -> Tensor:
        shape = self.shape
        heads = packed.unflatten(1, (-1, shape.head_size))
        rotated, values = heads.split(
            [shape.heads + shape.key_value_heads, shape.key_value_heads], 1
        )
        rotated = rotate(rotated, *rotary)
        mixed = []
        for part, value in zip(
            rotated.split(list(lengths)), values.split(list(lengths)), strict=True
        ):
            query, key = part.split([shape.heads, shape.key_value_heads], 1)
            mixed.append(
                functional.scaled_dot_product_attention(
                    query.transpose(0, 1)[None],
                    key.transpose(0, 1)[None],
                    value.transpose(0, 1)[None],
                    is_causal=True,
                    enable_gqa=True,
                )[0].transpose(0, 1)
            )
        return torch.cat(mixed).flatten(1)


class Student(nn.Module):
    """A Llama-like decoder whose embedding table is also its head."""

    def __init__(
        self, shape: DecoderShape, table: Tensor, final_norm: Tensor, layers: list[Layer]
    ) -> None:
        super().__init__()
        self.shape = shape
        self.table = QuantizedMatrix(table, TABLE_BLOCK)
        self.final_norm = nn.Parameter(final_norm.clone())
        self.layers = nn.ModuleList(layers)

    def forward(self, tokens: Tensor, lengths: Sequence[int], wanted: Tensor) -> Tensor:
        """Logits after the tokens at the places `wanted`, [wanted, vocabulary].

        `tokens`: the sequences one behind the other, of `lengths` tokens each.
        """
        table = self.table.rounded()
        hidden = functional.embedding(tokens, table)
        positions = torch.cat([torch.arange(length) for length in lengths])
        rotary = rotary_tables(self.shape, positions)
        for layer in self.layers:
            hidden = layer(hidden, lengths, rotary)
        states = norm(hidden[wanted], self.final_norm, self.shape.norm_epsilon)
        return functional.linear(states, table)


def norm(hidden: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Root mean square norm (Zhang and Sennrich 2019)."""
    return functional.rms_norm(hidden, (hidden.shape[-1],), weight.to(hidden.dtype), epsilon)


def rotary_tables(shape: DecoderShape, positions: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary position embedding, each [tokens, 1, head size / 2]."""
    half = torch.arange(0, shape.head_size, 2) / shape.head_size
    angles = positions[:, None, None] * shape.rotary_base**-half
    return angles.cos(), angles.sin()


def rotate(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotates the two halves of each head, [tokens, heads, head size]."""
    left, right = heads.chunk(2, dim=-1)
    cosine, sine = cosine.to(heads.dtype), sine.to(heads.dtype)
    return torch.cat([left * cosine - right * sine, right * cosine + left * sine], -1)
