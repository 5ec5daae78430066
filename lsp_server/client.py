"""What the server says to the editor on its own account: messages, progress, status.

Everything here may be called from any thread. The event loop does the sending.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

_log = logging.getLogger(__name__)
SECTION = "bowerbird"
"""The section of an editor's settings that is ours."""

_REPORT_INTERVAL = 0.1  # seconds between two reports of one progress


class Client:
    """The editor at the other end."""

    def __init__(self, protocol: LanguageServerProtocol, loop: asyncio.AbstractEventLoop):
        self._protocol = protocol
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()
        self.capabilities = types.ClientCapabilities()
        self.verbose = False  # whether the editor wants to see how errors came about

    def post(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function in the event loop, soon; not at all once the loop is closed."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def later(self, seconds: float, function: Callable[[], object]) -> asyncio.TimerHandle:
        """Call a function in the event loop after some time. Call this in the event loop only."""
        return self._loop.call_later(seconds, function)

    @property
    def shows_inline_completion(self) -> bool:
        """Whether the editor can show ghost text."""
        document = self.capabilities.text_document
        return document is not None and document.inline_completion is not None

    def notify(self, method: str, parameters: object) -> None:
        """Send a notification."""
        self.post(self._protocol.notify, method, parameters)

    async def request(self, method: str, parameters: object) -> Any:
        """Ask the client. Raises `JsonRpcException` when it answers with an error."""
        return await self._protocol.send_request_async(method, parameters)

    def follow_settings(self) -> None:
        """Ask the client to tell when its settings change; some do not unless asked."""
        workspace = self.capabilities.workspace
        settings = workspace.did_change_configuration if workspace else None
        if settings and settings.dynamic_registration:
            options = types.DidChangeConfigurationRegistrationOptions(SECTION)
            self.start(self._register(types.WORKSPACE_DID_CHANGE_CONFIGURATION, options))

    def watch(self, root: Path) -> None:
        """Ask the client to report changes of the files in a folder, if it can."""
        workspace = self.capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        if watching and watching.dynamic_registration:
            pattern = types.FileSystemWatcher((root / "**" / "*").as_posix())
            options = types.DidChangeWatchedFilesRegistrationOptions([pattern])
            self.start(self._register(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))

    async def settings(self) -> Any:
        """The editor's settings for our section; None when it does not tell."""
        workspace = self.capabilities.workspace
        if not (workspace and workspace.configuration):
            return None
        items = [types.ConfigurationItem(section=SECTION)]
        try:
            answer = await self.request(
                types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items)
            )
        except JsonRpcException as error:
            _log.info("The editor does not tell its settings: %s", error.message)
            return None
        return answer[0] if answer else None

    async def _register(self, method: str, options: object) -> None:
        registration = types.Registration(uuid.uuid4().hex, method, options)
        try:
            await self.request(
                types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([registration])
            )
        except JsonRpcException as error:
            _log.info("The editor will not send %s: %s", method, error.message)

    def progress(self, title: str) -> "Progress":
        """Begin to show progress; silent for a client that shows none."""
        progress = Progress(self)
        if self.capabilities.window and self.capabilities.window.work_done_progress:
            self.post(self.start, progress.begin(title))
        return progress

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in the event loop. Call this in the event loop only."""
        # The loop keeps only a weak reference to a task.
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Progress:
    """One progress bar in the editor."""

    def __init__(self, client: Client):
        self._client = client
        self._token = uuid.uuid4().hex
        self._shown = self._ended = False
        self._next_report = 0.0

    async def begin(self, title: str) -> None:
        """Ask the client to show the bar."""
        create = types.WorkDoneProgressCreateParams(self._token)
        try:
            await self._client.request(types.WINDOW_WORK_DONE_PROGRESS_CREATE, create)
        except JsonRpcException as error:
            _log.debug("The editor shows no progress: %s", error.message)
            return
        if not self._ended:
            self._shown = True
            self._send(types.WorkDoneProgressBegin(title, percentage=0))

    def report(self, done: int, total: int, message: str = "") -> None:
        """Move the bar; calls in quick succession are left out."""
        if self._shown and time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + _REPORT_INTERVAL
            percentage = min(100, 100 * done // total) if total else None
            self._send(types.WorkDoneProgressReport(message=message, percentage=percentage))

    def end(self, message: str = "") -> None:
        """Take the bar away."""
        self._client.post(self._end, message)

    def _end(self, message: str) -> None:
        self._ended = True
        if self._shown:
            self._shown = False
            self._send(types.WorkDoneProgressEnd(message=message))

    def _send(self, value: object) -> None:
        self._client.notify(types.PROGRESS, types.ProgressParams(self._token, value))


_KINDS = {
    logging.INFO: types.MessageType.Info,
    logging.WARNING: types.MessageType.Warning,
    logging.ERROR: types.MessageType.Error,
}


class ClientLog(logging.Handler):
    """Passes log records on to the editor: errors are shown, because the user has to act.

    The rest goes to the editor's log of this server; debugging only when the editor traces it,
    because it may hold code.
    """

    def __init__(self, client: Client):
        super().__init__()
        self._client = client

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        if record.levelno < logging.INFO:
            if self._client.verbose:
                trace = types.LogTraceParams(record.getMessage(), self.format(record))
                self._client.notify(types.LOG_TRACE, trace)
            return
        kind, sentence = _KINDS.get(record.levelno, types.MessageType.Error), record.getMessage()
        if kind is types.MessageType.Error:
            message = types.ShowMessageParams(kind, sentence)
            self._client.notify(types.WINDOW_SHOW_MESSAGE, message)
        self._client.notify(types.WINDOW_LOG_MESSAGE, types.LogMessageParams(kind, sentence))
