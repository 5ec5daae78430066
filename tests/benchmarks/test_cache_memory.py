"""The memory that the benchmark of the cache reports."""

import sys

import numpy as np
import pytest

from benchmarks.cache import forget_peak, resident_at_most

SIZE = 64_000_000  # bytes, more than the allocator keeps


@pytest.mark.skipif(sys.platform != "linux", reason="proc(5) has the peak")
def test_what_was_used_for_a_moment_counts_until_it_is_forgotten() -> None:
    forget_peak()
    before = resident_at_most()
    copy = np.ones(SIZE, np.uint8)
    del copy
    peak = resident_at_most()
    assert peak > before + 0.9 * SIZE
    forget_peak()
    assert resident_at_most() < peak - 0.9 * SIZE
