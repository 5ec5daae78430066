"""How probable words are at a cursor, by their first tokens, in one short run of the decoder."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.decoder import Decoder
from model.nearby import Nearby, log_softmax
from model.tokenizer import CodeTokenizer


def log_probabilities(
    decoder: Decoder,
    tokenizer: CodeTokenizer,
    prompt: Sequence[int],
    beginning: str,
    words: Sequence[str],
    *,
    nearby: Nearby,
    most: int,
) -> list[float] | None:
    """The logarithm of the probability of each word, up to the token in which most words differ.

    `prompt`: what stands, without `beginning`, the end of the typed text that is healed; its last
    word is what the words replace. `nearby`: texts that count beside the model. None where more
    than `most` tokens would have to be read.
    """
    lead = re.sub(r"\w*\Z", "", beginning)
    encoded = [tokenizer.encode(lead + word) for word in words]
    path = _common_path(encoded)
    unread = len(prompt) - decoder.known(prompt) + len(path)
    if unread > most or len(prompt) + len(path) > decoder.capacity:
        return None
    known = decoder.reuse(prompt)
    rows = decoder.extend([*prompt[known:], *path], logits=1 + len(path))
    scores = [nearby.mix(log_softmax(row), path[:place]) for place, row in enumerate(rows)]
    return [_score(tokens, path, scores) for tokens in encoded]


def _common_path(encoded: Sequence[Sequence[int]]) -> list[int]:
    """The tokens that most words begin with, as long as several go on with the same one."""
    path: list[int] = []
    while encoded := [tokens for tokens in encoded if len(tokens) > len(path) + 1]:
        token, count = Counter(tokens[len(path)] for tokens in encoded).most_common(1)[0]
        if count == 1:
            break
        encoded = [tokens for tokens in encoded if tokens[len(path)] == token]
        path.append(token)
    return path


def _score(
    tokens: Sequence[int], path: Sequence[int], scores: Sequence[NDArray[np.float32]]
) -> float:
    """The log-probability of a word's tokens up to the first one that leaves the path."""
    total = 0.0
    for place, token in enumerate(tokens[: len(scores)]):
        total += float(scores[place][token])
        if place == len(path) or token != path[place]:
            break
    return total
