"""How much each part of a decoder matters: what its predictions lose when it alone is changed."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from model import matrices
from model.checkpoint import Checkpoint
from model.fitting.layerwise import Array, Layer, Score, Tokens, read_layer, score
from model.quantize import dequantize, stored_as
from model.recipes import INT4

Change = Callable[[Layer, Array], Array]
"""Runs hidden states through a layer that is changed in some way."""

Progress = Callable[[int, int], None]


def one_at_a_time(
    checkpoint: Checkpoint,
    tokens: Tokens,
    changes: Mapping[str, Change],
    progress: Progress,
    *,
    other_head: Array | None = None,
    only: Collection[int] | None = None,
) -> dict[str, Score]:
    """Scores the decoder with each change made in one layer alone: "blk.0.NAME", and so on.

    `only`: the layers that are changed, by default all.
    Under "" is the decoder as it is, the reference; under "head" the one with the other table at
    both ends. Each layer is read once: all versions of the hidden states go through it together.
    """
    head = matrices.head(checkpoint)
    heads = {} if other_head is None else {"head": other_head}
    states: dict[str, Array] = {"": head[tokens]}
    states |= {name: table[tokens] for name, table in heads.items()}
    layers = range(checkpoint.shape.layers)
    changed = layers if only is None else only
    runs = [1 + len(changes) * sum(each <= number for each in changed) for number in layers]
    for number in layers:
        layer, before = read_layer(checkpoint, number), states[""]
        for name in states:
            states[name] = layer.run(states[name])
        for name, change in changes.items() if number in changed else ():
            states[f"{layer.stem}.{name}"] = change(layer, before)
        progress(sum(runs[: number + 1]), sum(runs))
    pairs = [(hidden, heads.get(name, head)) for name, hidden in states.items()]
    output_norm = checkpoint.tensor("output_norm.weight")
    scores = score(pairs, output_norm, tokens, checkpoint.shape)
    return dict(zip(states, scores, strict=True))


def sensitivity(checkpoint: Checkpoint, tokens: Tokens, progress: Progress) -> dict[str, float]:
    """Bits a token that each part adds when it alone has 4 bits: "blk.0.attn", "blk.0.ffn", "head".

    It is the divergence of the predictions from those in fp32, which is what would be added on
    text that fp32 itself writes: never negative, and steadier than the difference on given text.
    """
    other = dequantize(stored_as(matrices.head(checkpoint), INT4))
    changes = {"attn": _at_4_bits("attn_"), "ffn": _at_4_bits("ffn_")}
    scores = one_at_a_time(checkpoint, tokens, changes, progress, other_head=other)
    return {name: score.divergence for name, score in scores.items() if name}


def _at_4_bits(beginning: str) -> Change:
    def change(layer: Layer, hidden: Array) -> Array:
        weights = {
            name: dequantize(stored_as(layer.weights[name], INT4))
            for name in matrices.layer_matrices(layer.number)
            if name.rpartition(".")[2].startswith(beginning)
        }
        return replace(layer, weights=layer.weights | weights).run(hidden)

    return change


def importance_of_layers(checkpoint: Checkpoint, tokens: Tokens, progress: Progress) -> list[float]:
    """Bits a token added when a layer is skipped, for each layer."""
    scores = one_at_a_time(checkpoint, tokens, {"skipped": lambda _, hidden: hidden}, progress)
    return [
        scores[f"blk.{number}.skipped"].bits - scores[""].bits
        for number in range(checkpoint.shape.layers)
    ]


def importance_of_heads(
    checkpoint: Checkpoint, tokens: Tokens, layers: Collection[int], progress: Progress
) -> dict[int, list[float]]:
    """Bits a token added when one head is silent, by layer for each head."""
    heads = range(checkpoint.shape.heads)
    changes = {f"head{head}": silencing(dict.fromkeys(layers, [head])) for head in heads}
    scores = one_at_a_time(checkpoint, tokens, changes, progress, only=layers)
    return {
        number: [scores[f"blk.{number}.head{head}"].bits - scores[""].bits for head in heads]
        for number in layers
    }


def together(
    checkpoint: Checkpoint, tokens: Tokens, versions: Mapping[str, Change], progress: Progress
) -> dict[str, Score]:
    """Scores versions of the decoder, each running all of the layers in its way; "" is as it is."""
    head = matrices.head(checkpoint)
    states: dict[str, Array] = dict.fromkeys(["", *versions], head[tokens])
    layers = checkpoint.shape.layers
    for number in range(layers):
        layer = read_layer(checkpoint, number)
        states[""] = layer.run(states[""])
        for name, version in versions.items():
            states[name] = version(layer, states[name])
        progress(number + 1, layers)
    pairs = [(hidden, head) for hidden in states.values()]
    output_norm = checkpoint.tensor("output_norm.weight")
    scores = score(pairs, output_norm, tokens, checkpoint.shape)
    return dict(zip(states, scores, strict=True))


def skipping(dropped: Collection[int]) -> Change:
    """Leaves some layers out."""
    return lambda layer, hidden: hidden if layer.number in dropped else layer.run(hidden)


def silencing(heads: Mapping[int, Collection[int]]) -> Change:
    """Silences some heads, by layer."""

    def change(layer: Layer, hidden: Array) -> Array:
        width = layer.shape.head_size
        weight = layer.weights[f"{layer.stem}.attn_output"].copy()
        for head in heads.get(layer.number, ()):
            weight[:, head * width : (head + 1) * width] = 0
        weights = layer.weights | {f"{layer.stem}.attn_output": weight}
        return replace(layer, weights=weights).run(hidden)

    return change
