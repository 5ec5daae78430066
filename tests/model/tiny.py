"""A tiny random decoder as a GGUF file, and its forward pass written a second time in numpy."""

from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from model.checkpoint import Vocabulary
from model.tokenizer import _byte_alphabet

LAYERS, HIDDEN, FEED_FORWARD, HEADS, KEY_VALUE_HEADS, HEAD_SIZE = 2, 64, 96, 4, 2, 16
BASE, EPSILON = 10_000.0, 1e-5
SPECIAL = ["<|endoftext|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_sep|>"]
WORDS = [("r", "e"), ("t", "u"), ("r", "n"), ("re", "tu"), ("retu", "rn"), ("Ġ", "return")]

SHAPES = """def area(width, height):
    if width < 0 or height < 0:
        raise ValueError("A side cannot be negative.")
    return width * height


def volume(width, height, depth):
    return area(width, height) * depth
"""

Weights = dict[str, NDArray[np.float32]]


def tokens() -> list[str]:
    """The vocabulary: every byte, the merges of ` return`, the special tokens."""
    return [*_byte_alphabet(), *(left + right for left, right in WORDS), *SPECIAL]


def weights(architecture: str, seed: int = 1) -> Weights:
    """Random weights in the published order (not yet in GGUF's)."""
    random = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return (random.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32)

    made: Weights = {
        "token_embd.weight": matrix(len(tokens()), HIDDEN) * np.float32(4),
        "output_norm.weight": np.ones(HIDDEN, np.float32),
    }
    queries, keys = HEADS * HEAD_SIZE, KEY_VALUE_HEADS * HEAD_SIZE
    for layer in range(LAYERS):
        stem = f"blk.{layer}"
        made |= {
            f"{stem}.attn_norm.weight": random.uniform(0.5, 2, HIDDEN).astype(np.float32),
            f"{stem}.ffn_norm.weight": random.uniform(0.5, 2, HIDDEN).astype(np.float32),
            f"{stem}.attn_q.weight": matrix(queries, HIDDEN),
            f"{stem}.attn_k.weight": matrix(keys, HIDDEN),
            f"{stem}.attn_v.weight": matrix(keys, HIDDEN),
            f"{stem}.attn_output.weight": matrix(HIDDEN, queries),
            f"{stem}.ffn_gate.weight": matrix(FEED_FORWARD, HIDDEN),
            f"{stem}.ffn_up.weight": matrix(FEED_FORWARD, HIDDEN),
            f"{stem}.ffn_down.weight": matrix(HIDDEN, FEED_FORWARD),
        }
        if architecture == "qwen2":
            for part, size in (("q", queries), ("k", keys), ("v", keys)):
                made[f"{stem}.attn_{part}.bias"] = random.standard_normal(size).astype(np.float32)
    return made


def write(
    path: Path,
    architecture: str,
    made: Weights,
    pre_tokenizer: str = "qwen2",
    context: int = 512,
) -> Path:
    """Writes the GGUF file as llama.cpp's converter would."""
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_context_length(context)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_VALUE_HEADS)
    writer.add_rope_freq_base(BASE)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre_tokenizer)
    names = tokens()
    kinds = [gguf.TokenType.NORMAL] * (len(names) - len(SPECIAL))
    writer.add_token_list(names)
    writer.add_token_types([*kinds, *[gguf.TokenType.CONTROL] * len(SPECIAL)])
    writer.add_token_merges([f"{left} {right}" for left, right in WORDS])
    for name, values in made.items():
        if architecture == "llama" and name.endswith(("attn_q.weight", "attn_k.weight")):
            halves = values.reshape(-1, 2, HEAD_SIZE // 2, HIDDEN)
            values = np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(values.shape)
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def reference_logits(made: Weights, ids: list[int]) -> NDArray[np.float64]:
    """Logits after each token, [tokens, vocabulary], in double precision and without a cache."""
    hidden = made["token_embd.weight"][ids].astype(np.float64)
    for layer in range(LAYERS):
        part = {
            name.removeprefix(f"blk.{layer}."): values
            for name, values in made.items()
            if name.startswith(f"blk.{layer}.")
        }
        hidden = hidden + _attention(part, _norm(hidden, part["attn_norm.weight"]))
        normed = _norm(hidden, part["ffn_norm.weight"])
        gate, up = normed @ part["ffn_gate.weight"].T, normed @ part["ffn_up.weight"].T
        hidden = hidden + (gate / (1 + np.exp(-gate)) * up) @ part["ffn_down.weight"].T
    logits: NDArray[np.float64] = (
        _norm(hidden, made["output_norm.weight"]) @ made["token_embd.weight"].T
    )
    return logits


def _norm(values: NDArray[np.float64], weight: NDArray[np.float32]) -> NDArray[np.float64]:
    return values / np.sqrt((values**2).mean(-1, keepdims=True) + EPSILON) * weight


def _attention(part: Weights, normed: NDArray[np.float64]) -> NDArray[np.float64]:
    count = len(normed)

    def heads(name: str) -> NDArray[np.float64]:
        values = normed @ part[f"attn_{name}.weight"].T + part.get(f"attn_{name}.bias", 0)
        return values.reshape(count, -1, HEAD_SIZE).swapaxes(0, 1)

    queries, keys, values = _rotate(heads("q")), _rotate(heads("k")), heads("v")
    group = HEADS // KEY_VALUE_HEADS
    keys, values = np.repeat(keys, group, 0), np.repeat(values, group, 0)
    scores = queries @ keys.swapaxes(1, 2) / np.sqrt(HEAD_SIZE)
    scores = np.where(np.tri(count, dtype=bool), scores, -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    mixed = (shares @ values).swapaxes(0, 1).reshape(count, -1)
    return mixed @ part["attn_output.weight"].T


def _rotate(heads: NDArray[np.float64]) -> NDArray[np.float64]:
    half = HEAD_SIZE // 2
    frequencies = BASE ** -(np.arange(half) / half)
    angles = np.outer(np.arange(heads.shape[1]), frequencies)
    left, right = heads[..., :half], heads[..., half:]
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.concatenate([left * cosine - right * sine, right * cosine + left * sine], -1)


def vocabulary() -> Vocabulary:
    """The tiny decoder's vocabulary, as its GGUF file would give it."""
    names = tokens()
    return Vocabulary(
        tokens=tuple(names),
        special=frozenset(range(len(names) - len(SPECIAL), len(names))),
        merges=tuple(f"{left} {right}" for left, right in WORDS),
        pre_tokenizer="qwen2",
    )
