"""The server with the model that comes along, which it lets work before it is asked."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from editor import Client, capabilities, connected, started, until, write_project
from lsprotocol import types

from lsp_server.features.working_ahead import RESTING

pytestmark = pytest.mark.asyncio(loop_scope="module")

# On a machine that reads ten tokens a second, every place is a cold one until it was read.
SLOW_MACHINE = [
    sys.executable,
    "-c",
    "from model.language_model import LanguageModel\n"
    "LanguageModel.prefill_speed = property(lambda model: 10.0, lambda model, speed: None)\n"
    "from lsp_server.cli import main; main()",
    "serve",
]

# Writes down how long was waited for what was done later, once it is done, in the file that its
# last argument names.
SLOW_AND_TELLING = [
    sys.executable,
    "-c",
    "import sys\n"
    "from pathlib import Path\n"
    "from lsp_server.client import Client\n"
    "file, later = Path(sys.argv.pop()).open('a'), Client.later\n"
    "def tell(client, seconds, function):\n"
    "    def act():\n"
    "        function()\n"
    "        print(seconds, file=file, flush=True)\n"
    "    return later(client, seconds, act)\n"
    "Client.later = tell\n" + SLOW_MACHINE[2],
    "serve",
]

# Finds nothing to say quickly.
SILENT_AT_FIRST = [
    sys.executable,
    "-c",
    "from lsp_server.engine import engine\n"
    "generate = engine.generate_candidate\n"
    "def say_nothing(model, *arguments, quick=False, **options):\n"
    "    if quick:\n"
    "        return engine.Candidate(model=model.name, quick=True)\n"
    "    return generate(model, *arguments, **options)\n"
    "engine.generate_candidate = say_nothing\n" + SLOW_MACHINE[2],
    "serve",
]

# Loads another model than nestling only once the file exists that its last argument names.
SLOW_TO_LOAD = [
    sys.executable,
    "-c",
    "import sys, time\n"
    "from pathlib import Path\n"
    "from lsp_server import models\n"
    "load, wanted = models.load_model, Path(sys.argv.pop())\n"
    "def load_later(name, **options):\n"
    "    while name != 'nestling' and not wanted.exists():\n"
    "        time.sleep(0.01)\n"
    "    return load(name, **options)\n"
    "models.load_model = load_later\n"
    "from lsp_server.cli import main; main()",
    "serve",
]

# Writes down what texts the models get to know, in the file that its last argument names.
TELLING = [
    sys.executable,
    "-c",
    "import sys\n"
    "from pathlib import Path\n"
    "from model.language_model import LanguageModel\n"
    "file, remember = Path(sys.argv.pop()).open('a'), LanguageModel.remember\n"
    "def tell(model, text):\n"
    "    print(model.name, text, file=file, flush=True)\n"
    "    remember(model, text)\n"
    "LanguageModel.remember = tell\n"
    "from lsp_server.cli import main; main()",
    "serve",
]

ADD = "def add(first, second):\n    return first + "
LONG = (
    "".join(f"def step_{number}(left, right):\n    return left\n\n\n" for number in range(20)) + ADD
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slow_client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client of a server on a slow machine."""
    project = write_project(tmp_path_factory.mktemp("slow"))
    settings = {"model": {"name": "nestling"}, "completion": {"deadline_ms": 0}}
    async with connected(project, command=SLOW_MACHINE, **settings) as connection:
        await until(lambda: connection.statuses[-1].model == "nestling", 60)
        yield connection


@pytest.fixture
def client(slow_client: Client) -> Iterator[Client]:
    """The module's client, with no document open."""
    yield slow_client
    slow_client.close_all()


def end_of(text: str) -> tuple[int, int]:
    """Line and column of a text's end."""
    return text.count("\n"), len(text) - text.rfind("\n") - 1


async def idle(client: Client) -> None:
    """Wait until the model has nothing left to do."""

    async def rests() -> bool:
        return not (await client.command("bowerbird.status"))["workingAhead"]

    await until(rests, 60)


def details(item: types.InlineCompletionItem) -> dict[str, Any]:
    return item.command.arguments[1]


async def test_a_cold_place_is_answered_quickly_and_then_better(client: Client):
    client.open("shop/long.py", LONG + "\n\n\nx = 1\n")
    await idle(client)  # the end was read
    line, column = end_of(LONG)
    [item] = await client.inline("shop/long.py", line, column)
    assert details(item)["quick"]
    assert details(item)["sources"] == []
    await idle(client)
    [item] = await client.inline("shop/long.py", line, column)
    assert not details(item)["quick"]


