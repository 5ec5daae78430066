"""A real client and a real server over stdio, on a small workspace of its own."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

SERVER = [sys.executable, "-c", "from lsp_server.cli import main; main()", "serve"]
PATIENCE = 60.0  # seconds until what a test waits for counts as not coming; machines may be busy

FILES = {
    "shop/cart.py": '''
"""What a customer is going to buy."""


class Cart:
    """Items and their numbers."""

    def __init__(self):
        self.items = {}

    def add_item(self, item, number=1):
        """Put `number` pieces of an item into the cart."""
        self.items[item] = self.items.get(item, 0) + number

    def total_price(self, price_list):
        """Sum of all items' prices, discounts left out."""
        return sum(price_list[item] * number for item, number in self.items.items())
''',
    "shop/checkout.py": '''
from shop.cart import Cart


def pay_by_card(cart, card, price_list):
    """Charge a credit card with the cart's total."""
    amount = cart.total_price(price_list)
    card.charge(amount)
    return amount


def pay_by_invoice(cart, customer, price_list):
    """Send an invoice by mail."""
    amount = cart.total_price(price_list)
    customer.send_invoice(amount)
    return amount
''',
    "tools/report.py": '''
def total_report(rows):
    """Print a table of rows."""
    for row in rows:
        print(row)
