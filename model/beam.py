"""Other continuations than the greedy one: where the model hesitated, what it nearly wrote instead.

A beam search over whole texts would read each of them again at every step and mostly end in texts
that differ in their last token. Instead the tokens of the greedy answer are shown to the decoder
once more, in one run, which gives the runner-up of each of them and its probability. The likeliest
runners-up are then followed greedily, each from the cache of what it shares with the first answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.decoder import READ_AT_ONCE, Decoder
from model.generate import FREE, Generation, Limits, Rules, generate
from model.nearby import log_softmax
from model.tokenizer import CodeTokenizer, join

_RUNNERS_UP = 2  # of each token of the greedy answer
_TRIED = 3  # branches followed for each answer wanted: some end in a text that is there already


@dataclass(frozen=True)
class _Branch:
    """The greedy answer up to a token, and another token in its place."""

    tokens: tuple[int, ...]
    log_probability: float  # of all tokens together


def alternatives(
    decoder: Decoder,
    tokenizer: CodeTokenizer,
    prompt: Sequence[int],
    first: Generation,
    rules: Rules = FREE,
    *,
    count: int,
    limits: Limits,
) -> Iterator[Generation]:
    """Up to `count` answers that differ from `first` and from one another, likeliest branch first.

    `first` is what `generate` has just answered to the same prompt; `decoder` is as that left it.
    The other arguments are those of `generate`. What the deadline or a newer request cuts short is
    left out.
    """
    written = _written(decoder, prompt, first)
    if len(decoder.tokens) < len(prompt) or limits.tokens <= len(written):
        return
    decoder.rewind(len(prompt) - 1)
    rows = decoder.extend([prompt[-1], *written], logits=1 + len(written))
    branches = _branches(rows, written, tokenizer, rules)
    seen = {first.text.rstrip()}
    for branch in branches[: _TRIED * count]:
        answer = _follow(decoder, tokenizer, prompt, branch, rules, limits)
        if answer.finish in ("deadline", "cancelled"):
            return
        if answer.text.rstrip() not in seen:
            seen.add(answer.text.rstrip())
            yield answer
        if len(seen) > count:
            return


def _written(decoder: Decoder, prompt: Sequence[int], first: Generation) -> list[int]:
    """The tokens of an answer, but for the last one, which the decoder was not shown.

    At most as many as one step takes, so that the probabilities are those of writing.
    """
    count = min(max(first.tokens - 1, 0), READ_AT_ONCE - 2)
    return decoder.tokens[len(prompt) : len(prompt) + count]


def _branches(
    rows: NDArray[np.float32],
    written: Sequence[int],
    tokenizer: CodeTokenizer,
    rules: Rules,
) -> list[_Branch]:
    """Where the answer could have gone on otherwise, likeliest first.

    `rows`: the logits for each token of `written` and for the one behind it.
    """
    branches = []
    required = rules.beginning.encode()
    log_probability = 0.0
    for place, row in enumerate(rows):
        allowed = np.array(tokenizer.beginning_with(required)) if required else None
        scores = log_softmax(row, allowed)
        if rules.nearby:
            scores = rules.nearby.mix(scores, written[:place])
        is_last = place == len(written)
        chosen = int(scores.argmax()) if is_last else written[place]
        rest = b"".join(tokenizer.bytes_of[token] for token in [*written[place:], chosen])
        for best in np.argsort(-scores)[: 1 + _RUNNERS_UP]:
            token = int(best)
            # A shorter token of the same word would write the same text once more.
            same = token == chosen or rest.startswith(tokenizer.bytes_of[token])
            if not same and token not in rules.end_tokens and np.isfinite(scores[token]):
                tokens = (*written[:place], token)
                branches.append(_Branch(tokens, log_probability + float(scores[best])))
        if not is_last:
            log_probability += float(scores[chosen])
            required = required[len(tokenizer.bytes_of[chosen]) :]
    return sorted(branches, key=lambda branch: -branch.log_probability)


def _follow(
    decoder: Decoder,
    tokenizer: CodeTokenizer,
    prompt: Sequence[int],
    branch: _Branch,
    rules: Rules,
    limits: Limits,
) -> Generation:
    """The greedy answer that begins as a branch does."""
    pieces = [tokenizer.bytes_of[token] for token in branch.tokens]
    spelled = b"".join(pieces)
    required = rules.beginning.encode()[len(spelled) :].decode(errors="ignore")
    text = join(pieces)[len(rules.beginning) :]
    probabilities: tuple[float, ...] = (branch.log_probability,)
    cut = rules.stop(text)
    if cut is not None:
        count = len(branch.tokens)
        return Generation(text[:cut], "stop", probabilities, (cut,), count, 0, 0, len(prompt))

    def stop_behind(rest: str) -> int | None:
        cut = rules.stop(text + rest)
        return None if cut is None else cut - len(text)

    nearby = rules.nearby
    nearby = nearby and replace(nearby, before=(*nearby.before, *branch.tokens))
    rest = generate(
        decoder,
        tokenizer,
        [*prompt, *branch.tokens],
        replace(rules, beginning=required, stop=stop_behind, nearby=nearby),
        limits=replace(limits, tokens=limits.tokens - len(branch.tokens)),
    )
    return replace(
        rest,
        text=text + rest.text,
        log_probabilities=probabilities + rest.log_probabilities,
        ends=(len(text), *(len(text) + end for end in rest.ends)),
        tokens=rest.tokens + len(branch.tokens),
    )
