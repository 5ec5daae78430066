"""Lets in over TCP only a client that knows the server's token: any program on a machine, of any of
its users, can reach a loopback port, and web pages can try."""

import asyncio
import hmac
import json
from typing import Any

from lsprotocol.types import INITIALIZE, ErrorCodes

from lsp_server.transport import BadFrame, messages

TOKEN_VARIABLE = "BOWERBIRD_TOKEN"

_PATIENCE = 10.0  # seconds until a client must have said what it knows

_REFUSAL = (
    "The token is missing or wrong: send the one that `bowerbird serve --tcp` printed, or that "
    f"{TOKEN_VARIABLE} held, as initializationOptions.token."
)


async def first_message(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str
) -> bytes | None:
    """What a client sends first, with the token taken out; None if it does not know the token.

    That must be `initialize`, with `initializationOptions.token`. A client without is told so.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await anext(messages(reader), b"")
        message = json.loads(body)
    except (BadFrame, OSError, TimeoutError, ValueError, RecursionError):
        return None
    if not _take_token(message, token):
        _refuse(writer, message)
        return None
    return json.dumps(message).encode()


def _take_token(message: Any, token: str) -> bool:
    """Whether a message is a client's first and has the token, which is removed from it."""
    try:
        given = message["params"]["initializationOptions"].pop("token")
        return message["method"] == INITIALIZE and hmac.compare_digest(
            str(given).encode("utf-8", "replace"), token.encode()
        )
    except (TypeError, KeyError, AttributeError):
        return False


def _refuse(writer: asyncio.StreamWriter, message: Any) -> None:
    id = message.get("id") if isinstance(message, dict) else None
    error = {"code": ErrorCodes.InvalidRequest.value, "message": _REFUSAL}
    body = json.dumps({"jsonrpc": "2.0", "id": id, "error": error}).encode()
    writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