async def test_the_editor_is_told_where_a_better_suggestion_is(client: Client):
    told = client.better
    text = LONG.replace("step", "stage")
    client.open("shop/other.py", text + "\n\n\nx = 1\n")
    line, column = end_of(text)
    items = await client.inline("shop/other.py", line, column)
    await idle(client)
    [better] = await client.inline("shop/other.py", line, column)
    same = bool(items) and items[0].insert_text == better.insert_text
    about = [news.textDocument.uri for news in told]
    assert (client.uri("shop/other.py") in about) is not same


async def test_the_editor_is_told_where_there_was_nothing_at_first(project: Path):
    settings = {"model": {"name": "nestling"}, "completion": {"deadline_ms": 0}}
    async with connected(project, command=SILENT_AT_FIRST, **settings) as client:
        await until(lambda: client.statuses[-1].model == "nestling", 60)
        client.open("shop/sum.py", LONG + "\n\n\nx = 1\n")
        await idle(client)  # the end was read
        line, column = end_of(LONG)
        assert await client.inline("shop/sum.py", line, column) == []
        await until(lambda: client.better, 60)
        [told] = client.better
        assert (told.textDocument.uri, told.position.line) == (client.uri("shop/sum.py"), line)
        [item] = await client.inline("shop/sum.py", line, told.position.character)
        assert item.insert_text.startswith("second")


async def test_what_follows_a_suggestion_is_known_before_it_is_taken(client: Client):
    client.open("shop/sum.py", ADD)
    await idle(client)
    line, column = end_of(ADD)
    [item] = await client.inline("shop/sum.py", line, column)
    await idle(client)
    before = (await client.command("bowerbird.status"))["suggestions"]
    here = types.Range(types.Position(line, column), types.Position(line, column))
    client.change("shop/sum.py", item.insert_text, here)
    await client.inline("shop/sum.py", *end_of(ADD + item.insert_text))
    after = (await client.command("bowerbird.status"))["suggestions"]
    assert after["ahead"] == before["ahead"] + 1


async def test_an_opened_document_is_read_at_its_end(client: Client):
    client.open("shop/read.py", LONG.replace("step", "phase"))
    await idle(client)
    [item] = await client.inline("shop/read.py", *end_of(LONG.replace("step", "phase")))
    assert not details(item)["quick"]
    assert details(item)["latencyMs"] > 0


async def test_the_place_of_an_edit_is_read_when_nothing_is_asked_there(client: Client):
    async def missing() -> int:
        return (await client.command("bowerbird.status"))["cache"]["missing"]

    text = LONG.replace("step", "edit")
    client.open("shop/edit.py", text + "\n\n\nx = 1\n")
    await idle(client)
    before = await missing()
    line, column = end_of(text)
    here = types.Position(line, column)
    client.change("shop/edit.py", "se", types.Range(here, here))

    async def was_read() -> bool:
        return await missing() > before

    await until(was_read, 60)
    await idle(client)
    [item] = await client.inline("shop/edit.py", line, column + 2)
    assert not details(item)["quick"]


async def test_with_low_power_nothing_is_computed_ahead(project: Path, tmp_path: Path):
    command, done = [*SLOW_AND_TELLING, str(tmp_path / "done")], tmp_path / "done"
    settings = {"model": {"name": "nestling"}, "completion": {"low_power": True}}
    async with connected(project, command=command, **settings) as client:
        await until(lambda: client.statuses[-1].model == "nestling", 60)
        client.open("shop/sum.py", ADD)
        here = types.Position(*end_of(ADD))
        client.change("shop/sum.py", "s", types.Range(here, here))
        # With more power, the place of the edit would be read now.
        await until(lambda: str(RESTING) in done.read_text().split())
        status = await client.command("bowerbird.status")
        assert not status["workingAhead"]
        assert status["cache"]["missing"] == 0
        [item] = await client.inline("shop/sum.py", here.line, here.character + 1)
        assert not details(item)["quick"]
        assert not (await client.command("bowerbird.status"))["workingAhead"]


