"""How good a prediction is, and figures over many with their 95 % intervals."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

_SAMPLES = 2000  # of the bootstrap

_NAME = re.compile(r"[^\W\d]\w*")
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Score:
    """How one prediction compares with what stood there; 1 is best except for times and bits."""

    exact: float  # all of it, but for spaces at line ends
    first_line_exact: float
    edit_similarity: float  # 1 - Levenshtein distance / the longer one's length
    name_f1: float  # F1 of the names, each as often as it stands there
    first_token: float
    shown: float  # a whole line, or more
    shown_exact: float  # shown, and its first line exact
    begun: float  # only the beginning of a line is shown
    begun_right: float  # and what stood there begins so
    begun_characters: float  # of it
    confidence: float
    latency_ms: float
    bits: float  # of the true text, or NaN
    characters: float  # of the true text
    breaks: float  # shown, and the file, which parses with the true text, does not with it


def score(
    expected: str,
    predicted: str,
    *,
    shown: str = "",
    begun: str = "",
    confidence: float = 1.0,
    latency_ms: float = 0.0,
    bits: float | None = None,
    breaks: bool = False,
) -> Score:
    """Compares what was predicted with what stood there.

    So, too, what of it was `shown`, whole lines, or else `begun`, the beginning of a line.
    """
    wanted, found = _stripped(expected), _stripped(predicted)
    first = wanted.split("\n")[0]
    return Score(
        exact=float(found == wanted),
        first_line_exact=float(found.split("\n")[0] == first),
        edit_similarity=Levenshtein.normalized_similarity(wanted, found),
        name_f1=_f1(_NAME.findall(wanted), _NAME.findall(found)),
        first_token=float(_first_token(wanted) == _first_token(found)),
        shown=float(bool(shown)),
        shown_exact=float(bool(shown) and _stripped(shown).split("\n")[0] == first),
        begun=float(bool(begun)),
        begun_right=float(bool(begun) and first.startswith(begun)),
        begun_characters=len(begun),
        confidence=confidence,
        latency_ms=latency_ms,
        bits=float("nan") if bits is None else bits,
        characters=len(expected),
        breaks=float(breaks),
    )


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))


def _first_token(text: str) -> str | None:
    found = _TOKEN.search(text)
    return found[0] if found else None


def _f1(wanted: Sequence[str], found: Sequence[str]) -> float:
    """1 where there is no name to be found and none is."""
    if not wanted and not found:
        return 1.0
    common = (Counter(wanted) & Counter(found)).total()
    return 2 * common / (len(wanted) + len(found))


@dataclass(frozen=True)
class Interval:
    """A figure and where it lies in 95 of 100 samples of the cases."""

    value: float
    low: float
    high: float


Rows = NDArray[np.float64]
Statistic = Callable[[Rows], Rows]
"""From values of shape [..., cases, columns] to figures of shape [...]."""


def interval(rows: Sequence[Sequence[float]], statistic: Statistic) -> Interval | None:
    """A figure over cases, each a row of values, with its interval by percentile bootstrap.

    None where there is no such figure: no case, or a division by zero. Efron, "Bootstrap methods:
    another look at the jackknife", 1979. The same samples each time.
    """
    if not rows or not np.isfinite(statistic(np.array(rows, np.float64))):
        return None
    values = np.array(rows, np.float64)
    random = np.random.default_rng(0)
    samples = random.integers(0, len(values), (_SAMPLES, len(values)))
    figures = statistic(values[samples])
    low, high = np.percentile(figures[np.isfinite(figures)], (2.5, 97.5))
    return Interval(float(statistic(values)), float(low), float(high))


def mean(rows: Rows) -> Rows:
    """The mean of the first column."""
    result: Rows = rows[..., 0].mean(axis=-1)
    return result


def median(rows: Rows) -> Rows:
    """The median of the first column."""
    result: Rows = np.median(rows[..., 0], axis=-1)
    return result


def share(rows: Rows) -> Rows:
    """The sum of the first column over that of the second; not finite where that is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: Rows = rows[..., 0].sum(axis=-1) / rows[..., 1].sum(axis=-1)
    return quotient


def difference(rows: Rows) -> Rows:
    """The first column's mean less the second's, case by case on the same cases."""
    return mean(rows) - mean(rows[..., 1:])


def relative_gain(rows: Rows) -> Rows:
    """By what part the first column's sum is larger than the second's."""
    return share(rows) - 1


def summary(scores: Sequence[Score]) -> dict[str, Interval | None]:
    """All figures over the scores of one system."""
    figures = {
        name: interval([[getattr(score, name)] for score in scores], mean)
        for name in (
            *("exact", "first_line_exact", "edit_similarity", "name_f1", "first_token"),
            *("shown", "begun", "latency_ms", "breaks"),
        )
    }
    figures["precision"] = interval([[s.shown_exact, s.shown] for s in scores], share)
    figures["begun_precision"] = interval([[s.begun_right, s.begun] for s in scores], share)
    figures["begun_characters"] = interval([[s.begun_characters, s.begun] for s in scores], share)
    figures["bits_per_character"] = interval([[s.bits, s.characters] for s in scores], share)
    figures["median_latency_ms"] = interval([[s.latency_ms] for s in scores], median)
    return figures


def precision_by_share(scores: Sequence[Score]) -> dict[str, float]:
    """The precision of the first line if only the surest part of the cases were shown."""
    surest = sorted(scores, key=lambda score: -score.confidence)
    parts = {part: surest[: max(1, round(part * len(surest)))] for part in (0.2, 0.35, 0.45, 0.6)}
    return {
        str(part): float(np.mean([score.first_line_exact for score in chosen]))
        for part, chosen in parts.items()
    }


def comparison(ours: Sequence[Score], theirs: Sequence[Score]) -> dict[str, Interval | None]:
    """How the first system differs from the second on the same cases, in the same order."""

    def pairs(name: str) -> list[list[float]]:
        return [[getattr(a, name), getattr(b, name)] for a, b in zip(ours, theirs, strict=True)]

    bits = [[a.bits - b.bits, a.characters] for a, b in zip(ours, theirs, strict=True)]
    return {
        "exact": interval(pairs("exact"), difference),
        "exact_relative": interval(pairs("exact"), relative_gain),
        "edit_similarity": interval(pairs("edit_similarity"), difference),
        "bits_per_character": interval(bits, share),
    }
