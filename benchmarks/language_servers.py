"""An editor's side of any language server: opens documents, asks for lists, hover, definitions."""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from lsprotocol import types
from pygls.lsp.client import LanguageClient

BOWERBIRD = (sys.executable, "-c", "from lsp_server.cli import main; main()", "serve")
_LIBRARIES = re.compile(r"file://[^\s)]*/(?=site-packages/|typeshed/|python3\.\d+/)")
_PATIENCE = 600.0  # seconds that a large workspace may take to index


class LanguageServer:
    """A running server with one workspace."""

    def __init__(self, client: LanguageClient, root: Path) -> None:
        self._client = client
        self._root = root

    def open(self, path: str, text: str) -> None:
        """Opens a Python document."""
        document = types.TextDocumentItem(self._uri(path), "python", 1, text)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def close(self, path: str) -> None:
        """Closes it without saving."""
        document = types.TextDocumentIdentifier(self._uri(path))
        self._client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    async def suggest(self, path: str, line: int, column: int) -> None:
        """Asks for ghost text, as an editor does at every place before it asks for the list."""
        context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
        document, position = self._at(path, line, column)
        params = types.InlineCompletionParams(context, document, position)
        await self._client.text_document_inline_completion_async(params)

    async def names(self, path: str, line: int, column: int) -> list[str]:
        """The labels of the list, in the order in which an editor shows them."""
        params = types.CompletionParams(*self._at(path, line, column))
        answer = await self._client.text_document_completion_async(params)
        items = answer.items if isinstance(answer, types.CompletionList) else answer or []
        return [item.label for item in sorted(items, key=lambda item: item.sort_text or item.label)]

    async def hover(self, path: str, line: int, column: int) -> tuple[str, float]:
        """The text shown for a symbol, "" for none, and the milliseconds it took."""
        started = time.perf_counter()
        params = types.HoverParams(*self._at(path, line, column))
        answer = await self._client.text_document_hover_async(params)
        milliseconds = (time.perf_counter() - started) * 1000
        contents = answer.contents if answer else ""
        return str(getattr(contents, "value", contents)), milliseconds

    async def definitions(self, path: str, line: int, column: int) -> list[tuple[str, int]]:
        """Paths, absolute for what lies outside of the workspace, and lines from zero."""
        params = types.DefinitionParams(*self._at(path, line, column))
        answer = await self._client.text_document_definition_async(params)
        places = answer if isinstance(answer, Sequence) else [answer] if answer else []
        return [
            (self.relative(unquote(urlparse(place.uri).path)), place.range.start.line)
            for place in places
            if isinstance(place, types.Location)
        ]

    def relative(self, text: str) -> str:
        """A text without the places where the workspace and libraries lie on this machine."""
        text = _LIBRARIES.sub("", text)
        return text.replace(self._root.as_uri() + "/", "").replace(f"{self._root}/", "")

    def _uri(self, path: str) -> str:
        return (self._root / path).as_uri()

    def _at(
        self, path: str, line: int, column: int
    ) -> tuple[types.TextDocumentIdentifier, types.Position]:
        return types.TextDocumentIdentifier(self._uri(path)), types.Position(line, column)


@asynccontextmanager
async def language_server(
    command: Sequence[str], root: Path, settings: dict[str, Any] | None = None
) -> AsyncIterator[LanguageServer]:
    """Starts a server on a workspace; Bowerbird has indexed it and what it imports by then."""
    client = LanguageClient("bowerbird-benchmarks", "1")
    ready = asyncio.Event()
    _listen(client, ready)
    await client.start_io(*command)
    try:
        await client.initialize_async(_hello(root, settings))
        client.initialized(types.InitializedParams())
        if tuple(command) == BOWERBIRD:
            await asyncio.wait_for(ready.wait(), _PATIENCE)
        yield LanguageServer(client, root)
        await client.shutdown_async(None)
        client.exit(None)
    finally:
        await client.stop()  # type: ignore[no-untyped-call]


def _hello(root: Path, settings: dict[str, Any] | None) -> types.InitializeParams:
    markdown = [types.MarkupKind.Markdown]
    item = types.ClientCompletionItemOptions(documentation_format=markdown)
    return types.InitializeParams(
        process_id=os.getpid(),
        root_uri=root.as_uri(),
        capabilities=types.ClientCapabilities(
            text_document=types.TextDocumentClientCapabilities(
                completion=types.CompletionClientCapabilities(completion_item=item),
                hover=types.HoverClientCapabilities(content_format=markdown),
                inline_completion=types.InlineCompletionClientCapabilities(),
            )
        ),
        workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name)],
        initialization_options=settings,
    )


def _listen(client: LanguageClient, ready: asyncio.Event) -> None:
    @client.feature("bowerbird/status")
    def status(params: Any) -> None:
        if params.state == "ready" and not params.readsLibraries:
            ready.set()

    for method in (types.WINDOW_LOG_MESSAGE, types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS):
        client.feature(method)(lambda _: None)
