"""What is open or was just edited appears in suggestions, though no file has it."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from editor import Client, connected, until, write_project
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALBUM = """
class Album:
    def glue_stamp(self, stamp, page):
        page.stamps.append(stamp)

def collect(album, letters):
    for letter in letters:
        album.glue_stamp(letter.stamp, letter.page)
"""
VISIT = "\ndef visit(album, letters):\n    for letter in letters:\n        album."
_numbers = itertools.count()


def end_of(text: str) -> tuple[int, int]:
    return text.count("\n"), len(text.rpartition("\n")[2])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model_client(
    small_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Client]:
    """A client whose server has the small model, and shows what it is little sure of."""
    project = write_project(tmp_path_factory.mktemp("recent"))
    completion = {"deadline_ms": 0, "quick_first": False, "eagerness": "eager"}
    async with connected(project, models=small_model.parent, completion=completion) as connection:
        await until(lambda: connection.statuses[-1].model == "smollm2-135m")
        yield connection


@pytest.fixture(params=["no model", "a model"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A module's client, with no document open."""
    name = "module_client" if request.param == "no model" else "model_client"
    client: Client = request.getfixturevalue(name)
    yield client
    client.close_all()


async def suggested(client: Client, text: str = VISIT) -> list[str]:
    """What is suggested at the end of a document that nobody asked about before."""
    path = f"shop/visit_{next(_numbers)}.py"
    client.open(path, text)
    items = await client.inline(path, *end_of(text))
    return [item.insert_text for item in items]


def write_album(client: Client) -> None:
    """Write a new document."""
    client.open("shop/album.py", "")
    client.change("shop/album.py", ALBUM, types.Range(types.Position(0, 0), types.Position(0, 0)))


def rename(client: Client, path: str, text: str, old: str, new: str) -> None:
    """Edit a name in an open document, of which this is the text, where it stands last."""
    before = text[: text.rindex(old)]
    line, column = end_of(before)
    start, end = types.Position(line, column), types.Position(line, column + len(old))
    client.change(path, new, types.Range(start, end))


async def test_a_line_that_was_just_written_and_never_saved_is_suggested(client: Client):
    write_album(client)
    [text] = await suggested(client)
    assert text.startswith("glue_stamp")
    assert not (client.root / "shop" / "album.py").exists()


async def test_a_name_that_was_just_changed_elsewhere_is_suggested(client: Client):
    write_album(client)
    [text] = await suggested(client)
    rename(client, "shop/album.py", ALBUM, "glue_stamp", "fasten_label")
    [text] = await suggested(client)
    assert text.startswith("fasten_label")


async def test_who_comes_back_from_an_edit_elsewhere_gets_what_it_makes_likely(client: Client):
    write_album(client)
    path, place = f"shop/visit_{next(_numbers)}.py", end_of(VISIT)
    client.open(path, VISIT)
    [before] = await client.inline(path, *place)
    rename(client, "shop/album.py", ALBUM, "glue_stamp", "fasten_label")
    [after] = await client.inline(path, *place)
    assert before.insert_text.startswith("glue_stamp")
    assert after.insert_text.startswith("fasten_label")


async def test_nothing_of_an_open_document_with_a_credential_is_suggested(client: Client):
    client.open("shop/album.py", ALBUM + 'api_key = "q8Zr2Lw9Xv4Tn6Bs1Km3"\n')
    assert not any("glue_stamp" in text for text in await suggested(client))
