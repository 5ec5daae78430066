"""Runs a server from the first byte to the exit of the process.

The process ends when the client says so, when its stream ends, or when the process that started
us is gone (editors crash, and their pipes may live on in other children).
"""

import asyncio
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from lsp_server import parent
from lsp_server.admission import TOKEN_VARIABLE, first_message
from lsp_server.client import Client, ClientLog
from lsp_server.transport import (
    BadFrame,
    DescriptorWriter,
    messages,
    read_descriptor,
    require_loopback,
    take_standard_output,
)

if TYPE_CHECKING:
    from lsp_server.server import BowerbirdServer

_log = logging.getLogger(__name__)

# A thread that wants to run waits for up to this long until the running one is made to give up
# the interpreter. With Python's 5 ms, a reply that passes through four threads while a completion
# and an index update compute could take 40 ms; 1 ms costs a few per mille of throughput.
_SWITCH_INTERVAL = 0.001

_Connection = tuple[AsyncIterator[bytes], asyncio.StreamWriter]


def run_stdio(make_server: "Callable[[], BowerbirdServer]") -> NoReturn:
    """Serve on standard input and output, then end the process."""

    async def main() -> tuple[int, bool]:
        output = take_standard_output()
        server = make_server()
        writer = DescriptorWriter(output, lambda: server.client.post(server.stop, 1))
        return await _serve(server, messages(read_descriptor(0)), writer)

    _run(main())


def run_tcp(make_server: "Callable[[], BowerbirdServer]", host: str, port: int) -> NoReturn:
    """Serve the first client that knows the token, then end the process."""
    require_loopback(host)
    chosen = os.environ.get(TOKEN_VARIABLE)
    token = chosen or secrets.token_urlsafe(24)

    async def main() -> tuple[int, bool]:
        client: asyncio.Future[_Connection] = asyncio.get_running_loop().create_future()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            first = None if client.done() else await first_message(reader, writer, token)
            if first is None or client.done():
                writer.close()  # one server has one client
            else:
                client.set_result((_messages_after(first, reader), writer))

        listener = await asyncio.start_server(connected, host, port)
        async with listener:
            address, number, *_ = listener.sockets[0].getsockname()
            print(f"Bowerbird listens on {address}:{number}", file=sys.stderr, flush=True)
            if not chosen:
                print(f"initializationOptions.token: {token}", file=sys.stderr, flush=True)
            return await _serve(make_server(), *await client)

    _run(main())


def _run(main: Coroutine[Any, Any, tuple[int, bool]]) -> NoReturn:
    sys.setswitchinterval(_SWITCH_INTERVAL)
    code, stopped = asyncio.run(main)
    if not stopped:
        # Some thread is stuck in a native call, which may crash while the interpreter ends.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


async def _serve(
    server: "BowerbirdServer",
    received: AsyncIterator[bytes],
    writer: DescriptorWriter | asyncio.StreamWriter,
) -> tuple[int, bool]:
    """Serve until the end; the exit code, and whether all threads stopped."""
    server.protocol.set_writer(writer)
    with _log_at(server.client):
        tasks = [
            asyncio.create_task(_receive(server, received)),
            asyncio.create_task(_end_with_parent(server)),
        ]
        code = await server.exit_code
        for task in tasks:
            task.cancel()
        stopped = server.session.end()
    writer.close()
    return code, stopped


async def _messages_after(first: bytes, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """A message that was read already, and those that follow."""
    yield first
    async for body in messages(reader):
        yield body


async def _receive(server: "BowerbirdServer", received: AsyncIterator[bytes]) -> None:
    """Handle what the client sends; a stream that ends or breaks ends the server."""
    try:
        async for body in received:
            server.protocol.receive(body)
    except (BadFrame, OSError) as error:
        _log.warning("The client is given up: %s", error)
    server.stop(1)


async def _end_with_parent(server: "BowerbirdServer") -> None:
    await parent.gone(await server.session.parent)
    server.stop(1)


@contextmanager
def _log_at(client: Client) -> Iterator[None]:
    """Have our log in the editor instead of on standard error, which editors show beside it."""
    handler = ClientLog(client)
    loggers = [logging.getLogger(name) for name in ("lsp_server", "indexer", "model")]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(handler)
    yield
    for logger in loggers:
        logger.removeHandler(handler)
        logger.propagate = True
