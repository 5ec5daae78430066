"""The figures of typing, from what was asked and answered."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.replay import Ask
from benchmarks.usage import Usage

WITHIN = (80, 150, 300)
"""Milliseconds: how many keys are answered by then."""

_ARRIVALS = ("open", "visit", "back")


@dataclass(frozen=True)
class Record:
    """All that one system did in a run."""

    asks: tuple[Ask, ...]
    taken: int  # characters that came with suggestions
    usage: Usage
    written: Counter[str]  # `tokens` in `passes` of the model


def _is_warm(ask: Ask) -> bool:
    return ask.kind in ("key", "accept")


ROWS: dict[str, Callable[[Ask], bool]] = {
    "every key": lambda ask: ask.kind not in ("open", "better"),
    "warm, the rest of a line": lambda ask: _is_warm(ask) and ask.single,
    "of these known already": lambda ask: _is_warm(ask) and ask.single and ask.shown.known,
    "of these the model asked": lambda ask: _is_warm(ask) and ask.single and not ask.shown.known,
    "warm, an empty line": lambda ask: _is_warm(ask) and not ask.single,
    "first at another place": lambda ask: ask.kind in ("visit", "back"),
    "a file opened, all": lambda ask: ask.kind == "open",
    "a file opened, something shown": lambda ask: ask.kind == "open" and bool(ask.shown.text),
    "better than the first": lambda ask: ask.kind == "better",
}
"""What is told apart. A question that was never answered is with those that asked the model."""


def latencies(record: Record, row: str) -> list[float]:
    """Milliseconds from key to answer, of a row's questions that were answered."""
    return [ask.milliseconds for ask in record.asks if ROWS[row](ask) and ask.milliseconds]


def figures(record: Record) -> dict[str, Any]:
    """All figures of a system; a percentile of nothing is None."""
    keys = [ask for ask in record.asks if ROWS["every key"](ask)]
    answered = [ask for ask in record.asks if ask.milliseconds is not None]
    read = [ask.shown.read for ask in keys if ask.milliseconds is not None and _is_warm(ask)]
    tokens, passes = record.written["tokens"], record.written["passes"]
    return {
        "keys": len(keys),
        "superseded": _share([ask.milliseconds is None for ask in keys]),
        "with_suggestion": _share([bool(ask.shown.text) for ask in keys]),
        "characters_taken": record.taken,
        "within_ms": {
            str(limit): _share([(ask.milliseconds or math.inf) <= limit for ask in keys])
            for limit in WITHIN
        },
        "rows": {row: _row(record, row) for row in ROWS},
        "wait_ms": _percentiles(_waits(keys)),
        "warm_line_all_keys": _all_keys(keys),
        "read_tokens_per_key": {"p50": _percentile(read, 50), "p90": _percentile(read, 90)},
        "generated_tokens": tokens,
        "tokens_per_pass": round(tokens / passes, 2) if passes else None,
        "wasted_tokens": _wasted(answered, tokens),
        "cpu_seconds_per_1000_keys": round(1000 * record.usage.cpu_seconds / len(keys), 1),
        "peak_megabytes": round(record.usage.peak_bytes / 1e6),
    }


def _row(record: Record, row: str) -> dict[str, Any]:
    asks = [ask for ask in record.asks if ROWS[row](ask)]
    superseded = sum(ask.milliseconds is None for ask in asks)
    return {
        "asked": len(asks),
        "superseded": superseded,
        **_percentiles(latencies(record, row)),
    }


def _waits(keys: Sequence[Ask]) -> list[float]:
    """How long the user waited after each key for an answer, if only to a key after it."""
    waits = []
    answer = math.inf  # when the next one comes
    for ask in reversed(keys):
        if ask.milliseconds is not None:
            answer = ask.at + ask.milliseconds / 1000
        if answer < math.inf:
            waits.append(1000 * (answer - ask.at))
    return waits


def _all_keys(keys: Sequence[Ask]) -> dict[str, Any]:
    """What all warm keys within a line came to, also those whose own answer came too late.

    Percentiles of the time until the first answer, and the first one with a text, to each of them
    or to a later key on the same line; None where it is later than any answer on that line.
    """
    to_answer = _arrivals(keys, lambda ask: ask.milliseconds is not None)
    to_text = _arrivals(keys, lambda ask: bool(ask.shown.text))
    return {
        "keys": len(to_answer),
        "to_an_answer_ms": _ranks(to_answer),
        "to_a_text_ms": _ranks(to_text),
        "with_a_text": _share([wait < math.inf for wait in to_text]),
        "of_these_ms": _ranks([wait for wait in to_text if wait < math.inf]),
    }


def _arrivals(keys: Sequence[Ask], counts: Callable[[Ask], bool]) -> list[float]:
    """Milliseconds from each warm key within a line to the first answer that counts."""
    waits, answer, line = [], math.inf, ""
    for ask in reversed(keys):
        if ask.line != line:
            answer, line = math.inf, ask.line
        if ask.milliseconds is not None and counts(ask):
            answer = ask.at + ask.milliseconds / 1000
        if _is_warm(ask) and ask.single:
            waits.append(1000 * (answer - ask.at))
    return waits


def _ranks(values: Sequence[float]) -> dict[str, float | None]:
    """Percentiles that are values of their own, since some may be infinite: None then."""
    found: dict[str, float | None] = {}
    for percent in (50, 90, 99):
        value = float(np.percentile(values, percent, method="inverted_cdf")) if values else math.inf
        found[f"p{percent}"] = round(value, 1) if value < math.inf else None
    return found


def _wasted(asks: Sequence[Ask], generated: int) -> int:
    """Tokens that were never shown, or were not what the user typed then.

    What of each suggestion was of use is known in characters; a token has as many as in all answers
    for which the model was asked.
    """
    asked = [ask.shown for ask in asks if not ask.shown.known and ask.shown.text]
    characters = sum(len(shown.text) for shown in asked)
    useful, last = 0, ""
    for ask in asks:
        if not (ask.shown.known and last.endswith(ask.shown.text)):  # else it was counted there
            useful += ask.agreed
        last = ask.shown.text
    tokens = sum(shown.generated for shown in asked)
    return max(0, round(generated - (useful * tokens / characters if characters else 0)))


def _share(truths: Sequence[bool]) -> float:
    return round(sum(truths) / len(truths), 3) if truths else 0.0


def _percentiles(values: Sequence[float]) -> dict[str, float | None]:
    return {f"p{percent}": _percentile(values, percent) for percent in (50, 90, 99)}


def _percentile(values: Sequence[float], percent: int) -> float | None:
    return round(float(np.percentile(values, percent)), 1) if values else None
