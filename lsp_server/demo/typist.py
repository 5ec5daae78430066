"""An editor's side of the protocol: starts the real server, opens, types, asks."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

_SERVE = "from lsp_server.cli import main; main()"
_PATIENCE = 600.0  # seconds that a large repository may take to index

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Answer:
    """What the server suggested at a cursor, and how long that took as seen from here."""

    text: str  # "" for no suggestion; without what is typed already
    milliseconds: float
    details: dict[str, Any] = field(default_factory=dict)  # id, model, confidence, sources


class Typist:
    """Types into one document at a time."""

    def __init__(self, client: LanguageClient) -> None:
        self._client = client
        self._uri = ""
        self._version = 0
        self._line = self._column = 0
        self._has_better = asyncio.Event()

        @client.feature("bowerbird/better")
        def better(_: Any) -> None:
            self._has_better.set()

    def open(self, path: Path, language: str, text: str, offset: int) -> None:
        """Opens a document with the cursor at `offset` characters."""
        before = text[:offset]
        self._uri, self._version = path.as_uri(), 1
        self._line = before.count("\n")
        self._column = len(before) - before.rfind("\n") - 1
        document = types.TextDocumentItem(self._uri, language, 1, text)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def type(self, text: str) -> None:
        """Inserts text without a line break at the cursor."""
        cursor = self._cursor()
        self._version += 1
        self._column += len(text)
        change = types.TextDocumentContentChangePartial(types.Range(cursor, cursor), text)
        document = types.VersionedTextDocumentIdentifier(self._version, self._uri)
        self._client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    async def ask(self) -> Answer:
        """Asks for an inline completion at the cursor."""
        self._has_better.clear()
        started = time.perf_counter()
        answer = await self._client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
                types.TextDocumentIdentifier(self._uri),
                self._cursor(),
            )
        )
        milliseconds = (time.perf_counter() - started) * 1000
        items = answer.items if isinstance(answer, types.InlineCompletionList) else answer or []
        return (
            _answer(items[0], self._cursor(), milliseconds) if items else Answer("", milliseconds)
        )

    async def better(self, seconds: float) -> Answer | None:
        """What the server has that is better than its last answer, if it says so within a time."""
        try:
            await asyncio.wait_for(self._has_better.wait(), seconds)
        except TimeoutError:
            return None
        return await self.ask()

    def close(self) -> None:
        """Closes the document without saving it."""
        document = types.TextDocumentIdentifier(self._uri)
        self._client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def _cursor(self) -> types.Position:
        return types.Position(self._line, self._column)


def _answer(item: types.InlineCompletionItem, cursor: types.Position, took: float) -> Answer:
    there = cursor.character - item.range.start.character if item.range else 0
    arguments = (item.command and item.command.arguments) or []
    details: Any = arguments[1] if len(arguments) > 1 else {}
    text = item.insert_text if isinstance(item.insert_text, str) else item.insert_text.value
    return Answer(text[there:], took, details)


@asynccontextmanager
async def typist(root: Path, settings: dict[str, Any], progress: Progress) -> AsyncIterator[Typist]:
    """A typist whose server has indexed the workspace `root` and loaded its model.

    Raises TimeoutError when that takes more than ten minutes.
    """
    async with connected(root, settings, progress) as client:
        yield Typist(client)


def unheard(_: Any) -> None:
    """A listener that does nothing."""


@asynccontextmanager
async def connected(
    root: Path,
    settings: dict[str, Any],
    progress: Progress,
    *,
    on_status: Callable[[Any], None] = unheard,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[LanguageClient]:
    """A client whose server has indexed the workspace `root` and loaded its model.

    `on_status` hears every `bowerbird/status`. `environment` is the server's, or this process's.
    Raises TimeoutError when that takes more than ten minutes.
    """
    client = LanguageClient("bowerbird-demo", "1")
    ready = asyncio.Event()
    _listen(client, ready, progress, on_status)
    await client.start_io(sys.executable, "-c", _SERVE, "serve", env=environment)
    try:
        await client.initialize_async(_hello(root, settings))
        client.initialized(types.InitializedParams())
        await asyncio.wait_for(ready.wait(), _PATIENCE)
        yield client
        await client.shutdown_async(None)
        client.exit(None)
    finally:
        await client.stop()  # type: ignore[no-untyped-call]


def _hello(root: Path, settings: dict[str, Any]) -> types.InitializeParams:
    inline = types.InlineCompletionClientCapabilities()
    return types.InitializeParams(
        process_id=os.getpid(),
        capabilities=types.ClientCapabilities(
            general=types.GeneralClientCapabilities(
                # Columns are then characters, as Python counts them.
                position_encodings=[types.PositionEncodingKind.Utf32]
            ),
            text_document=types.TextDocumentClientCapabilities(inline_completion=inline),
            window=types.WindowClientCapabilities(work_done_progress=True),
        ),
        workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name)],
        initialization_options=settings,
    )


def _listen(
    client: LanguageClient,
    ready: asyncio.Event,
    progress: Progress,
    on_status: Callable[[Any], None],
) -> None:
    titles: dict[Any, str] = {}

    @client.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)
    def create(_: types.WorkDoneProgressCreateParams) -> None:
        """Any token will do."""

    @client.feature(types.PROGRESS)
    def report(params: types.ProgressParams) -> None:
        value = params.value if isinstance(params.value, dict) else vars(params.value)
        titles.setdefault(params.token, str(value.get("title", "")))
        if value.get("percentage") is not None:
            progress(int(value["percentage"]), 100, titles[params.token])

    @client.feature("bowerbird/status")
    def status(params: Any) -> None:
        if params.state == "ready":
            ready.set()
        on_status(params)

    @client.feature(types.WINDOW_LOG_MESSAGE)
    def log(_: types.LogMessageParams) -> None:
        """The terminal shows what is suggested, not how it goes."""
