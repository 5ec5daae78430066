"""The server with the small model: it answers others while it completes, and stops when told."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from editor import Client, capabilities, connected, started, until, write_project
from lsprotocol import types

NO_DEADLINE = {"deadline_ms": 0, "max_tokens": 500, "quick_first": False}
_numbers = itertools.count()


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model_client(
    small_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Client]:
    """A client whose server has the small model and no deadline for it."""
    project = write_project(tmp_path_factory.mktemp("model"))
    async with connected(project, models=small_model.parent, completion=NO_DEADLINE) as connection:
        await until(lambda: connection.statuses[-1].model == "smollm2-135m")
        yield connection


@pytest.fixture
def client(model_client: Client) -> Iterator[Client]:
    """The module's client, with no document open."""
    yield model_client
    model_client.close_all()


def long_document() -> str:
    """A text that the model has not read yet, which takes it a second or more."""
    number = next(_numbers)
    lines = [f"def step_{number}_{line}(left, right_{line}):" for line in range(200)]
    return "\n".join(lines) + "\n    return "


def begin_completion(client: Client, path: str) -> asyncio.Task[list[types.InlineCompletionItem]]:
    """Open a long document and complete at its end."""
    text = long_document()
    client.open(path, text)
    return asyncio.create_task(client.inline(path, text.count("\n"), len("    return ")))


async def test_the_model_suggests(client: Client):
    client.open("shop/refund.py", "def add(first, second):\n    return first + ")
    [item] = await client.inline("shop/refund.py", 1, 19)
    assert item.insert_text.strip()
    assert item.command.arguments[1]["model"] == "smollm2-135m"


async def test_others_are_answered_while_a_completion_runs(client: Client):
    client.open("shop/checkout.py")
    await client.hover("shop/checkout.py", 5, 20)
    running = begin_completion(client, "long.py")
    await asyncio.sleep(0.1)
    for number in range(20):
        if number % 2:
            assert await client.hover("shop/checkout.py", 5, 20)
        else:
            await client.command("bowerbird.status")
    assert not running.done()
    client.open("x.py", "x = ")
    await client.inline("x.py", 0, 4)
    assert await running == []


async def test_a_cancelled_completion_stops_at_its_next_step(client: Client):
    params = client.inline_params("long.py", 200, 11)
    client.open("long.py", long_document())
    request = client.lsp.protocol.send_request(
        types.TEXT_DOCUMENT_INLINE_COMPLETION, params, msg_id="to-cancel"
    )
    await asyncio.sleep(0.1)
    client.lsp.cancel_request(types.CancelParams("to-cancel"))
    await until(request.done)
    assert "canceled" in str(request.exception())
    client.open("short.py", "def add(first, second):\n    return first + ")
    [item] = await client.inline("short.py", 1, 19)
    assert item.insert_text


async def test_the_newest_completion_wins(client: Client):
    first = begin_completion(client, "first.py")
    await asyncio.sleep(0.1)
    second = begin_completion(client, "second.py")
    await asyncio.sleep(0.1)
    client.open("third.py", "def add(first, second):\n    return first + ")
    third = await client.inline("third.py", 1, 19)
    assert (await first, await second) == ([], [])
    assert third


async def test_an_editor_without_ghost_text_finds_the_suggestion_in_the_list(
    small_model: Path, project: Path
):
    old_editor = capabilities(inline_completion=False)
    models = small_model.parent
    async with connected(project, old_editor, models, completion=NO_DEADLINE) as client:
        await until(lambda: client.statuses[-1].model == "smollm2-135m")
        client.open("shop/refund.py", "def add(first, second):\n    return fir")
        first, *_ = await client.completions("shop/refund.py", 1, 14)
        assert first.label_details.description == "Bowerbird"
        assert first.text_edit.new_text.startswith("fir")
        assert first.command.command == "bowerbird.accept"


async def test_a_model_that_is_installed_later_is_taken_into_use(
    small_model: Path, project: Path, tmp_path: Path
):
    models = tmp_path / "models"
    models.mkdir()
    async with connected(project, models=models) as client:
        assert client.statuses[-1].model == "index"
        (models / small_model.name).symlink_to(small_model)
        await until(lambda: client.statuses[-1].model == "smollm2-135m")


async def test_a_broken_model_is_named_and_the_index_serves(project: Path, tmp_path: Path):
    broken = tmp_path / "models" / "smollm2-135m"
    broken.mkdir(parents=True)
    (broken / "model.json").write_text("{}")
    async with connected(project, models=broken.parent) as client:
        await until(lambda: any("cannot be" in m.message for m in client.lsp.messages))
        assert client.statuses[-1].model == "index"
        assert await client.symbols("invoice")


@pytest.mark.slow
async def test_the_model_is_downloaded_when_the_settings_allow_it(project: Path, tmp_path: Path):
    async with connected(
        project, models=tmp_path / "models", model={"allow_download": True}
    ) as client:
        await until(lambda: client.statuses[-1].model == "smollm2-135m", 300)
        titles = [reports[0].title for reports in client.lsp.progress_reports.values() if reports]
        assert "Downloading smollm2-135m" in titles


@pytest.mark.slow
async def test_the_better_model_suggests(qwen_model: Path, project: Path):
    settings = {"model": {"name": qwen_model.name}, "completion": NO_DEADLINE}
    async with connected(project, models=qwen_model.parent, **settings) as client:
        await until(lambda: client.statuses[-1].model == qwen_model.name)
        client.open("shop/refund.py", "def add(first, second):\n    return first + ")
        [item] = await client.inline("shop/refund.py", 1, 19)
        assert item.insert_text.startswith("second")


async def test_the_server_ends_while_its_model_loads(small_model: Path, project: Path):
    async with started(project, models=small_model.parent) as client:
        root = types.InitializeParams(capabilities(), root_uri=project.as_uri())
        await client.lsp.initialize_session(root)
        await client.lsp.shutdown_session()
        assert client.lsp._server.returncode == 0