''',
}


class Client:
    """What the tests do with a server, in few words."""

    def __init__(self, lsp: LanguageClient, root: Path):
        self.lsp = lsp
        self.root = root
        self.statuses: list[Any] = []
        self.better: list[Any] = []  # places where a better suggestion is to be had
        self._versions: dict[str, int] = {}

        @lsp.feature("bowerbird/status")
        def status(params: Any) -> None:
            self.statuses.append(params)

        @lsp.feature("bowerbird/better")
        def better(params: Any) -> None:
            self.better.append(params)

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def open(self, path: str, text: str | None = None, language: str = "python") -> None:
        if text is None:
            text = (self.root / path).read_text()
        self.close(path)
        self._versions[path] = 1
        self.lsp.text_document_did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(self.uri(path), language, 1, text)
            )
        )

    def change(self, path: str, text: str, range: types.Range | None = None) -> None:
        self._versions[path] += 1
        document = types.VersionedTextDocumentIdentifier(self._versions[path], self.uri(path))
        change: types.TextDocumentContentChangeEvent
        if range is None:
            change = types.TextDocumentContentChangeWholeDocument(text)
        else:
            change = types.TextDocumentContentChangePartial(range, text)
        self.lsp.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def save(self, path: str) -> None:
        document = types.TextDocumentIdentifier(self.uri(path))
        self.lsp.text_document_did_save(types.DidSaveTextDocumentParams(document))

    def close(self, path: str) -> None:
        if self._versions.pop(path, None) is None:
            return
        document = types.TextDocumentIdentifier(self.uri(path))
        self.lsp.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def close_all(self) -> None:
        for path in list(self._versions):
            self.close(path)

    def inline_params(self, path: str, line: int, character: int) -> types.InlineCompletionParams:
        return types.InlineCompletionParams(
            types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
            types.TextDocumentIdentifier(self.uri(path)),
            types.Position(line, character),
        )

    async def inline(
        self, path: str, line: int, character: int
    ) -> list[types.InlineCompletionItem]:
        params = self.inline_params(path, line, character)
        answer = await self.lsp.text_document_inline_completion_async(params)
        return list(answer.items)

    async def completions(self, path: str, line: int, character: int) -> list[types.CompletionItem]:
        document = types.TextDocumentIdentifier(self.uri(path))
        answer = await self.lsp.text_document_completion_async(
            types.CompletionParams(document, types.Position(line, character))
        )
        return list(answer.items)

    async def hover(self, path: str, line: int, character: int) -> str | None:
        document = types.TextDocumentIdentifier(self.uri(path))
        answer = await self.lsp.text_document_hover_async(
            types.HoverParams(document, types.Position(line, character))
        )
        return answer.contents.value if answer else None

    async def symbols(self, query: str) -> dict[str, types.WorkspaceSymbol]:
        answer = await self.lsp.workspace_symbol_async(types.WorkspaceSymbolParams(query))
        return {symbol.name: symbol for symbol in answer}

    async def command(self, name: str, *arguments: Any) -> Any:
        params = types.ExecuteCommandParams(name, list(arguments))
        return await self.lsp.workspace_execute_command_async(params)

    async def ready(self) -> None:
        """Wait until the workspace is indexed and the model, if any, is loaded."""
        await until(lambda: self.statuses and self.statuses[-1].state == "ready")


async def until(true: Callable[[], object | Awaitable[object]], seconds: float = PATIENCE) -> float:
    """Wait until something is true; the seconds that took. Fails when it takes too long."""
    started = time.monotonic()
    while True:
        value = true()
        if await value if isinstance(value, Awaitable) else value:
            return time.monotonic() - started
        assert time.monotonic() - started < seconds, "it did not become true in time"
        await asyncio.sleep(0.02)


def capabilities(
    encoding: types.PositionEncodingKind | None = None, inline_completion: bool = True
) -> types.ClientCapabilities:
    """An editor's capabilities."""
    inline = types.InlineCompletionClientCapabilities() if inline_completion else None
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(
            position_encodings=[encoding] if encoding else None
        ),
        text_document=types.TextDocumentClientCapabilities(
            inline_completion=inline,
            completion=types.CompletionClientCapabilities(
                completion_item=types.ClientCompletionItemOptions(
                    documentation_format=[types.MarkupKind.Markdown]
                )
            ),
            hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
        ),
        window=types.WindowClientCapabilities(work_done_progress=True),
        workspace=types.WorkspaceClientCapabilities(workspace_folders=True, configuration=True),
    )


def write_project(folder: Path) -> Path:
    """A small workspace of Python files, in `folder`."""
    root = folder / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip())
    return root


def environment(
    root: Path, models: Path | None = None, variables: Mapping[str, str] | None = None
) -> dict[str, str]:
    """A server's environment: Bowerbird's home lies beside the workspace, with no models.

    Libraries are not indexed, which takes seconds, unless `variables` say so.
    """
    home = home_of(root)
    if models is not None and not home.exists():
        home.mkdir(mode=0o700)
        (home / "reading").symlink_to(os.environ["READING_GRAPHS"])
    ours = {"BOWERBIRD_HOME": str(home), "BOWERBIRD_INDEX_LIBRARIES": "false"}
    ours |= variables or {}
    if models is not None:
        ours["BOWERBIRD_MODELS"] = str(models)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOWERBIRD_")}
    return kept | ours


def home_of(root: Path) -> Path:
    """Where the server of a workspace keeps what it stores."""
    return root.parent / "home"


@asynccontextmanager
async def started(
    root: Path,
    command: list[str] = SERVER,
    models: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[Client]:
    """A server process with a client that has not said anything yet."""
    server_environment = environment(root, models, variables)
    lsp = await ClientServerConfig(command, server_env=server_environment).start()
    assert isinstance(lsp, LanguageClient)
    try:
        yield Client(lsp, root)
        if lsp._server.returncode is None:
            await lsp.shutdown_session()
    finally:
        if lsp._server.returncode is None:
            lsp._server.kill()
        await lsp.stop()


@asynccontextmanager
async def connected(
    root: Path,
    client_capabilities: types.ClientCapabilities | None = None,
    models: Path | None = None,
    command: list[str] = SERVER,
    variables: Mapping[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[Client]:
    """A client whose workspace is indexed; `options` are settings of the server.

    The model is the small one that is pulled where there are `models`, else none.
    """
    name = "smollm2-135m" if models else "index"
    options["model"] = {"name": name} | options.get("model", {})
    async with started(root, command, models, variables) as client:
        params = types.InitializeParams(
            capabilities=client_capabilities or capabilities(),
            workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name)],
            initialization_options=options or None,
        )
        client.answer = await client.lsp.initialize_session(params)
        await client.ready()
        yield client
