"""What a server and its children take of the machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psutil

_SAMPLED = 0.25  # seconds between two looks at the memory


@dataclass
class Usage:
    """What was used while it was watched."""

    cpu_seconds: float = 0.0
    peak_bytes: int = 0  # resident, of all processes together


@asynccontextmanager
async def watched(process: psutil.Process, usage: Usage) -> AsyncIterator[None]:
    """Adds to `usage` what a process and its children use meanwhile."""
    before = cpu_seconds(process)
    watching = asyncio.create_task(_watch(process, usage))
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        usage.cpu_seconds += cpu_seconds(process) - before


def cpu_seconds(process: psutil.Process) -> float:
    """Seconds of processor time that a process and its children have used so far."""
    times = [each.cpu_times() for each in _tree(process)]
    return sum(time.user + time.system for time in times)


async def _watch(process: psutil.Process, usage: Usage) -> None:
    while True:
        resident = sum(each.memory_info().rss for each in _tree(process))
        usage.peak_bytes = max(usage.peak_bytes, resident)
        await asyncio.sleep(_SAMPLED)


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]
