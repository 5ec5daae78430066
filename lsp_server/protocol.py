"""JSON-RPC as the server speaks it: pygls' protocol, stricter where pygls is lenient.

Every request gets an answer (pygls leaves malformed ones without), requests before `initialize`
and after `shutdown` get the errors that the specification names, and documents are ours.
"""

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from cattrs import Converter
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    _params_field_structure_hook,
    _result_field_structure_hook,
    lsp_method,
)

if TYPE_CHECKING:
    from lsp_server.server import BowerbirdServer

_log = logging.getLogger(__name__)

# pygls logs every message, and so the user's code. Errors of handlers still reach our log through
# `BowerbirdServer.report_server_error`.
logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)


def converter() -> Converter:
    """As pygls' own, but it stops at the first thing that is wrong with a message.

    That one makes an error of each: a text of 100,000 characters where a list belongs holds up the
    server for seconds, and takes hundreds of megabytes.
    """
    made = get_converter(Converter(detailed_validation=False))
    made.register_structure_hook(JsonRPCRequestMessage, _params_field_structure_hook)
    made.register_structure_hook(JsonRPCNotification, _params_field_structure_hook)
    made.register_structure_hook(JsonRPCResponseMessage, _result_field_structure_hook)
    return made


class BowerbirdProtocol(LanguageServerProtocol):
    """The server's side of a connection."""

    _server: "BowerbirdServer"

    # `lsp_server.documents` keeps the documents: pygls' own end lines at form feeds and Unicode
    # separators, where editors do not, and round positions past a line's end the wrong way.
    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]
    lsp_notebook_document__did_open = None  # type: ignore[assignment]
    lsp_notebook_document__did_change = None  # type: ignore[assignment]
    lsp_notebook_document__did_close = None  # type: ignore[assignment]

    def receive(self, body: bytes) -> None:
        """Handle one message; whatever is wrong with it is answered and logged."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return self._refuse(None, JsonRpcParseError("The message is not JSON."))
        if not _is_message(data):
            return self._refuse(None, JsonRpcInvalidRequest("The message is not JSON-RPC 2.0."))
        id, method = data.get("id"), data.get("method")
        try:
            if method is not None:
                self._require_timely(method)
                if self.get_message_type(method) is None:
                    data.setdefault("params", None)  # pygls requires what JSON-RPC does not
            message = self.structure_message(data)
            if id is not None and not hasattr(message, "id"):
                raise JsonRpcInvalidRequest(f"{method} is a notification.")
            self.handle_message(message)
        except JsonRpcException as error:
            self._refuse(id if method else None, error, method)
        except Exception as error:  # noqa: BLE001 - no message may end the server
            _log.warning("A %s message is ignored: %s.", method or "response", error)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """The message as the type of its method; raises `JsonRpcInvalidParams`."""
        try:
            return super().structure_message(data)
        except JsonRpcInternalError as error:  # what pygls calls a fault of the client's
            raise JsonRpcInvalidParams() from error.__cause__

    def _execute_handler(self, msg_id: str | int, *arguments: Any, **options: Any) -> None:
        """Have a handler run. pygls keeps what a coroutine makes of a notification for ever."""
        super()._execute_handler(msg_id, *arguments, **options)
        future: Any = self._request_futures.get(msg_id)
        if asyncio.isfuture(future):
            future.add_done_callback(lambda _: self._forget(msg_id, future))

    def _forget(self, msg_id: str | int, future: object) -> None:
        if self._request_futures.get(msg_id) is future:  # and not of another with the same id
            del self._request_futures[msg_id]

    def _require_timely(self, method: str) -> None:
        """Raise the specification's error for a method that may not be called now."""
        started = self._workspace is not None
        if self._shutdown and method != types.EXIT:
            raise JsonRpcInvalidRequest("The server is shutting down.")
        if started and method == types.INITIALIZE:
            raise JsonRpcInvalidRequest("The server is initialized already.")
        if not started and method not in (types.INITIALIZE, types.EXIT):
            raise JsonRpcServerNotInitialized("The client must send `initialize` first.")

    def _refuse(self, id: Any, error: JsonRpcException, method: str | None = None) -> None:
        """Log an error, and answer with it what is a request; a notification has no answer."""
        _log.warning("%s is refused: %s.", method or "A message", error.message.rstrip("."))
        if id is not None:
            self._send_response(id, error=error.to_response_error())
        elif isinstance(error, JsonRpcParseError):
            # The one answer without an id, which pygls would leave out instead of sending null.
            body = {"code": error.code, "message": error.message}
            self._send_data({"jsonrpc": self.VERSION, "id": None, "error": body})

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> None:  # type: ignore[override]
        """End the process: 0 after a `shutdown`, 1 without, as the specification has it."""
        self._server.stop(0 if self._shutdown else 1)


def _is_message(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and data.get("jsonrpc") == BowerbirdProtocol.VERSION
        and isinstance(data.get("id"), str | int | None)
        and isinstance(data.get("method"), str | None)
    )
