"""How well texts find their counterparts: reciprocal rank and recall within a pool."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Retrieval:
    """Means over queries, each between 0 and 1."""

    mrr_at_10: float
    """Mean of 1/rank of the right answer, 0 where it is not among the first ten."""
    recall_at_10: float
    """Share of queries with the right answer among the first ten."""
    queries: int


def of_scores(scores: NDArray[np.float32]) -> Retrieval:
    """From [queries, candidates] scores; the right answer to query i is candidate i.

    A tie counts against the right answer, so that a constant score earns nothing.
    """
    right = np.diagonal(scores)[:, None]
    ranks = (scores >= right).sum(axis=1)  # 1 is best
    found = ranks <= 10
    return Retrieval(float((found / ranks).mean()), float(found.mean()), len(scores))


def mean(results: list[Retrieval]) -> Retrieval:
    """The mean over pools, each weighing the same."""
    return Retrieval(
        float(np.mean([x.mrr_at_10 for x in results])),
        float(np.mean([x.recall_at_10 for x in results])),
        sum(x.queries for x in results),
    )


def interval(values: Sequence[float] | NDArray[np.float64]) -> tuple[float, float]:
    """Between what the mean of `values`, one a pool, lies with 95 % confidence.

    By bootstrap (Efron 1979): the means of ten thousand draws, always the same ones.
    """
    means = np.random.default_rng(0).choice(values, (10_000, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
