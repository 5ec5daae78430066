"""Sends a server what no editor should, and sees that it answers everything and stays well.

    python tests/faults/fuzz.py --minutes 10

Sessions such as an editor has are made from a seed, and their messages are spoilt: fields are
dropped, swapped, made huge or of another type, bodies cut or overwritten, messages sent twice or
out of order. After each session all requests must have been answered, by a result or an error.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from raw_client import Message, RawClient

SAMPLES = Path(__file__).parents[1] / "indexer" / "samples"
MEMORY_GROWTH = 1.1  # of the end over the middle; above it memory is not flat

HOSTILE: list[Any] = [
    None, True, -1, 0, 2**31, 2**53, 2**64, -(2**63), 1e300, "", "\0", "\ud800", "a" * 100_000,
    "😀" * 1_000, "../../etc/passwd", "file:///etc/passwd", "file:///%ff", "untitled:1", "::::", [],
    {}, [[]], {"": {}}, {"line": 5, "character": 2**40}, {"line": -5, "character": "x"},
    json.loads("[" * 200 + "]" * 200),
]  # fmt: skip


def session(root: Path, chance: random.Random, first_id: int) -> Iterator[Message]:
    """What an editor sends while a user opens a file, types into it, asks, and closes it."""
    path = chance.choice(sorted(path for path in root.rglob("*") if path.is_file()))
    uri, text = path.as_uri(), path.read_text()
    lines = text.splitlines() or [""]
    document = {"uri": uri}
    ids = iter(range(first_id, first_id + 1_000_000))

    def request(method: str, params: object) -> Message:
        return {"jsonrpc": "2.0", "id": next(ids), "method": method, "params": params}

    def notification(method: str, params: object) -> Message:
        return {"jsonrpc": "2.0", "method": method, "params": params}

    item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    yield notification("textDocument/didOpen", {"textDocument": item})
    line = chance.randrange(len(lines))
    column = chance.randint(0, len(lines[line]))
    for version in range(2, 2 + chance.randint(3, 12)):
        place = {"line": line, "character": column}
        typed = chance.choice(["x", "(", "é", "😀", "\n", "return ", '"'])
        change = {"range": {"start": place, "end": place}, "text": typed}
        changed = {"textDocument": document | {"version": version}, "contentChanges": [change]}
        yield notification("textDocument/didChange", changed)
        column += len(typed)
        at = {"textDocument": document, "position": {"line": line, "character": column}}
        inline = request("textDocument/inlineCompletion", at | {"context": {"triggerKind": 1}})
        yield inline
        match chance.randrange(6):
            case 0:
                yield notification("$/cancelRequest", {"id": inline["id"]})
            case 1:
                yield request("textDocument/completion", at)
            case 2:
                yield request("textDocument/hover", at)
            case 3:
                yield request("workspace/symbol", {"query": chance.choice(lines)})
            case 4:
                command = chance.choice(["bowerbird.status", "bowerbird.models", "no.such"])
                yield request("workspace/executeCommand", {"command": command, "arguments": []})
            case 5:
                yield request("bowerbird/suggestion", {})
    yield notification("textDocument/didSave", {"textDocument": document})
    change = {"changes": [{"uri": uri, "type": 2}]}
    yield notification("workspace/didChangeWatchedFiles", change)
    yield notification("workspace/didChangeConfiguration", {"settings": {"bowerbird": {}}})
    yield notification("textDocument/didClose", {"textDocument": document})


def spoilt(message: Message, chance: random.Random) -> object:
    """A message with one thing wrong with it; never one that ends the server."""
    copy = json.loads(json.dumps(message))
    holder, key = chance.choice(list(places(copy)))
    match chance.randrange(4):
        case 0:
            del holder[key]
        case 1:
            holder[key] = chance.choice(HOSTILE)
        case 2:
            other_holder, other_key = chance.choice(list(places(copy)))
            holder[key] = json.loads(json.dumps(other_holder[other_key]))
        case 3 if isinstance(holder, dict):
            holder[chance.choice(["", "id", "method", "params", "x"])] = chance.choice(HOSTILE)
    return copy


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every field and item in a value, as what holds it and its key."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def spoilt_body(message: Message, chance: random.Random) -> bytes:
    """The bytes of a message, cut, overwritten or mixed up; no JSON, or other JSON."""
    body = bytearray(json.dumps(message).encode())
    match chance.randrange(3):
        case 0:
            return bytes(body[: chance.randrange(len(body))])
        case 1:
            for _ in range(chance.randint(1, 8)):
                body[chance.randrange(len(body))] = chance.randrange(256)
            # It may have become a request that ends the server, or one that is not waited for.
            return bytes(body).replace(b"id", b"di").replace(b"exit", b"tixe")
        case _:
            return chance.randbytes(chance.randint(0, 200))


def play(client: RawClient, root: Path, chance: random.Random, number: int) -> int:
    """Send one session, with a third of its messages spoilt; how many were sent."""
    messages = list(session(root, chance, first_id=(number + 1) * 1_000_000))
    if chance.random() < 0.2:
        chance.shuffle(messages)
    opened: set[str] = set()
    for message in messages:
        sent: object = message
        match chance.randrange(9):
            case 0 | 1:
                sent = spoilt(message, chance)
            case 2:
                client.send_body(spoilt_body(message, chance))
                continue
            case 3:
                client.send(message)
        opened |= uris(sent)
        client.send(sent)
    for uri in opened:  # what a spoilt message opened must not pile up
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    client.settle()
    return len(messages)


def uris(message: object) -> set[str]:
    """The documents that a message may open."""
    try:
        return {message["params"]["textDocument"]["uri"]}  # type: ignore[index]
    except (TypeError, KeyError):
        return set()


def run(minutes: float, seed: int, model: str, least_sessions: int = 1) -> None:
    """Fuzz for some time; raises AssertionError when the server does not bear it."""
    chance = random.Random(seed)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve() / "workspace"
        root.mkdir()
        for sample in SAMPLES.iterdir():
            (root / sample.name).write_text(sample.read_text())
        environment = os.environ | {"BOWERBIRD_HOME": str(root.parent / "home")}
        with RawClient(root, environment, model) as client:
            end, sent, number = time.monotonic() + minutes * 60, 0, 0
            memory: list[int] = []
            while time.monotonic() < end or number < least_sessions:
                sent += play(client, root, chance, number)
                assert client.alive, client.errors()
                number += 1
                memory.append(client.memory())
                if number % 50 == 0:
                    print(f"{sent} messages, {memory[-1] / 1e6:.0f} MB", flush=True)
            assert "Traceback" not in client.errors(), client.errors()
        print(f"{sent} messages in {number} sessions, all requests answered")
        judge_memory(memory)


def judge_memory(memory: list[int]) -> None:
    """Compare the last fifth of a run with its third; the beginning is for filling caches."""
    fifth = len(memory) // 5
    if fifth < 20:
        print("too short to judge memory")
        return
    middle = statistics.median(memory[2 * fifth : 3 * fifth])
    last = statistics.median(memory[-fifth:])
    print(f"memory: {middle / 1e6:.0f} MB in the middle, {last / 1e6:.0f} MB at the end")
    assert last <= MEMORY_GROWTH * middle, "memory grew"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sessions", type=int, default=1, help="so many at least")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--model", default="index", help="the server's model, or none")
    arguments = parser.parse_args()
    run(arguments.minutes, arguments.seed, arguments.model, arguments.sessions)


if __name__ == "__main__":
    main()
