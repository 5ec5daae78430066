"""What no editor should do, and what no repository should hold."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fuzz
import pytest
import workday
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_client import PATIENCE, RawClient

from indexer.reading import read_text
from indexer.walk import walk
from lsp_server.settings import Settings, load


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    """A client whose server has a workspace of one file."""
    place = tmp_path_factory.mktemp("hard").resolve()
    root = place / "workspace"
    root.mkdir()
    (root / "known.py").write_text("def known_function(first):\n    return first\n")
    with RawClient(root, os.environ | {"BOWERBIRD_HOME": str(place / "home")}) as connected:
        yield connected


def open_document(client: RawClient, name: str, text: str) -> str:
    """Open a document; its URI."""
    uri = (client.root / name).as_uri()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})
    return uri


def works(client: RawClient) -> bool:
    """Whether the server still does what it is for."""
    uri = open_document(client, "probe.py", "known_f")
    at = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 7}}
    answer = client.ask("textDocument/completion", at)
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    return [item["label"] for item in answer["result"]["items"]] == ["known_function"]


def ask_everything(client: RawClient, uri: str, line: int, character: int) -> None:
    at = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
    client.request("textDocument/inlineCompletion", at | {"context": {"triggerKind": 1}})
    client.request("textDocument/completion", at)
    client.request("textDocument/hover", at)
    client.settle()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
methods = st.sampled_from(
    ["textDocument/inlineCompletion", "textDocument/completion", "textDocument/hover",
     "completionItem/resolve", "workspace/symbol", "workspace/executeCommand",
     "bowerbird/suggestion", "bowerbird/unknown", "textDocument/didChange", "$/cancelRequest"]
)  # fmt: skip


@given(method=methods, params=values)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_request_is_answered(client: RawClient, method: str, params: Any):
    answer = client.ask(method, params)
    assert "result" in answer or answer["error"]["code"] < 0


def test_spoilt_sessions_are_survived():
    fuzz.run(minutes=0.0, seed=7, model="index", least_sessions=25)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * 1_000_000, id="a long line"),
        pytest.param("(" * 2_000_000, id="nested deeply"),
        pytest.param("a = 1\n" * 500_000, id="many lines"),
        pytest.param("a = 1\n" * 8_500_000, id="50 MB", marks=pytest.mark.slow),
    ],
)
def test_huge_documents_are_borne(client: RawClient, text: str):
    uri = open_document(client, "huge.py", text)
    ask_everything(client, uri, 0, 500_000)
    end = {"line": 10**7, "character": 10**6}
    change = {"range": {"start": end, "end": end}, "text": "\nknown"}
    document = {"uri": uri, "version": 2}
    client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
    ask_everything(client, uri, text.count("\n") + 1, 5)
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert works(client)


def test_positions_inside_and_beyond_characters_are_borne(client: RawClient):
    uri = open_document(client, "odd.py", "x = '😀é😀'\r\ny = 1\r")
    for line, character in ((0, 6), (0, 9), (0, 2**31 - 1), (1, 99), (2, 0), (2**31 - 1, 0)):
        ask_everything(client, uri, line, character)
        place = {"line": line, "character": character}
        change = {"range": {"start": place, "end": {"line": 0, "character": 0}}, "text": "\ud83d"}
        changed = {"textDocument": {"uri": uri, "version": 1}, "contentChanges": [change]}
        client.notify("textDocument/didChange", changed)
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert works(client)


def test_thousands_of_changes_at_once_are_kept_up_with(client: RawClient):
    uri = open_document(client, "fast.py", "")
    for number in range(3_000):
        place = {"line": 0, "character": number}
        change = {"range": {"start": place, "end": place}, "text": "x"}
        document = {"uri": uri, "version": number + 2}
        client.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": [change]}
        )
        if number % 10 == 0:
            at = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": number}}
            client.request("textDocument/inlineCompletion", at | {"context": {"triggerKind": 1}})
    client.settle()
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert works(client)


def test_a_burst_of_file_events_is_kept_up_with(client: RawClient):
    root = client.root
    changes = [{"uri": (root / f"gone{number}.py").as_uri(), "type": 3} for number in range(10_000)]
    client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    for number in range(2_000):
        (root / f"burst{number % 50}.txt").write_text(f"line {number}\n")
    (root / "last.py").write_text("def written_last():\n    pass\n")

    def known() -> bool:
        answer = client.ask("workspace/symbol", {"query": "written_last"})
        return "written_last" in [symbol["name"] for symbol in answer["result"]]

    deadline = time.monotonic() + PATIENCE
    while not known():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert works(client)


def test_half_a_message_and_a_client_that_vanishes_end_the_server(tmp_path: Path):
    environment = os.environ | {"BOWERBIRD_HOME": str(tmp_path / "home")}
    (tmp_path / "workspace").mkdir()
    with RawClient(tmp_path / "workspace", environment) as client:
        client.send_bytes(b'Content-Length: 1000\r\n\r\n{"jsonrpc": "2.0", ')
        assert client.alive
        client.vanish()
        assert client.server.wait(60) in (0, 1)
        assert "Traceback" not in client.errors()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", "x = " + "(\n" * 20_000),
        ("a.js", "function a(){\n" * 10_000 + "}\n" * 10_000),
        ("A.java", "class A {\n" * 10_000 + "}\n" * 10_000),
        ("a.json", "[\n" * 100_000),
        ("a.md", "> " * 2_000 + "\n" + "# a\n" * 1_000),
        ("a.rb", "module A\n" * 300 + "end\n" * 300),
        ("a.py", "x = '\ud800'\n" * 1_000),
        ("a.cpp", "".join(map(chr, range(1, 3_000)))),
    ],
)
def test_texts_that_no_person_writes_are_cut_or_refused(name: str, text: str):
    reading = read_text(name, text)
    assert reading.file.skipped or reading.snippets


def test_links_pipes_and_devices_for_settings_and_ignored_files_are_not_read(tmp_path: Path):
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "bowerbird.toml").symlink_to("/dev/zero")
    (tmp_path / ".gitignore").symlink_to("/dev/zero")
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / ".gitignore")
    (tmp_path / "outside.toml").write_text("[completion]\nenabled = false\n")
    assert tmp_path / "a.py" in list(walk(tmp_path))
    assert load(tmp_path, None, {})[0] == Settings()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_day_leaves_no_open_files_behind():
    complaints = workday.judge(workday.run(minutes=0.5, seed=1, model="index"))
    assert not [each for each in complaints if not each.startswith("memory")]
