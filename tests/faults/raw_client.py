"""A client that can say anything to a real server over stdio, and sees all that it answers."""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import psutil

SERVER = [sys.executable, "-c", "from lsp_server.cli import main; main()", "serve"]
PATIENCE = 120.0  # seconds until a request counts as not answered; machines may be busy

Message = dict[str, Any]


class RawClient:
    """Used in a `with`: starts a server for a workspace, and kills it at the end if need be.

    The server is told to do without a model unless `model` names one.
    """

    def __init__(self, root: Path, environment: dict[str, str], model: str = "index"):
        self.root = root
        self._model = model
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - `__exit__` closes it
        self._process = subprocess.Popen(
            SERVER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=environment | {"BOWERBIRD_MODEL_NAME": model},
        )
        self.server = psutil.Process(self._process.pid)
        self.status: Message = {}
        self._news = threading.Condition()
        self._unanswered: Counter[object] = Counter()
        self._answers: dict[object, Message] = {}
        self._last_id = 0
        self._ended = False
        threading.Thread(target=self._receive, daemon=True).start()

    def __enter__(self) -> Self:
        folder = {"uri": self.root.as_uri(), "name": self.root.name}
        params = {"capabilities": {}, "processId": None, "workspaceFolders": [folder]}
        assert "result" in self.ask("initialize", params)
        self.notify("initialized", {})
        self.wait_until(lambda: self.status.get("state") == "ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._stderr.close()

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        return self._process.poll() is None

    def vanish(self) -> None:
        """Close the pipe to the server without a word."""
        assert self._process.stdin
        self._process.stdin.close()

    def errors(self) -> str:
        """What the server has printed to standard error."""
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self._process.stdin
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def send_body(self, body: bytes) -> None:
        """Send one message, whatever it is."""
        self.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def send(self, message: object) -> None:
        """Send one message; if it is a request, its answer is waited for by `settle`."""
        if isinstance(message, dict) and is_request(message):
            with self._news:
                self._unanswered[message["id"]] += 1
        self.send_body(json.dumps(message).encode())

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: object) -> int:
        """Send a request; its id."""
        self._last_id += 1
        self.send({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})
        return self._last_id

    def ask(self, method: str, params: object) -> Message:
        """Send a request and wait for its answer, the whole message."""
        id = self.request(method, params)
        self.wait_until(lambda: id in self._answers)
        return self._answers.pop(id)

    def settle(self) -> None:
        """Wait until every request has been answered."""
        self.wait_until(lambda: not +self._unanswered)
        self._answers.clear()

    def wait_until(self, true: Callable[[], object]) -> None:
        """Wait for something that an answer or a status brings about; fails when it does not."""
        deadline = time.monotonic() + PATIENCE
        with self._news:
            while not true():
                assert not self._ended, f"the server has ended: {self.errors()}"
                self._news.wait(1.0)
                assert time.monotonic() < deadline, f"no answer to {+self._unanswered}"

    def memory(self) -> int:
        """Resident memory of the server, in bytes."""
        return int(self.server.memory_info().rss)

    def handles(self) -> int:
        """How many files, pipes and the like the server has open."""
        return int(self.server.num_fds())

    def _receive(self) -> None:
        assert self._process.stdout
        while header := self._process.stdout.readline():
            while (line := self._process.stdout.readline()) != b"\r\n":
                header = line if line.lower().startswith(b"content-length") else header
            body = self._process.stdout.read(int(header.partition(b":")[2]))
            self._take(json.loads(body))
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _take(self, message: Message) -> None:
        with self._news:
            if "method" not in message:
                self._unanswered[message.get("id")] -= 1
                self._answers[message.get("id")] = message
            elif message["method"] == "bowerbird/status":
                self.status = message["params"]
            self._news.notify_all()


def is_request(message: Message) -> bool:
    """Whether JSON-RPC has an answer follow a message."""
    return (
        message.get("jsonrpc") == "2.0"
        and isinstance(message.get("id"), int | str)
        and isinstance(message.get("method"), str)
    )