async def test_with_low_power_the_model_has_one_thread(project: Path):
    """Of a model's threads each session has all but one of its own."""

    async def threads(low_power: bool) -> int:
        settings = {
            "model": {"name": "nestling", "threads": 4},
            "completion": {"low_power": low_power},
        }
        async with connected(project, **settings) as client:
            await until(lambda: client.statuses[-1].model == "nestling", 60)
            return psutil.Process(client.lsp._server.pid).num_threads()

    assert await threads(low_power=True) <= await threads(low_power=False) - 3


async def test_the_last_sessions_places_are_read_at_the_start(project: Path):
    settings = {"model": {"name": "nestling"}, "completion": {"deadline_ms": 0}}
    (project / "shop/long.py").write_text(LONG + "second\n")
    line, column = LONG.count("\n"), len("    return first + second")
    async with connected(project, command=SLOW_MACHINE, **settings) as client:
        await until(lambda: client.statuses[-1].model == "nestling", 60)
        client.open("shop/long.py")
        await client.inline("shop/long.py", line, column)
    async with connected(project, command=SLOW_MACHINE, **settings) as client:
        await until(lambda: client.statuses[-1].model == "nestling", 60)
        await idle(client)
        assert (await client.command("bowerbird.status"))["cache"]["missing"] > 100


async def test_the_workspaces_snippets_are_known_before_a_file_is_opened(
    project: Path, tmp_path: Path
):
    command, known = [*TELLING, str(tmp_path / "known")], tmp_path / "known"
    async with connected(project, command=command, model={"name": "nestling"}):
        for name in ("class Cart", "def pay_by_card", "def total_report"):
            await until(lambda name=name: known.exists() and name in known.read_text(), 60)


async def test_with_low_power_snippets_are_known_when_they_are_needed(
    project: Path, tmp_path: Path
):
    command, known = [*TELLING, str(tmp_path / "known")], tmp_path / "known"
    settings = {"model": {"name": "nestling"}, "completion": {"low_power": True}}
    async with connected(project, command=command, **settings) as client:
        await until(lambda: client.statuses[-1].model == "nestling", 60)
        client.open("shop/sum.py", ADD)
        await client.inline("shop/sum.py", *end_of(ADD))
        await idle(client)
        assert known.read_text() == ""


async def test_the_quick_model_answers_while_the_other_one_loads(
    project: Path, small_model: Path, tmp_path: Path
):
    command, models = [*SLOW_TO_LOAD, str(tmp_path / "load")], small_model.parent
    async with started(project, command, models) as client:
        await client.lsp.initialize_session(
            types.InitializeParams(
                capabilities=capabilities(),
                workspace_folders=[types.WorkspaceFolder(project.as_uri(), project.name)],
                initialization_options={"model": {"name": small_model.name}},
            )
        )

        def answers_first() -> bool:
            last = client.statuses[-1] if client.statuses else None
            return last is not None and (last.model, last.state) == ("nestling", "loading")

        await until(answers_first, 60)
        client.open("shop/sum.py", ADD)
        line, column = end_of(ADD)
        [item] = await client.inline("shop/sum.py", line, column)
        assert details(item)["model"] == "nestling"
        (tmp_path / "load").touch()
        await until(lambda: client.statuses[-1].model == small_model.name, 60)
        # What is shown stays while it is typed, and elsewhere the other model answers.
        here = types.Position(line, column)
        client.change("shop/sum.py", item.insert_text[:2], types.Range(here, here))
        [rest] = await client.inline("shop/sum.py", line, column + 2)
        assert rest.insert_text == item.insert_text
        assert details(rest)["along"]
        client.open("shop/other.py", "x = 1\ny = x + ")
        await idle(client)  # a slow machine would answer quickly first
        await client.inline("shop/other.py", 1, 8)
        assert client.statuses[-1].lastAnswer.model == small_model.name


@pytest.mark.slow
async def test_a_server_that_is_not_asked_uses_no_processor(project: Path):
    settings = {"model": {"name": "nestling"}}
    async with connected(project, **settings) as client:
        await until(lambda: client.statuses[-1].model == "nestling", 60)
        client.open("shop/sum.py", ADD)
        await client.inline("shop/sum.py", *end_of(ADD))
        await idle(client)
        await asyncio.sleep(10)
        server = psutil.Process(client.lsp._server.pid)
        before = server.cpu_times()
        await asyncio.sleep(60)
        after = server.cpu_times()
        used = after.user - before.user + after.system - before.system
        assert used < 0.02  # in steps of 0.01 seconds
