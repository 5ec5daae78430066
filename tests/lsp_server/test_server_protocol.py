"""The rules of the protocol, and clients that break them."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from editor import PATIENCE, SERVER, Client, capabilities, connected, environment, started, until
from lsprotocol import types
from pygls.exceptions import JsonRpcException


def initialize(root: Path, **options: Any) -> types.InitializeParams:
    return types.InitializeParams(capabilities(), root_uri=root.as_uri(), **options)


async def raw(client: Client, message: object) -> None:
    """Send something that the client library would not."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    client.lsp.protocol.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    await client.lsp.protocol.writer.drain()


def answers(client: Client) -> list[Any]:
    """Everything the client gets from now on that it did not ask for."""
    received: list[Any] = []
    client.lsp.protocol._handle_response = lambda *parts: received.append(parts)
    return received


async def test_capabilities(client: Client):
    offered = client.answer.capabilities
    assert offered.text_document_sync.change == types.TextDocumentSyncKind.Incremental
    assert offered.text_document_sync.save
    assert offered.inline_completion_provider
    assert offered.completion_provider.resolve_provider
    assert offered.hover_provider
    assert offered.workspace_symbol_provider
    assert set(offered.execute_command_provider.commands) == {
        "bowerbird.reindex",
        "bowerbird.status",
        "bowerbird.accept",
        "bowerbird.models",
    }


@pytest.mark.parametrize(
    ("encoding", "column"),
    [
        (None, 14),
        (types.PositionEncodingKind.Utf8, 19),
        (types.PositionEncodingKind.Utf16, 14),
        (types.PositionEncodingKind.Utf32, 12),
    ],
)
async def test_the_position_encoding_is_the_clients_choice(
    project: Path, encoding: types.PositionEncodingKind | None, column: int
):
    async with connected(project, capabilities(encoding)) as client:
        agreed = client.answer.capabilities.position_encoding
        assert agreed == (encoding or types.PositionEncodingKind.Utf16)
        client.open("x.py", "😋é😋 = pay_by")
        # Type one character by an incremental edit at the end, then complete there.
        at = types.Position(0, column)
        client.change("x.py", "_", types.Range(at, at))
        items = await client.completions("x.py", 0, column + 1)
        assert {item.label for item in items} == {"pay_by_card", "pay_by_invoice"}
        start = items[0].text_edit.range.start.character
        assert items[0].text_edit.range.end.character - start == len("pay_by_")


async def test_a_request_before_initialize_is_refused(project: Path):
    async with started(project) as client:
        received = answers(client)
        await raw(client, {"jsonrpc": "2.0", "id": 1, "method": "workspace/symbol", "params": {}})
        await until(lambda: received)
        assert received.pop()[2].code == -32002
        del client.lsp.protocol._handle_response
        await client.lsp.initialize_session(initialize(project))
        with pytest.raises(JsonRpcException) as refused:
            await client.lsp.initialize_async(initialize(project))
        assert refused.value.code == -32600


async def test_requests_that_make_no_sense_get_errors_and_harm_nothing(client: Client):
    received = answers(client)
    document = {"uri": client.uri("x.py")}
    for position in ({"line": -1, "character": 0}, {"line": "0"}, None, {"line": 2**40}):
        params = {"textDocument": document, "position": position}
        await raw(
            client,
            {"jsonrpc": "2.0", "id": 1, "method": types.TEXT_DOCUMENT_HOVER, "params": params},
        )
        await until(lambda: received)
        id, _, error = received.pop()
        assert (id, error.code) == (1, -32602)
    await raw(client, {"jsonrpc": "2.0", "id": 2, "method": "bowerbird/unknown"})
    await until(lambda: received)
    assert received.pop()[2].code == -32601
    await raw(client, {"jsonrpc": "2.0", "id": 3, "method": "bowerbird/suggestion", "params": [1]})
    await until(lambda: received)
    assert received.pop()[2].code == -32602
    await raw(client, b"{not json")
    await until(lambda: received)
    assert received.pop()[2].code == -32700
    for message in ([1, 2], {"jsonrpc": "2.0", "id": {}, "method": []}, {"jsonrpc": "2.0"}):
        await raw(client, message)
    await raw(client, {"jsonrpc": "2.0", "method": "$/unknown"})
    await raw(client, {"jsonrpc": "2.0", "method": types.TEXT_DOCUMENT_DID_CHANGE, "params": {}})
    del client.lsp.protocol._handle_response
    assert await client.symbols("invoice")


async def test_after_shutdown_only_exit_is_left(project: Path):
    async with connected(project) as client:
        await client.lsp.shutdown_async(None)
        with pytest.raises(JsonRpcException) as refused:
            await client.symbols("x")
        assert refused.value.code == -32600
        client.lsp.exit(None)
        assert await client.lsp._server.wait() == 0


