"""How long work takes, on the clock and of the processor."""

import time
from collections.abc import Callable

import numpy as np

Taken = tuple[float, float]
"""Milliseconds on the clock, and of the processor, which other jobs do not change as much."""


def milliseconds(work: Callable[[], object]) -> Taken:
    """What some work takes."""
    started, processor = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - started), 1000 * (time.process_time() - processor)


def percentiles(times: list[Taken]) -> dict[str, float]:
    """What half, 95 % and 99 % of some times stay below: `p50` on the clock, `processor_p50` of the
    processor, and so on."""
    clock, processor = np.array(times).T
    return {
        f"{kind}p{which}": round(float(np.percentile(values, which)), 2)
        for kind, values in (("", clock), ("processor_", processor))
        for which in (50, 95, 99)
    }
