"""A decoder in numpy, one layer at a time: what calibration and importance are measured on.

The graph is for completing; this is for looking inside. Only one layer's weights are in memory at
once, every input can be watched, every matrix replaced, and several versions of the hidden states
can go through a layer before the next one is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model import matrices
from model.checkpoint import Checkpoint, DecoderShape

Array = NDArray[np.float32]

Tokens = NDArray[np.int64]
"""Sequences of equal length, [sequences, tokens]."""

Weights = Callable[[str, Array, Array], Array]
"""Weights to multiply with instead, of a matrix's name, inputs [..., columns] and weights."""


_POSITIONS = 256  # scored at once, since each has a probability for every token


def unchanged(_: str, inputs: Array, weight: Array) -> Array:
    """The weights as they are."""
    return weight


@dataclass(frozen=True)
class Layer:
    """The weights of one layer in memory; they add to hidden states [sequences, tokens, hidden]."""

    number: int
    shape: DecoderShape
    weights: dict[str, Array]  # by the names of the matrices, norms and biases in the graph

    @property
    def stem(self) -> str:
        """What the names of its parts begin with."""
        return f"blk.{self.number}"

    def attention(self, hidden: Array, weights: Weights = unchanged) -> Array:
        """What attention adds to the hidden states."""
        normed = norm(hidden, self.weights[f"{self.stem}.attn_norm"], self.shape)
        packed = normed @ self._weight("attn_qkv", normed, weights).T
        packed += self.weights.get(f"{self.stem}.attn_qkv.bias", np.float32(0))
        mixed = np.stack([_attend(sequence, self.shape) for sequence in packed])
        result: Array = mixed @ self._weight("attn_output", mixed, weights).T
        return result

    def feed_forward(self, hidden: Array, weights: Weights = unchanged) -> Array:
        """What the feed-forward part adds to the hidden states."""
        normed = norm(hidden, self.weights[f"{self.stem}.ffn_norm"], self.shape)
        gated = _gated(normed, self._weight("ffn_gate_up", normed, weights))
        result: Array = gated @ self._weight("ffn_down", gated, weights).T
        return result

    def run(self, hidden: Array, weights: Weights = unchanged) -> Array:
        """The hidden states after the layer."""
        hidden = hidden + self.attention(hidden, weights)
        return hidden + self.feed_forward(hidden, weights)

    def _weight(self, part: str, inputs: Array, weights: Weights) -> Array:
        name = f"{self.stem}.{part}"
        return weights(name, inputs, self.weights[name])


def read_layer(checkpoint: Checkpoint, number: int) -> Layer:
    """Reads the weights of a layer."""
    weights = {name: matrices.matrix(checkpoint, name) for name in matrices.layer_matrices(number)}
    for part in ("attn_norm", "ffn_norm"):
        name = f"blk.{number}.{part}"
        weights[name] = checkpoint.tensor(f"{name}.weight")
    bias = matrices.bias(checkpoint, f"blk.{number}.attn_qkv")
    if bias is not None:
        weights[f"blk.{number}.attn_qkv.bias"] = bias
    return Layer(number, checkpoint.shape, weights)


def norm(hidden: Array, weight: Array, shape: DecoderShape) -> Array:
    """RMS norm (Zhang and Sennrich 2019)."""
    mean = np.square(hidden).mean(axis=-1, keepdims=True)
    result: Array = hidden / np.sqrt(mean + np.float32(shape.norm_epsilon)) * weight
    return result


@dataclass(frozen=True)
class Score:
    """How well hidden states predict the tokens after them, on average over all positions."""

    bits: float  # surprise at the token that stands there
    divergence: float  # bits lost against the reference (Kullback and Leibler 1951); never negative
    agreement: float  # share of positions where the most probable token is the reference's


def score(
    states: Sequence[tuple[Array, Array]], output_norm: Array, tokens: Tokens, shape: DecoderShape
) -> list[Score]:
    """Scores pairs of last hidden states and heads; the first pair is the reference."""
    following = tokens[:, 1:].ravel()
    places = np.arange(_POSITIONS)
    totals = np.zeros((len(states), 3))
    flat = [(hidden[:, :-1].reshape(-1, shape.hidden), head) for hidden, head in states]
    for start in range(0, len(following), _POSITIONS):
        wanted = following[start : start + _POSITIONS]
        reference: Array | None = None
        for number, (hidden, head) in enumerate(flat):
            normed = norm(hidden[start : start + _POSITIONS], output_norm, shape)
            found = _log_probabilities(normed @ head.T)
            if reference is None:
                reference, probabilities = found, np.exp(found)
            totals[number] += (
                -found[places[: len(wanted)], wanted].sum() / np.log(2),
                (probabilities * (reference - found)).sum() / np.log(2),
                (found.argmax(axis=1) == reference.argmax(axis=1)).sum(),
            )
    return [Score(*map(float, row)) for row in totals / len(following)]


def _log_probabilities(logits: Array) -> Array:
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logits


def _gated(inputs: Array, weight: Array) -> Array:
    """Ups times the SiLU of gates, whose weights are stacked, [sequences, tokens, columns]."""
    sequences, tokens, _ = inputs.shape
    result = np.empty((sequences, tokens, len(weight) // 2), np.float32)
    for into, sequence in zip(result, inputs, strict=True):  # so that little more memory is taken
        gate, up = np.split(sequence @ weight.T, 2, axis=-1)
        np.multiply(up, gate / (1 + np.exp(-gate)), out=into)
    return result


def _attend(packed: Array, shape: DecoderShape) -> Array:
    """Causal grouped-query attention over stacked queries, keys and values, from position 0.

    Of one sequence, [tokens, queries, keys and values].
    """
    tokens = len(packed)
    heads = packed.reshape(tokens, -1, shape.head_size).swapaxes(0, 1)
    queries, keys, values = np.split(
        heads, [shape.heads, shape.heads + shape.key_value_heads], axis=0
    )
    group = shape.heads // shape.key_value_heads
    queries, keys = _rotate(queries, shape), _rotate(keys, shape)
    keys, values = np.repeat(keys, group, axis=0), np.repeat(values, group, axis=0)
    unseen = np.triu(np.full((tokens, tokens), -np.inf, np.float32), 1)
    weights = queries @ keys.swapaxes(1, 2) / np.float32(np.sqrt(shape.head_size)) + unseen
    weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    mixed: Array = (weights @ values).swapaxes(0, 1).reshape(tokens, -1)
    return mixed


def _rotate(heads: Array, shape: DecoderShape) -> Array:
    """Rotary position embedding (Su et al. 2021) of [heads, tokens, head size]."""
    half = np.arange(0, shape.head_size, 2) / shape.head_size
    angles = np.outer(np.arange(heads.shape[1]), shape.rotary_base**-half)
    cosine, sine = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    left, right = np.split(heads, 2, axis=-1)
    return np.concatenate([left * cosine - right * sine, right * cosine + left * sine], axis=-1)
