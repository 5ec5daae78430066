"""The language server: which features there are. What they do is in `features/`.

A handler that waits is a coroutine; whatever reads the index or the disk goes through
`Session.ask`, so that the event loop is never held up.
"""

import asyncio
import logging
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from lsp_server import notebooks
from lsp_server.client import Client
from lsp_server.documents import Documents
from lsp_server.features import (
    commands,
    hover,
    notebook_synchronization,
    symbols,
    synchronization,
    working_ahead,
)
from lsp_server.features.completion import completion, resolve
from lsp_server.features.inline_completion import inline_completion
from lsp_server.features.status import Reporter
from lsp_server.features.suggesting import ACCEPT
from lsp_server.protocol import BowerbirdProtocol, converter
from lsp_server.serving import run_stdio, run_tcp
from lsp_server.session import Session

_log = logging.getLogger(__name__)


class BowerbirdServer(LanguageServer):
    """One server for one client. Made in the running event loop that it is going to use."""

    protocol: BowerbirdProtocol

    def __init__(self) -> None:
        super().__init__(
            "bowerbird",
            version("bowerbird"),
            protocol_cls=BowerbirdProtocol,
            converter_factory=converter,
            notebook_document_sync=notebooks.SYNC,
        )
        loop = asyncio.get_running_loop()
        self.exit_code: asyncio.Future[int] = loop.create_future()
        self.client = Client(self.protocol, loop)
        self.session = Session(self.client)
        self.session.on_status = Reporter(self.session).report
        self.session.on_engine = partial(working_ahead.warm_up, self.session)
        self.session.on_indexed = partial(working_ahead.indexed, self.session)
        _declare_life(self, self.session)
        _declare_documents(self, self.session)
        _declare_notebooks(self, self.session)
        _declare_features(self, self.session)
        _declare_commands(self, self.session)

    def stop(self, code: int) -> None:
        """End the process with an exit code, soon."""
        if not self.exit_code.done():
            self.exit_code.set_result(code)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what a handler did not expect; pygls would open a window in the editor."""
        _log.warning("%s", error)
        _log.debug("A handler failed", exc_info=error)


def _declare_life(server: BowerbirdServer, session: Session) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        encoding = types.PositionEncodingKind(server.workspace.position_encoding)
        session.prepare(params, _roots(params), Documents(encoding))

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        await session.begin()

    @server.feature(types.SET_TRACE)
    def set_trace(params: types.SetTraceParams) -> None:
        session.client.verbose = params.value is types.TraceValue.Verbose

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        await session.settings_changed(params.settings)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_workspace_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        gone = {_path(folder.uri) for folder in params.event.removed}
        new = [path for folder in params.event.added if (path := _path(folder.uri))]
        session.change_roots([root for root in session.roots if root not in gone] + new)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(params: types.DidChangeWatchedFilesParams) -> None:
        session.files_changed({path for file in params.changes if (path := _path(file.uri))})


def _declare_documents(server: BowerbirdServer, session: Session) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        synchronization.opened(session, params)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        synchronization.changed(session, params)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        synchronization.saved(session, params)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        synchronization.closed(session, params)


def _declare_notebooks(server: BowerbirdServer, session: Session) -> None:
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenNotebookDocumentParams) -> None:
        notebook_synchronization.opened(session, params)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeNotebookDocumentParams) -> None:
        notebook_synchronization.changed(session, params)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseNotebookDocumentParams) -> None:
        notebook_synchronization.closed(session, params)


def _declare_features(server: BowerbirdServer, session: Session) -> None:
    inline_options = types.InlineCompletionOptions()
    list_options = types.CompletionOptions(trigger_characters=["."], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, inline_options)
    async def ghost_text(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        return await inline_completion(session, params)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, list_options)
    async def names(params: types.CompletionParams) -> types.CompletionList:
        return await completion(session, params)

    @server.feature(types.COMPLETION_ITEM_RESOLVE)
    async def resolve_item(item: types.CompletionItem) -> types.CompletionItem:
        return await session.ask(resolve, session, item)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def describe(params: types.HoverParams) -> types.Hover | None:
        return await session.ask(hover.hover, session, params)

    @server.feature(types.WORKSPACE_SYMBOL)
    async def find(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        return await session.ask(symbols.workspace_symbol, session, params)


def _declare_commands(server: BowerbirdServer, session: Session) -> None:
    @server.command(commands.REINDEX)
    async def reindex() -> list[dict[str, Any]]:
        return await commands.reindex(session)

    @server.command(commands.STATUS)
    async def status() -> dict[str, Any]:
        return await commands.full_status(session)

    @server.command(commands.MODELS)
    async def models() -> list[dict[str, Any]]:
        return await commands.models(session)

    @server.command(ACCEPT)
    async def accept(id: str, *_details: Any) -> bool:
        return await commands.accept(session, id)

    @server.feature(commands.SUGGESTION)
    def suggestion(params: Any) -> dict[str, Any]:
        return commands.suggestion(session, params)


def _roots(params: types.InitializeParams) -> list[Path]:
    """The workspace's folders, however old the client's way to name them is."""
    if params.workspace_folders:
        uris = [folder.uri for folder in params.workspace_folders]
        return [path for uri in uris if (path := _path(uri))]
    if params.root_uri:
        return [path for path in [_path(params.root_uri)] if path]
    return [Path(params.root_path)] if params.root_path else []


def _path(uri: str) -> Path | None:
    path = to_fs_path(uri)
    return Path(path) if path else None


def serve_stdio() -> None:
    """Serve the client on standard input and output, and end the process when it leaves."""
    run_stdio(BowerbirdServer)


def serve_tcp(host: str = "127.0.0.1", port: int = 2087) -> None:
    """Serve the first client that knows the token, and end the process when it leaves.

    Raises ValueError for a host that other machines can reach. Port 0 takes any free one; the
    address is printed to standard error, and a token unless `BOWERBIRD_TOKEN` holds one.
    """
    run_tcp(BowerbirdServer, host, port)
