"""A process that ends is noticed, by the system's own event and by looking."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from lsp_server.parent import gone


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield started
    started.kill()
    started.communicate()


@pytest.mark.parametrize("by_event", [True, False])
async def test_the_end_of_a_process_is_noticed(
    process: subprocess.Popen[bytes], by_event: bool, monkeypatch: pytest.MonkeyPatch
):
    def missing(_pid: int) -> int:
        raise OSError("an old kernel")

    if not by_event:
        monkeypatch.setattr(os, "pidfd_open", missing, raising=False)
    noticed = asyncio.create_task(gone(psutil.Process(process.pid)))
    done, _ = await asyncio.wait([noticed], timeout=0.1)
    assert not done
    process.kill()  # and nobody waits for it: it is a zombie
    await asyncio.wait_for(noticed, 30)
