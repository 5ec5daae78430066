"""Whatever a client sends: every request gets one answer, and the server lives on."""

import asyncio
import gc
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from lsp_server.server import BowerbirdServer


@pytest.fixture(autouse=True)
def without_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading one for each session would say nothing more about messages."""
    monkeypatch.setenv("BOWERBIRD_MODEL_NAME", "index")


METHODS = [
    types.INITIALIZE,
    types.INITIALIZED,
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_SAVE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.TEXT_DOCUMENT_INLINE_COMPLETION,
    types.TEXT_DOCUMENT_COMPLETION,
    types.COMPLETION_ITEM_RESOLVE,
    types.TEXT_DOCUMENT_HOVER,
    types.WORKSPACE_SYMBOL,
    types.WORKSPACE_EXECUTE_COMMAND,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS,
    types.CANCEL_REQUEST,
    types.SET_TRACE,
    "bowerbird/suggestion",
    "no/such/method",
]
URIS = ["file:///a.py", "untitled:1", "", "file:///%00", "http://[x", "file:///b.py#x"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2**40) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
positions = st.fixed_dictionaries({"line": st.integers(-1, 3), "character": st.integers(-1, 9)})
ranges = st.fixed_dictionaries({"start": positions, "end": positions})
documents = st.fixed_dictionaries(
    {"uri": st.sampled_from(URIS)},
    optional={"version": st.integers(0, 9), "languageId": st.just("go"), "text": st.text()},
)
plausible = st.fixed_dictionaries(
    {},
    optional={
        "textDocument": documents,
        "position": positions,
        "context": st.fixed_dictionaries(
            {"triggerKind": st.integers(0, 2)},
            optional={
                "selectedCompletionInfo": st.fixed_dictionaries(
                    {"range": ranges, "text": st.text(max_size=3)}
                )
            },
        ),
        "contentChanges": st.lists(
            st.fixed_dictionaries({"text": st.text()}, optional={"range": ranges}), max_size=2
        ),
        "query": st.text(max_size=5),
        "id": json_values,
        "label": st.text(max_size=3),
        "data": json_values,
        "command": st.sampled_from(["bowerbird.accept", "bowerbird.status", "x"]),
        "arguments": st.lists(json_values, max_size=2),
        "settings": json_values,
        "changes": st.lists(
            st.fixed_dictionaries({"uri": st.sampled_from(URIS), "type": st.integers(0, 4)})
        ),
        "value": st.sampled_from(["off", "verbose", "?"]),
    },
)
messages = st.fixed_dictionaries(
    {
        "jsonrpc": st.just("2.0"),
        "method": st.sampled_from(METHODS),
        "params": plausible | json_values,
    },
    optional={"id": st.just("to be numbered")},
)


class Answers:
    """A writer that keeps the answers."""

    def __init__(self) -> None:
        self.ids: list[Any] = []

    def write(self, data: bytes) -> None:
        message = json.loads(data.partition(b"\r\n\r\n")[2])
        if "method" not in message:
            self.ids.append(message["id"])

    def close(self) -> None:
        pass


async def answered(sent: list[dict[str, Any]]) -> list[Any]:
    """The ids of the answers that a server gives to these messages."""
    server = BowerbirdServer()
    answers = Answers()
    server.protocol.set_writer(answers)
    first = {"jsonrpc": "2.0", "id": "first", "method": "initialize"}
    server.protocol.receive(json.dumps({**first, "params": {"capabilities": {}}}).encode())
    for message in sent:
        server.protocol.receive(json.dumps(message).encode())
    requests = 1 + sum("id" in message for message in sent)
    for _ in range(500):
        await asyncio.sleep(0.005)
        if len(answers.ids) >= requests:
            break
    await asyncio.sleep(0.01)
    server.session.end()
    return answers.ids


@given(st.lists(messages, max_size=20))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
def test_every_request_gets_one_answer(sent: list[dict[str, Any]]):
    for number, message in enumerate(sent):
        if "id" in message:
            message["id"] = number
    expected = ["first", *(message["id"] for message in sent if "id" in message)]
    assert sorted(map(str, asyncio.run(answered(sent)))) == sorted(map(str, expected))


def test_what_was_handled_is_not_kept():
    def tasks() -> int:
        gc.collect()
        return sum(isinstance(each, asyncio.Task) for each in gc.get_objects())

    async def tasks_left() -> int:
        note = {"jsonrpc": "2.0", "method": "workspace/didChangeConfiguration"}
        ask = {"jsonrpc": "2.0", "method": "workspace/executeCommand"}
        command = {"command": "bowerbird.models", "arguments": []}
        asked = [{**ask, "id": number, "params": command} for number in range(20)]
        before = tasks()  # other tests may have left some
        await answered([{**note, "params": {"settings": {}}}] * 20 + asked)
        for _ in range(100):
            if (left := tasks() - before) < 10:
                break
            await asyncio.sleep(0.05)  # the last ones are still being handled
        return left

    assert asyncio.run(tasks_left()) < 10


async def test_a_message_that_is_wrong_all_over_takes_little_memory():
    document = {"uri": URIS[0], "version": 2}
    change = {"textDocument": document, "contentChanges": "a" * 20_000}
    message = {"jsonrpc": "2.0", "method": types.TEXT_DOCUMENT_DID_CHANGE, "params": change}
    protocol = BowerbirdServer().protocol
    valid = {**message, "params": {**change, "contentChanges": []}}
    protocol.structure_message(valid)  # what is made once is not counted
    tracemalloc.start()
    with pytest.raises(JsonRpcInvalidParams):
        protocol.structure_message(message)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2e6, "an error for each character takes 150 megabytes"
