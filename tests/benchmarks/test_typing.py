"""Functions are typed again, and what is told of it is what happened."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from benchmarks import typing as benchmark
from benchmarks.functions import Function, draw_functions
from benchmarks.llama_typist import llama
from benchmarks.replay import Ask, User, right_lines
from benchmarks.script import Detour, Key, keys_of
from benchmarks.typing_figures import Record, figures
from benchmarks.typists import Document, Shown, bowerbird
from benchmarks.usage import Usage, watched

FEED = '''
    def feed_all(self, keeper):
        """Feed every animal."""
        for animal in self.animals:
            food = keeper.choose(animal)

            animal.feed(food)
        return len(self.animals)
'''.strip("\n")

ZOO = f"""import random


class Zoo:
    def __init__(self, animals):
        self.animals = animals

{FEED}

    def __len__(self):
        return len(self.animals)
"""


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    """A repository with three files, each of which has one function that is long enough."""
    root = tmp_path / "zoo-1"
    root.mkdir()
    for name in ("zoo", "park", "farm"):
        text = ZOO.replace("Zoo", name.title()).replace("animal", f"{name}_animal")
        (root / f"{name}.py").write_text(text)
    return root


def test_a_function_is_taken_from_its_first_line_to_its_last(zoo: Path) -> None:
    drawn = {function.path: function for function in draw_functions(zoo, seed=0)}
    function = drawn["zoo.py"]
    assert function.expected == FEED.replace("animal", "zoo_animal")
    assert "feed" not in function.document
    whole = function.document[: function.start] + function.expected
    assert whole + function.document[function.start :] == (zoo / "zoo.py").read_text()


def test_the_same_seed_draws_the_same(zoo: Path) -> None:
    assert draw_functions(zoo, 1) == draw_functions(zoo, 1)
    assert len({tuple(each.path for each in draw_functions(zoo, seed)) for seed in range(9)}) > 1


def test_keys_spell_the_function_and_lines_come_with_their_indentation() -> None:
    keys = keys_of(FEED, "zoo", seed=0)
    assert "".join(key.text for key in keys) == FEED
    assert {key.text for key in keys if len(key.text) > 1} == {
        *("    ", "\n        ", "\n            ")
    }
    assert all(key.end == after.start for key, after in zip(keys, keys[1:], strict=False))


def test_the_user_rests_at_line_starts_and_keys_come_quickly_between() -> None:
    keys = keys_of(FEED, "zoo", seed=0)
    after_breaks = [
        key.pause for last, key in zip(keys, keys[1:], strict=False) if "\n" in last.text
    ]
    assert all(0.5 <= pause <= 2 for pause in after_breaks)
    quick = [key.pause for key in keys if key.pause < 0.5]
    assert all(0.06 <= pause <= 0.09 for pause in quick)
    assert len(quick) > 0.9 * (len(keys) - len(after_breaks))
    assert keys == keys_of(FEED, "zoo", seed=0)
    assert keys != keys_of(FEED, "zoo", seed=1)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("total = 1", "total = 1"),
        ("total = 1\nreturn total", "total = 1\nreturn total"),
        ("total = 1\nreturn 0", "total = 1"),
        ("total =", ""),
        ("other = 1", ""),
        ("", ""),
    ],
)
def test_lines_are_right_when_they_are_right_to_their_end(text: str, right: str) -> None:
    assert text[: right_lines(text, "total = 1\nreturn total")] == right


class Oracle:
    """An editor that knows what is wanted, and what it was given to show."""

    name = "oracle"
    process = psutil.Process()
    on_better = None

    def __init__(self, code: str) -> None:
        self.documents: dict[str, Document] = {}
        self.asked: list[str] = []
        self._code = code

    async def prepare(self, function: Function) -> None: ...

    def open(self, document: Document) -> None:
        self.documents[document.path] = document

    def change(self, document: Document, start: int, end: int, text: str) -> None:
        document.text = document.text[:start] + text + document.text[end:]

    async def ask(self, document: Document, offset: int) -> Shown:
        line = document.text[:offset].rpartition("\n")[2]
        self.asked.append(line)
        rests = [each[len(line) :] for each in self._code.split("\n") if each.startswith(line)]
        return Shown(rests[0] if line.strip() and rests else "", generated=4, read=2)

    def close(self, document: Document) -> None: ...


def quick_keys(function: Function) -> list[Key]:
    """The keys without pauses, and with a detour of each kind, each at the start of a line."""
    keys = keys_of(function.expected, function.name, seed=0)
    starts = [number for number, key in enumerate(keys) if keys[number - 1].text.startswith("\n")]
    detours: dict[int, Detour] = {starts[1]: "visit", starts[3]: "edit"}
    return [
        replace(key, pause=0.001, detour=detours.get(number)) for number, key in enumerate(keys)
    ]


async def test_what_is_suggested_rightly_is_taken_and_the_file_is_whole_in_the_end(
    zoo: Path,
) -> None:
    function, *others = draw_functions(zoo, seed=0)
    keys = quick_keys(function)
    editor = Oracle(function.expected)
    user = User(editor, seed=0)
    await user.type(function, keys, others)
    first_line, rest = function.text.split("\n", 1)
    assert editor.documents.pop(function.path).text == f"{first_line}\n\n{rest}"
    for path, document in editor.documents.items():
        assert document.text == (zoo / path).read_text()
    kinds = [ask.kind for ask in user.asks]
    assert kinds[0] == "open"
    assert kinds.count("visit") == kinds.count("back") == len(editor.documents) == 1
    assert user.taken > len(function.expected) / 2
    assert kinds.count("accept") == sum(
        line.strip() != "" for line in function.expected.split("\n")
    )


async def test_a_user_who_takes_nothing_types_every_key(zoo: Path) -> None:
    function = draw_functions(zoo, seed=0)[0]
    user = User(Oracle(function.expected), seed=0, accept=0)
    keys = quick_keys(function)
    await user.type(function, keys, ())
    assert user.taken == 0
    assert len(user.asks) == 1 + len(keys)
    shown = [ask for ask in user.asks if ask.shown.text]
    right = [ask for ask in shown if ask.agreed == len(ask.shown.text)]
    assert len(shown) > len(right) > len(shown) / 2  # "f" may begin two lines


@contextmanager
def without(function: Function) -> Iterator[Path]:
    """The repository while a function is not in its file."""
    file = function.root / function.path
    file.write_text(function.document)
    yield function.root
    file.write_text(function.text)


async def test_the_real_server_is_asked_after_each_key(zoo: Path, tmp_path: Path) -> None:
    function = draw_functions(zoo, seed=0)[0]
    settings = {"model": {"name": "index"}}
    usage = Usage()
    with without(function) as root:
        async with bowerbird(root, settings, tmp_path / "home", lambda *_: None) as editor:
            user = User(editor, seed=0)
            async with watched(editor.process, usage):
                await user.type(function, keys_of(function.expected, function.name, 0)[:12], ())
            assert await editor.written() == Counter(tokens=0, passes=0)
    assert usage.peak_bytes > 10e6
    assert [ask.kind for ask in user.asks][:3] == ["open", "key", "key"]
    answered = [ask for ask in user.asks if ask.milliseconds is not None]
    assert answered
    assert all(ask.milliseconds > 0 for ask in answered if ask.milliseconds)


PEER = f"""#!{sys.executable}
import json, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer("# TYPE\\nllamacpp:tokens_predicted_total 12\\nllamacpp:others 1\\n")

    def do_POST(self):
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with Path(__file__).with_name("asked.jsonl").open("a") as file:
            file.write(request + "\\n")
        time.sleep(float(Path(__file__).with_name("weights.gguf").read_text() or 0))
        answer = dict(content="keeper)", tokens_predicted=3, timings=dict(prompt_n=7))
        self.answer(json.dumps(answer))

    def answer(self, text):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass

HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Answers).serve_forever()
"""


@pytest.fixture
def peer(tmp_path: Path) -> tuple[Path, Path]:
    """A server that always answers the same, and weights for it."""
    server, weights = tmp_path / "llama-server", tmp_path / "weights.gguf"
    server.write_text(PEER)
    server.chmod(0o755)
    weights.touch()
    return server, weights


async def test_the_peer_is_not_asked_along_its_answer(zoo: Path, peer: tuple[Path, Path]) -> None:
    function = next(each for each in draw_functions(zoo, seed=0) if each.path == "zoo.py")
    document = Document(zoo, "zoo.py", "python", ZOO.replace("keeper):", ""))
    cursor = document.text.index("def feed_all(self, ") + len("def feed_all(self, ")
    async with llama(*peer, threads=1) as editor:
        await editor.prepare(function)
        first = await editor.ask(document, cursor)
        assert first == Shown("keeper)", read=7, generated=3)
        editor.change(document, cursor, cursor, "kee")
        assert await editor.ask(document, cursor + 3) == Shown("per)", known=True)
        editor.change(document, cursor, cursor + 3, "x")
        assert not (await editor.ask(document, cursor + 1)).known
        assert await editor.written() == Counter(tokens=12, passes=12)
    lines = (peer[0].parent / "asked.jsonl").read_text().splitlines()
    asked = [json.loads(line) for line in lines]
    assert [request["n_predict"] for request in asked] == [0, 256, 256]
    assert {chunk["filename"] for chunk in asked[1]["input_extra"]} == {"farm.py", "park.py"}
    assert asked[1]["stop"] == ["\n"]
    assert all(request["cache_prompt"] for request in asked)


async def test_the_peers_request_is_not_taken_back(zoo: Path, peer: tuple[Path, Path]) -> None:
    peer[1].write_text("0.3")  # seconds until it answers
    function = next(each for each in draw_functions(zoo, seed=0) if each.path == "zoo.py")
    document = Document(zoo, "zoo.py", "python", ZOO.replace("keeper):", ""))
    cursor = document.text.index("def feed_all(self, ") + len("def feed_all(self, ")
    async with llama(*peer, threads=1) as editor:
        await editor.prepare(function)
        first = asyncio.create_task(editor.ask(document, cursor))
        await asyncio.sleep(0.05)
        first.cancel()
        editor.change(document, cursor, cursor, "k")
        assert await editor.ask(document, cursor + 1) == Shown("eeper)", known=True)
    lines = (peer[0].parent / "asked.jsonl").read_text().splitlines()
    assert [json.loads(line)["n_predict"] for line in lines] == [0, 256]


def asks() -> tuple[Ask, ...]:
    known = Shown("2", known=True)
    return (
        Ask("open", False, 0.0, 1000.0, Shown("def a", generated=9), agreed=5),
        Ask("key", True, 2.0, 50.0, Shown("x = 12", read=3, generated=6), agreed=3),
        Ask("key", True, 2.1),
        Ask("key", True, 2.2, 100.0, Shown("12", read=1, generated=2), agreed=2),
        Ask("key", True, 3.0, 2.0, known, agreed=1),
        Ask("visit", True, 4.0, 900.0, Shown("", read=500)),
        Ask("better", True, 5.0, 20.0, Shown("y", generated=1)),
    )


def test_the_figures_are_those_of_what_was_asked() -> None:
    written = Counter(tokens=30, passes=20)
    found = figures(Record(asks(), 7, Usage(cpu_seconds=2.5, peak_bytes=10**9), written))
    assert found["keys"] == 5
    assert found["superseded"] == 0.2
    assert found["within_ms"] == {"80": 0.4, "150": 0.6, "300": 0.6}
    warm = found["rows"]["warm, the rest of a line"]
    assert (warm["asked"], warm["superseded"], warm["p50"]) == (4, 1, 50.0)
    assert found["rows"]["of these known already"]["p50"] == 2.0
    assert found["rows"]["first at another place"]["p50"] == 900.0
    assert found["rows"]["a file opened, something shown"]["asked"] == 1
    assert found["wait_ms"]["p50"] == 100.0  # of 50, 200, 100, 2 and 900
    assert found["read_tokens_per_key"] == {"p50": 1.0, "p90": 2.6}
    assert found["generated_tokens"] == 30
    assert found["tokens_per_pass"] == 1.5
    # Of use were 10 characters of 14 shown, for which 18 tokens were generated.
    assert found["wasted_tokens"] == round(30 - 10 * 18 / 14)
    assert found["cpu_seconds_per_1000_keys"] == 500.0
    assert found["peak_megabytes"] == 1000


def test_all_keys_count_until_their_line_has_an_answer_and_a_text() -> None:
    asked = (
        Ask("key", True, 0.0, line="1"),
        Ask("key", True, 0.1, 50.0, Shown(""), line="1"),
        Ask("key", True, 0.2, 100.0, Shown("x"), line="1"),
        Ask("key", True, 0.3, line="1"),
        Ask("key", True, 1.0, 10.0, Shown("y"), line="2"),
        Ask("key", False, 1.1, 10.0, Shown("z"), line="3"),
    )
    found = figures(Record(asked, 0, Usage(), Counter()))["warm_line_all_keys"]
    assert found["keys"] == 5
    assert found["to_an_answer_ms"] == {"p50": 100.0, "p90": None, "p99": None}
    assert found["to_a_text_ms"] == {"p50": 200.0, "p90": None, "p99": None}
    assert found["with_a_text"] == 0.8
    assert found["of_these_ms"] == {"p50": 100.0, "p90": 300.0, "p99": 300.0}


def test_the_command_writes_a_table_figures_and_a_picture(
    zoo: Path, peer: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "source", lambda _: zoo)
    monkeypatch.setattr(benchmark, "_UNTIL_IDLE", 0.1)
    monkeypatch.setattr(benchmark, "_IDLE", 0.1)
    server, weights = map(str, peer)
    results, picture = tmp_path / "typing.json", tmp_path / "typing.png"
    arguments = ["--model", "index", "--keystrokes", "6", "--repositories", "zoo==1"]
    arguments += ["--llama-server", server, "--gguf", weights, "--threads", "1"]
    arguments += ["--json", str(results), "--plot", str(picture), "--idle"]
    app = benchmark.typer.Typer()
    app.command()(benchmark.main)
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    assert "answered within 80 ms" in run.output
    written = json.loads(results.read_text())
    assert list(written["systems"]) == ["bowerbird", "llama.cpp"]
    assert written["systems"]["llama.cpp"]["keys"] == 6
    assert written["systems"]["llama.cpp"]["idle_cpu_seconds"] >= 0
    assert written["repositories"] == ["zoo==1"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert (zoo / "zoo.py").read_text().count("feed_all") == 1


def test_the_peer_needs_both_of_its_files() -> None:
    app = benchmark.typer.Typer()
    app.command()(benchmark.main)
    run = CliRunner().invoke(app, ["--gguf", "weights.gguf"])
    assert run.exit_code == 1
    assert "--llama-server and --gguf" in run.output