async def test_exit_without_shutdown_is_a_failure(project: Path):
    async with connected(project) as client:
        client.lsp.exit(None)
        assert await client.lsp._server.wait() == 1


async def test_the_server_ends_when_the_clients_stream_ends(project: Path):
    async with connected(project) as client:
        client.lsp._server.stdin.close()
        await asyncio.wait_for(client.lsp._server.wait(), PATIENCE)


async def test_the_server_ends_when_its_parent_is_gone(project: Path):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent:
        async with started(project) as client:
            await client.lsp.initialize_session(initialize(project, process_id=parent.pid))
            assert client.lsp._server.returncode is None
            parent.kill()  # our pipe to the server stays open
            await asyncio.wait_for(client.lsp._server.wait(), PATIENCE)


async def test_a_parent_that_is_not_on_this_machine_does_not_matter(project: Path):
    async with started(project) as client:
        await client.lsp.initialize_session(initialize(project, process_id=2**22 + 7))
        await asyncio.sleep(2.5)
        assert client.lsp._server.returncode is None


async def test_what_is_printed_does_not_break_the_protocol(project: Path):
    command = SERVER.copy()
    command[2] = "import os\nfrom lsp_server import server; make = server.BowerbirdServer\n" + (
        "def noisy(): print('noise', flush=True); os.write(1, b'more'); return make()\n"
        "server.BowerbirdServer = noisy; server.serve_stdio()"
    )
    async with started(project, command) as client:
        assert (await client.lsp.initialize_session(initialize(project))).server_info


async def test_how_an_error_came_about_is_told_to_those_who_trace(project: Path):
    traces: list[types.LogTraceParams] = []
    async with connected(project) as client:
        client.lsp.feature(types.LOG_TRACE)(lambda params: traces.append(params))
        client.lsp.set_trace(types.SetTraceParams(types.TraceValue.Verbose))
        with pytest.raises(JsonRpcException):
            await client.lsp.protocol.send_request_async("bowerbird/suggestion", {"id": "x"})
        await until(lambda: traces)
        assert "Traceback" in traces[0].verbose


async def test_settings_that_cannot_be_used_are_named(project: Path):
    (project / "bowerbird.toml").write_text("[model]\nallow_download = true\n")
    async with connected(project, completion={"colour": 1}) as client:
        messages = [message.message for message in client.lsp.log_messages]
        assert any("a repository cannot" in message for message in messages)
        assert any("completion.colour" in message for message in messages)


def say_hello(writer: asyncio.StreamWriter, options: object) -> None:
    """Send `initialize`."""
    params = {"capabilities": {}, "processId": None, "initializationOptions": options}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    body = json.dumps(message).encode()
    writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


async def test_serves_the_client_that_knows_the_token_over_tcp(project: Path):
    command = [*SERVER, "--tcp", "--port", "0"]
    server = await asyncio.create_subprocess_exec(
        *command, stderr=asyncio.subprocess.PIPE, env=environment(project)
    )
    line = (await server.stderr.readline()).decode()
    token = (await server.stderr.readline()).decode().split()[-1]
    host, _, port = line.split()[-1].rpartition(":")
    for wrong in (None, {}, {"token": "guessed"}, {"token": None}):
        reader, writer = await asyncio.open_connection(host, int(port))
        say_hello(writer, wrong)
        answer = await reader.read()  # to the end of the connection
        assert b"token is missing or wrong" in answer
        assert token.encode() not in answer
        writer.close()
    reader, writer = await asyncio.open_connection(host, int(port))
    say_hello(writer, {"token": token})
    assert (await reader.readline()).startswith(b"Content-Length")
    assert b"capabilities" in await reader.readuntil(b"serverInfo")
    other, other_writer = await asyncio.open_connection(host, int(port))
    assert await other.read() == b""
    other_writer.close()
    writer.close()
    await asyncio.wait_for(server.wait(), PATIENCE)


async def test_does_not_listen_for_other_machines(project: Path):
    command = [*SERVER, "--tcp", "--host", "0.0.0.0"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert result.returncode != 0
    assert "this machine only" in result.stderr


async def test_a_home_folder_is_no_workspace(project: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(project))
    async with connected(project) as client:
        assert client.statuses[-1].indexedFiles == 0
        assert any("is no project" in message.message for message in client.lsp.log_messages)


async def test_the_server_starts_no_other_process(project: Path):
    async with connected(project) as client:
        process = psutil.Process(client.lsp._server.pid)
        assert process.children(recursive=True) == []
