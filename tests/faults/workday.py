"""Replays a long day of work in a short time, and sees that the server stays as small as it was.

    python tests/faults/workday.py --minutes 20

Files are opened, typed into, saved and closed; branches are switched, which changes many files
at once; folders are renamed and builds write thousands of files; the machine sleeps (the server is
stopped and goes on later). Every few seconds the server's memory, open files and threads are noted.
"""

import argparse
import os
import random
import shutil
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from raw_client import RawClient

FILES = 400
MEMORY_GROWTH = 1.1  # of the last third of the day over the second
MORE_HANDLES = 4  # files that may be open beyond those of the second third


@dataclass(frozen=True)
class Sample:
    """The server at a moment."""

    memory: int  # resident, in bytes
    handles: int
    threads: int


def module(number: int, branch: int) -> str:
    """A Python file of some length, which differs between branches."""
    names = [f"compute_{number}_{branch}_{each}" for each in range(8)]
    functions = [
        f'def {name}(first, second):\n    """Compute {name}."""\n    return first + second\n'
        for name in names
    ]
    return "\n\n".join(functions)


def switch_branch(root: Path, chance: random.Random) -> None:
    """Change half of the files at once."""
    branch = chance.randrange(3)
    for number in range(0, FILES, 2):
        (root / f"package{number % 10}" / f"module{number}.py").write_text(module(number, branch))


def build(root: Path, chance: random.Random) -> None:
    """Write and remove many files that are no code of the workspace, and a few that are."""
    for folder in ("node_modules", "generated"):
        for number in range(1_500 if folder == "node_modules" else 50):
            file = root / folder / f"part{number % 20}" / f"file{number}.js"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"function f{chance.randrange(10**6)}() {{}}\n")
        shutil.rmtree(root / folder)


def rename(root: Path, chance: random.Random) -> None:
    """Rename a folder, and back."""
    folder = root / f"package{chance.randrange(10)}"
    folder.rename(root / "renamed")
    time.sleep(1.0)
    (root / "renamed").rename(folder)


def type_into(client: RawClient, root: Path, chance: random.Random) -> None:
    """Open a file, type a few lines, ask at each key, save and close."""
    path = chance.choice(sorted(root.glob("package*/*.py")))
    uri, text = path.as_uri(), path.read_text()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})
    line = text.count("\n")
    column = len(text) - text.rfind("\n") - 1
    for version, key in enumerate("\n\ndef later(first):\n    return first.", 2):
        place = {"line": line, "character": column}
        change = {"range": {"start": place, "end": place}, "text": key}
        document = {"uri": uri, "version": version}
        changed = {"textDocument": document, "contentChanges": [change]}
        client.notify("textDocument/didChange", changed)
        line, column = (line + 1, 0) if key == "\n" else (line, column + 1)
        position = {"line": line, "character": column}
        at = {"textDocument": {"uri": uri}, "position": position}
        client.request("textDocument/inlineCompletion", at | {"context": {"triggerKind": 1}})
        time.sleep(chance.uniform(0.0, 0.05))
    client.request("textDocument/completion", at)
    client.request("textDocument/hover", at)
    client.request("workspace/symbol", {"query": "compute"})
    client.settle()
    client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def sleep(client: RawClient) -> None:
    """The lid is closed, and opened again."""
    client.server.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    client.server.send_signal(signal.SIGCONT)
    client.ask("workspace/executeCommand", {"command": "bowerbird.status"})


def sample(client: RawClient) -> Sample:
    return Sample(client.memory(), client.handles(), int(client.server.num_threads()))


def run(minutes: float, seed: int, model: str) -> list[Sample]:
    """Replay a day; raises AssertionError when the server ends or does not answer."""
    chance = random.Random(seed)
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve() / "workspace"
        for number in range(FILES):
            file = root / f"package{number % 10}" / f"module{number}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(module(number, 0))
        environment = os.environ | {"BOWERBIRD_HOME": str(root.parent / "home")}
        with RawClient(root, environment, model) as client:
            events: list[Callable[[], None]] = [
                *[lambda: type_into(client, root, chance)] * 6,
                lambda: switch_branch(root, chance),
                lambda: build(root, chance),
                lambda: rename(root, chance),
                lambda: sleep(client),
            ]
            end = time.monotonic() + minutes * 60
            while time.monotonic() < end or len(samples) < 2 * len(events):
                chance.shuffle(events)
                for event in events:
                    event()
                    client.settle()
                    samples.append(sample(client))
                print(f"{samples[-1].memory / 1e6:.0f} MB, {samples[-1].handles} open files, "
                      f"{samples[-1].threads} threads", flush=True)  # fmt: skip
            assert "Traceback" not in client.errors(), client.errors()
    return samples


def judge(samples: list[Sample]) -> list[str]:
    """What grew from the second third of the day to the last, in sentences."""
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[-third:]

    def typical(some: list[Sample], what: str) -> float:
        return statistics.median(getattr(each, what) for each in some)

    complaints = []
    for what, limit in (
        ("memory", MEMORY_GROWTH * typical(middle, "memory")),
        ("handles", MORE_HANDLES + typical(middle, "handles")),
        ("threads", typical(middle, "threads")),
    ):
        before, now = typical(middle, what), typical(last, what)
        print(f"{what}: {before:,.0f} in the second third, {now:,.0f} in the last")
        if now > limit:
            complaints.append(f"{what} grew from {before:,.0f} to {now:,.0f}")
    return complaints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="nestling", help="the server's model, or `index`")
    arguments = parser.parse_args()
    complaints = judge(run(arguments.minutes, arguments.seed, arguments.model))
    if complaints:
        raise SystemExit("; ".join(complaints))


if __name__ == "__main__":
    main()
