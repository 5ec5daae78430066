"""Takes the outliers out of a decoder's activations, into its weights (Xiao et al. 2022).

8-bit activations share one scale, so that a few large channels leave little for the others. A
channel is divided by a factor where it is made and its weights are multiplied by it where it is
used, which changes no output. The factor is sqrt(largest input / largest weight) of the channel,
the authors' balance of one half. https://arxiv.org/abs/2211.10438
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model import matrices
from model.checkpoint import Checkpoint
from model.fitting.layerwise import Array, Tokens, read_layer

Factors = dict[str, Array]
"""By the name of a matrix, a factor for each of its columns."""


def smoothing_factors(
    checkpoint: Checkpoint, tokens: Tokens, progress: Callable[[int, int], None]
) -> Factors:
    """The factors of all matrices but the head, from the inputs that `tokens` give them."""
    factors: Factors = {}

    def watched(name: str, inputs: Array, weight: Array) -> Array:
        largest = np.abs(inputs).max(axis=tuple(range(inputs.ndim - 1)))
        ratio = largest / np.maximum(np.abs(weight).max(axis=0), 1e-8)
        factors[name] = np.sqrt(np.maximum(ratio, 1e-8))
        return weight

    layers = checkpoint.shape.layers
    hidden: Array = matrices.head(checkpoint)[tokens]
    for layer in range(layers):
        hidden = read_layer(checkpoint, layer).run(hidden, watched)
        progress(layer + 1, layers)
    return factors


def smoothed(checkpoint: Checkpoint, factors: Factors) -> Checkpoint:
    """The same decoder with its activations divided, and its weights multiplied, by the factors."""
    shape = checkpoint.shape
    divisors: dict[str, Array] = {}  # of the outputs, by tensor
    multipliers: dict[str, Array] = {}  # of the inputs
    for name, given in factors.items():
        stem, _, part = name.rpartition(".")
        factor = given
        if part == "attn_output":
            # A value serves a group of heads, so they have to share its factor.
            groups = given.reshape(shape.key_value_heads, -1, shape.head_size)
            shared = groups.max(axis=1, keepdims=True)
            factor = np.broadcast_to(shared, groups.shape).ravel()
            divisors[f"{stem}.attn_v.weight"] = divisors[f"{stem}.attn_v.bias"] = shared.ravel()
        elif part == "ffn_down":
            divisors[f"{stem}.ffn_up.weight"] = given
        else:
            divisors[f"{stem}.{part.split('_')[0]}_norm.weight"] = given
        for tensor in matrices.parts(name):
            multipliers[f"{tensor}.weight"] = factor

    def read(name: str) -> NDArray[np.float32]:
        values = checkpoint.tensor(name)
        if name in divisors:
            values = (values.T / divisors[name]).T
        return values * multipliers[name] if name in multipliers else values

    return replace(checkpoint, read=read)
