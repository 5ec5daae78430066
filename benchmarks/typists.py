"""Editors that type, and the one that asks Bowerbird's server."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import psutil
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks.functions import Function
from lsp_server.demo.typist import Progress, connected
from model.paths import models_folder

_LOOK = 0.5  # seconds between two looks at the status, which takes the server some milliseconds


@dataclass(frozen=True)
class Shown:
    """What an editor shows after a key, and what it took."""

    text: str = ""  # "" when there is nothing to show; without what is typed already
    known: bool = False  # the rest of what was shown before, or computed ahead: no model was asked
    read: int = 0  # tokens of the prompt that the model had to read
    generated: int = 0  # tokens
    quick: bool = False  # a better one is to follow


@dataclass
class Document:
    """The open document as the editor has it."""

    root: Path
    path: str  # relative to the workspace, POSIX
    language: str
    text: str
    version: int = 1

    @property
    def uri(self) -> str:
        """Its address in the protocol."""
        return (self.root / self.path).as_uri()

    def position(self, offset: int) -> types.Position:
        """Where an offset is, in lines and characters."""
        line = self.text.count("\n", 0, offset)
        return types.Position(line, offset - self.text.rfind("\n", 0, offset) - 1)


class Editor(Protocol):
    """What the replayed user works with."""

    name: str
    process: psutil.Process  # of the server
    on_better: Callable[[], None] | None  # called when asking again brings something better

    async def prepare(self, function: Function) -> None:
        """What the server may do before the user comes to type a function."""

    def open(self, document: Document) -> None:
        """Shows a document."""

    def change(self, document: Document, start: int, end: int, text: str) -> None:
        """Puts a text in the place of another."""

    async def ask(self, document: Document, offset: int) -> Shown:
        """What to show at the cursor. When the task is cancelled, the server is told."""

    def close(self, document: Document) -> None:
        """Closes it without saving."""

    async def written(self) -> Counter[str]:
        """The `tokens` that were generated since the start, also for answers that nobody waited
        for, and in how many `passes` of the model.
        """
        ...


class Bowerbird:
    """The real server over standard input and output."""

    name = "bowerbird"

    def __init__(self, client: LanguageClient, process: psutil.Process, last: "_LastAnswer"):
        self.process = process
        self._client, self._last = client, last
        self.on_better: Callable[[], None] | None = None

        @client.feature("bowerbird/better")  # type: ignore[untyped-decorator]
        def better(_: Any) -> None:
            if self.on_better is not None:
                self.on_better()

    async def prepare(self, function: Function) -> None:
        """Nothing: the workspace is indexed and the model loaded."""

    def open(self, document: Document) -> None:
        """Opens the document."""
        item = types.TextDocumentItem(
            document.uri, document.language, document.version, document.text
        )
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, document: Document, start: int, end: int, text: str) -> None:
        """Sends only what changed, as editors do."""
        replaced = types.Range(document.position(start), document.position(end))
        document.text = document.text[:start] + text + document.text[end:]
        document.version += 1
        self._client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(document.version, document.uri),
                [types.TextDocumentContentChangePartial(replaced, text)],
            )
        )

    async def ask(self, document: Document, offset: int) -> Shown:
        """An inline completion, as after a key."""
        cursor = document.position(offset)
        params = types.InlineCompletionParams(
            types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
            types.TextDocumentIdentifier(document.uri),
            cursor,
        )
        id, protocol = uuid4().hex, self._client.protocol
        method = types.TEXT_DOCUMENT_INLINE_COMPLETION
        future = asyncio.wrap_future(protocol.send_request(method, params, msg_id=id))
        try:
            # Shielded, since the server answers a cancelled request, too.
            answer = await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(lambda ended: ended.exception())
            protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id))
            raise
        last = self._last.answer
        if not answer.items:
            return Shown("", last.ahead, last.readTokens, last.generatedTokens, last.quick)
        item = answer.items[0]
        there = cursor.character - item.range.start.character
        return Shown(
            item.insert_text[there:],
            last.along or last.ahead,
            last.readTokens,
            last.generatedTokens,
            last.quick,
        )

    def close(self, document: Document) -> None:
        """The server forgets it."""
        identifier = types.TextDocumentIdentifier(document.uri)
        self._client.text_document_did_close(types.DidCloseTextDocumentParams(identifier))

    async def written(self) -> Counter[str]:
        """From the server's status."""
        work = (await self._status())["work"]
        return Counter(tokens=work["generatedTokens"], passes=work["passes"])

    async def rests(self) -> None:
        """Waits until the server has nothing left to do for anybody."""
        while (await self._status())["workingAhead"]:
            await asyncio.sleep(_LOOK)

    async def _status(self) -> Any:
        params = types.ExecuteCommandParams("bowerbird.status", [])
        return await self._client.workspace_execute_command_async(params)


@dataclass
class _LastAnswer:
    """What the server told last of an answer; it does so just before it sends the answer."""

    answer: Any = None

    def hear(self, status: Any) -> None:
        self.answer = getattr(status, "lastAnswer", None)


@asynccontextmanager
async def bowerbird(
    root: Path, settings: dict[str, Any], home: Path, progress: Progress
) -> AsyncIterator[Bowerbird]:
    """The server on a workspace, which is indexed anew in `home`."""
    last, ours = _LastAnswer(), psutil.Process()
    environment = os.environ | {
        "BOWERBIRD_HOME": str(home),
        "BOWERBIRD_MODELS": str(models_folder()),
    }
    before = set(ours.children())
    async with connected(
        root, settings, progress, on_status=last.hear, environment=environment
    ) as client:
        (process,) = set(ours.children()) - before
        yield Bowerbird(client, process, last)
