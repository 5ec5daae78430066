import asyncio

import pytest

from lsp_server.transport import BadFrame, messages, require_loopback


async def read(data: bytes) -> list[bytes]:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return [body async for body in messages(reader)]


async def test_reads_messages_whatever_the_headers_order_and_case():
    data = (
        b"Content-Length: 2\r\n\r\n{}"
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:3\r\n\r\n[1]"
        b"Content-Length: 0\r\n\r\n"
    )
    assert await read(data) == [b"{}", b"[1]", b""]


async def test_a_stream_that_ends_inside_a_message_just_ends():
    assert await read(b"Content-Length: 20\r\n\r\n{}") == []
    assert await read(b"Content-Len") == []


@pytest.mark.parametrize(
    "data",
    [
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: -1\r\n\r\n{}",
        b"Content-Length: 99999999999\r\n\r\n{}",
        b"\r\n{}",
        b"Content-Type: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_what_no_editor_sends_is_refused(data: bytes):
    with pytest.raises(BadFrame):
        await read(data)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_loopback_addresses_are_taken(host: str):
    require_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.168.1.2", "example.org"])
def test_other_addresses_are_refused(host: str):
    with pytest.raises(ValueError, match="this machine only"):
        require_loopback(host)
