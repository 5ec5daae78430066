"""Messages over standard input and output, or over a loopback TCP connection.

Both directions of standard input and output have a thread of their own: reading blocks, and
writing blocks when the client is slow to read, which must not hold up the event loop.
"""

import asyncio
import ipaddress
import os
import queue
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable

_HEADER = re.compile(rb"(content-length|content-type): *([^\r\n]*)\r\n", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,9}")  # up to a gigabyte


class BadFrame(Exception):
    """What came in is not a message of the protocol."""


async def messages(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The bodies of the messages that come in, until the client closes the stream.

    Raises `BadFrame` for any header that the protocol does not define. That is more than
    tidiness: a web page may send HTTP requests to a loopback port, and their headers end here.
    """
    while (length := await _header(reader)) is not None:
        try:
            yield await reader.readexactly(length)
        except asyncio.IncompleteReadError:
            return


async def _header(reader: asyncio.StreamReader) -> int | None:
    """Length of the next body in bytes; None at the end of the stream."""
    length = None
    while (line := await _header_line(reader)) != b"\r\n":
        if not line.endswith(b"\n"):
            return None
        if (match := _HEADER.fullmatch(line)) is None:
            raise BadFrame("A header is not one of the protocol's.")
        if match[1].lower() == b"content-length":
            length = int(match[2]) if _LENGTH.fullmatch(match[2]) else None
    if length is None:
        raise BadFrame("A header gives no usable Content-Length.")
    return length


async def _header_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError as error:
        raise BadFrame("A header is longer than any of the protocol's.") from error


def read_descriptor(descriptor: int) -> asyncio.StreamReader:
    """A stream of what can be read from a file descriptor, on any platform.

    The thread is a daemon in a plain system call, so that a client that neither writes nor
    closes cannot keep the process alive.
    """
    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()

    def run() -> None:
        try:
            while data := os.read(descriptor, 1 << 16):
                loop.call_soon_threadsafe(reader.feed_data, data)
            loop.call_soon_threadsafe(reader.feed_eof)
        except OSError:
            loop.call_soon_threadsafe(reader.feed_eof)
        except RuntimeError:
            pass  # the loop is closed: nobody reads any more

    threading.Thread(target=run, name="standard input", daemon=True).start()
    return reader


class DescriptorWriter:
    """Writes to a file descriptor in a thread; `on_broken` is called there when that fails."""

    def __init__(self, descriptor: int, on_broken: Callable[[], None]):
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._data: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="standard output", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Have data written after what was given before."""
        self._data.put(data)

    def close(self) -> None:
        """Write what is left, for a second at most."""
        self._data.put(None)
        self._thread.join(1.0)

    def _run(self) -> None:
        try:
            while (data := self._data.get()) is not None:
                while data:
                    data = data[os.write(self._descriptor, data) :]
        except OSError:
            self._on_broken()


def take_standard_output() -> int:
    """A descriptor for the protocol alone; whatever else is printed goes to standard error.

    Native libraries print where they like, and one stray line would break the protocol.
    """
    sys.stdout.flush()
    protocol = os.dup(1)
    os.dup2(2, 1)
    return protocol


def require_loopback(host: str) -> None:
    """Raise ValueError unless `host` can only be reached from this machine."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(
            f"Bowerbird listens on this machine only: use 127.0.0.1 or ::1, not {host}."
        )
