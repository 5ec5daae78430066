"""Tells when the process that started the server is gone, which takes its editor along."""

import asyncio
import os
import sys

import psutil

_LOOK_AROUND = 2.0  # seconds between two looks, where the system does not tell by itself


async def gone(process: psutil.Process) -> None:
    """Wait until a process has ended, whether anybody has taken note of its end or not."""
    if sys.platform == "linux":
        try:
            descriptor = os.pidfd_open(process.pid)
        except ProcessLookupError:
            return
        except OSError:
            pass  # an old kernel: look again and again
        else:
            try:
                return await _readable(descriptor)
            finally:
                os.close(descriptor)
    while not _is_gone(process):
        await asyncio.sleep(_LOOK_AROUND)


async def _readable(descriptor: int) -> None:
    """Wait for the event that the system has for a descriptor; nothing runs until then."""
    loop = asyncio.get_running_loop()
    happened = asyncio.Event()
    loop.add_reader(descriptor, happened.set)
    try:
        await happened.wait()
    finally:
        loop.remove_reader(descriptor)


def _is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
