"""The template for LSP4IJ, and the server as LSP4IJ speaks to it.

No recording of LSP4IJ was to be had: `lsp4ij/initialize.json` is reconstructed from its source
(`ClientCapabilitiesFactory`, `LanguageServerWrapper`) as of 0.20.1, unchanged in the newest of June
2026, and so is what it answers here.
"""

import dataclasses
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from editor import SERVER, environment, write_project
from jsonschema import Draft7Validator

from indexer.languages import LANGUAGES, language_named
from lsp_server.settings import Settings

TEMPLATE = Path(__file__).parents[2] / "editors" / "jetbrains"
LSP4IJ = Path(__file__).parent / "lsp4ij"

pytestmark = pytest.mark.timeout(120)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_template_is_one_that_lsp4ij_reads():
    Draft7Validator(read(LSP4IJ / "template.schema.json")).validate(
        read(TEMPLATE / "template.json")
    )


def test_every_language_is_mapped_by_its_files():
    mapped = {
        pattern: mapping["languageId"]
        for mapping in read(TEMPLATE / "template.json")["fileTypeMappings"]
        for pattern in mapping["fileType"]["patterns"]
    }
    for language in LANGUAGES:
        for extension in language.extensions:
            assert language_named(mapped.pop(f"*{extension}")) == language
    assert not mapped


def test_the_settings_schema_says_what_the_settings_are():
    schema = read(TEMPLATE / "settings.schema.json")
    Draft7Validator.check_schema(schema)
    Draft7Validator(schema).validate(read(TEMPLATE / "settings.json"))
    sections = schema["properties"]["bowerbird"]["properties"]
    kinds = {bool: "boolean", int: "integer", str: "string"}
    for section in dataclasses.fields(Settings):
        described = sections.pop(section.name)["properties"]
        for setting in dataclasses.fields(type(section.default)):  # type: ignore[arg-type]
            expected = {
                "type": kinds[type(setting.default)],
                "default": setting.default,
                "description": setting.metadata["explanation"],
            }
            if (least := setting.metadata["least"]) is not None:
                expected["minimum"] = least
            if choices := setting.metadata["choices"]:
                expected["enum"] = list(choices)
            assert described.pop(setting.name) == expected
        assert not described
    assert not sections


class Lsp4ij:
    """Says to the server what LSP4IJ says, byte for byte, and answers what it asks."""

    def __init__(self, server: "subprocess.Popen[bytes]") -> None:
        assert server.stdin
        assert server.stdout
        self._to, self._from = server.stdin, server.stdout
        self.asked: list[str] = []
        self.told: list[dict[str, Any]] = []
        self._last_id = 0

    def tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        self._last_id += 1
        id = str(self._last_id)  # LSP4J's ids are texts
        self._send({"id": id, "method": method, "params": params})
        while "method" in (message := self._receive()) or message["id"] != id:
            self._take(message)
        assert "error" not in message, message["error"]
        return message["result"]

    def wait_for(self, state: str) -> None:
        """Read on until the server's status says that it is in a state and has files."""
        while True:
            message = self._receive()
            self._take(message)
            if message.get("method") == "bowerbird/status":
                status = message["params"]
                if status["indexedFiles"] and status["state"] == state:
                    return

    def _take(self, message: dict[str, Any]) -> None:
        if "id" not in message:
            self.told.append(message)
            return
        self.asked.append(message["method"])
        result = None
        if message["method"] == "workspace/configuration":
            settings = read(TEMPLATE / "settings.json")
            result = [settings.get(item["section"]) for item in message["params"]["items"]]
        self._send({"id": message["id"], "result": result})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._to.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self._from.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(self._from.read(length))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lsp4ij, Path, Any]]:
    root = write_project(tmp_path_factory.mktemp("jetbrains"))
    params = read(LSP4IJ / "initialize.json") | {
        "processId": None,
        "rootPath": str(root),
        "rootUri": root.as_uri(),
        "initializationOptions": read(TEMPLATE / "initializationOptions.json"),
        "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
    }
    with subprocess.Popen(
        SERVER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(root) | {"BOWERBIRD_MODEL_NAME": "index"},
    ) as process:
        lsp4ij = Lsp4ij(process)
        answer = lsp4ij.ask("initialize", params)
        lsp4ij.tell("initialized", {})
        lsp4ij.wait_for("ready")
        yield lsp4ij, root, answer
        lsp4ij.ask("shutdown", None)
        lsp4ij.tell("exit", None)
    assert process.returncode == 0


@pytest.fixture
def document(connection: tuple[Lsp4ij, Path, Any]) -> Iterator[dict[str, str]]:
    lsp4ij, root, _ = connection
    uri = (root / "shop/refund.py").as_uri()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": "amount = cart.total_"}
    lsp4ij.tell("textDocument/didOpen", {"textDocument": item})
    yield {"uri": uri}
    lsp4ij.tell("textDocument/didClose", {"textDocument": {"uri": uri}})


def test_the_handshake_offers_what_the_readme_says(connection: tuple[Lsp4ij, Path, Any]):
    lsp4ij, _, answer = connection
    offered = answer["capabilities"]
    assert offered["positionEncoding"] == "utf-16"
    for provider in ("inlineCompletion", "completion", "hover", "workspaceSymbol"):
        assert f"{provider}Provider" in offered, provider
    assert "workspace/configuration" in lsp4ij.asked
    assert "window/workDoneProgress/create" in lsp4ij.asked


def test_no_setting_of_the_template_is_refused(connection: tuple[Lsp4ij, Path, Any]):
    lsp4ij, _, _ = connection
    logged = [told["params"]["message"] for told in lsp4ij.told if "logMessage" in told["method"]]
    assert not [message for message in logged if "ignored" in message]


def test_ghost_text(connection: tuple[Lsp4ij, Path, Any], document: dict[str, str]):
    lsp4ij, _, _ = connection
    position = {"line": 0, "character": 20}
    params = {"textDocument": document, "position": position, "context": {"triggerKind": 2}}
    [item] = lsp4ij.ask("textDocument/inlineCompletion", params)["items"]
    # LSP4IJ shows what is left of the text behind as many characters as stand in the range.
    start = item["range"]["start"]["character"]
    assert item["range"]["end"] == position
    assert item["insertText"][position["character"] - start :] == "price(price_list)"


def test_names_and_hover(connection: tuple[Lsp4ij, Path, Any], document: dict[str, str]):
    lsp4ij, _, _ = connection
    params = {"textDocument": document, "position": {"line": 0, "character": 20}}
    items = lsp4ij.ask("textDocument/completion", params | {"context": {"triggerKind": 1}})["items"]
    assert [item["label"] for item in items] == ["total_price"]
    resolved = lsp4ij.ask("completionItem/resolve", items[0])
    assert "discounts left out" in resolved["documentation"]["value"]
    there = {"uri": document["uri"].replace("refund", "checkout")}
    text = "cart.total_price"
    item = {"uri": there["uri"], "languageId": "python", "version": 1, "text": text}
    lsp4ij.tell("textDocument/didOpen", {"textDocument": item})
    hover = lsp4ij.ask(
        "textDocument/hover", {"textDocument": there, "position": {"line": 0, "character": 8}}
    )
    lsp4ij.tell("textDocument/didClose", {"textDocument": there})
    assert "defined in" in hover["contents"]["value"]
