"""What an editor sees of the libraries that a workspace imports, and of several folders."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from editor import Client, connected, until, write_project
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITH_LIBRARIES = {"BOWERBIRD_INDEX_LIBRARIES": "true", "VIRTUAL_ENV": ""}
EDITED = "import json, sys\nfrom paint import Colour, mix\n\n\ndef repaint(old: Colour):\n    "


def install(root: Path) -> Path:
    """A virtual environment of a few files in a workspace; the package in it."""
    package = root / ".venv" / "lib" / "python3.12" / "site-packages" / "paint"
    package.mkdir(parents=True)
    (root / ".venv" / "pyvenv.cfg").write_text("home = /etc\n")
    (package / "__init__.py").write_text(
        'class Colour:\n    """A colour of a tube."""\n\n    def lighten(self, by: int = 1):\n'
        '        """Add white."""\n\n\ndef mix(one: Colour) -> Colour:\n    """Stir paint."""\n'
    )
    return package


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_project(tmp_path_factory.mktemp("libraries"))
    install(root)
    (root / "shop" / "paint_shop.py").write_text(EDITED + "return mix(old)\n")
    return root


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(project: Path) -> AsyncIterator[Client]:
    async with connected(project, variables=WITH_LIBRARIES) as own_client:
        await until(lambda: not own_client.statuses[-1].readsLibraries)
        yield own_client


async def libraries(client: Client, folder: int = 0) -> dict[str, Any]:
    status = await client.command("bowerbird.status")
    return {each["name"]: each for each in status["folders"][folder]["libraries"]}


async def test_libraries_are_found_and_named(client: Client):
    assert (await libraries(client))["paint"]["files"] == 1


async def test_members_of_libraries_are_listed_and_resolved(client: Client):
    client.open("shop/new.py", EDITED + "old.")
    [item] = [
        each for each in await client.completions("shop/new.py", 5, 8) if each.label[0] != "_"
    ]
    assert item.label == "lighten"
    assert item.label_details.description == "site-packages/paint/__init__.py"
    resolved = await client.lsp.completion_item_resolve_async(item)
    assert "Add white." in resolved.documentation.value
    client.open("shop/new.py", EDITED + "json.du")
    assert {"dump", "dumps"} <= {i.label for i in await client.completions("shop/new.py", 5, 11)}
    client.open("shop/new.py", "from paint import ")
    assert {"Colour", "mix"} <= {i.label for i in await client.completions("shop/new.py", 0, 18)}
    client.open("shop/new.py", "old = enum")
    assert "enumerate" in {i.label for i in await client.completions("shop/new.py", 0, 10)}


async def test_hover_tells_of_libraries_and_of_the_workspaces_usages(client: Client):
    client.open("shop/new.py", EDITED + 'mix(old); json; len(""); "".join(old); sys')
    text = await client.hover("shop/new.py", 5, 5)
    place = (client.root / ".venv/lib/python3.12/site-packages/paint/__init__.py").as_uri()
    assert "def mix(one: Colour) -> Colour:" in text
    assert "Stir paint." in text
    assert f"[site-packages/paint/__init__.py:8]({place}#L8)" in text
    assert "shop/paint_shop.py:6" in text  # where it is used
    assert "Module `json`" in await client.hover("shop/new.py", 5, 15)
    assert "Return the number of items" in await client.hover("shop/new.py", 5, 22)
    assert "objects used or maintained by the" in await client.hover("shop/new.py", 5, 45)
    assert "Concatenate any number of strings" in await client.hover("shop/new.py", 5, 34)


async def test_what_a_text_or_comment_says_is_no_variable(client: Client):
    client.open("shop/style.py", "a = \"<p type='x'>\"  # type: ignore\nprint(type(a))\n")
    assert "class type" in (await client.hover("shop/style.py", 1, 7) or "")


async def test_another_server_reads_nothing_anew(client: Client, project: Path):
    folder = project.parent / "home" / "libraries"
    before = {file.name: file.stat().st_ino for file in folder.iterdir()}
    other = project.parent / "other"
    other.mkdir()
    (other / "tool.py").write_text("import json\n'; '.join([])\n")
    variables = WITH_LIBRARIES | {"VIRTUAL_ENV": str(project / ".venv")}
    async with connected(other, variables=variables) as second:
        second.open("tool.py", "import paint\npaint.")

        async def is_listed() -> bool:
            second.save("tool.py")
            return bool(await second.completions("tool.py", 1, 6))

        (other / "tool.py").write_text("import paint\n")  # a library that nothing imported yet
        await until(is_listed)
    assert before == {file.name: file.stat().st_ino for file in folder.iterdir()}


async def test_a_package_that_is_installed_meanwhile_is_known_after_a_save(
    client: Client, project: Path
):
    file = project / "shop" / "varnished.py"
    file.write_text("import varnish\nimport paint\n")  # which is looked for, and not there
    client.open("shop/varnished.py", "import varnish\nvarnish.")
    client.save("shop/varnished.py")
    await until(lambda: not client.statuses[-1].readsLibraries)
    assert await client.completions("shop/varnished.py", 1, 8) == []
    packages = project / ".venv" / "lib" / "python3.12" / "site-packages"
    (packages / "varnish.py").write_text("def gloss(): ...\n")

    async def is_listed() -> bool:
        client.save("shop/varnished.py")
        return bool(await client.completions("shop/varnished.py", 1, 8))

    await until(is_listed)


async def test_libraries_can_be_switched_off(project: Path):
    off = WITH_LIBRARIES | {"BOWERBIRD_INDEX_LIBRARIES": "false"}
    async with connected(project, variables=off) as without:
        assert await libraries(without) == {}
        without.open("shop/new.py", EDITED + "old.")
        assert await without.completions("shop/new.py", 5, 8) == []


async def test_each_folder_has_the_libraries_that_it_imports(client: Client, project: Path):
    other = project.parent / "atelier"
    other.mkdir()
    package = install(other)
    (package / "__init__.py").write_text("def scrape():\n    '''Take paint off.'''\n")
    (other / "clean.py").write_text("import paint\npaint.scrape()\n")
    folder = types.WorkspaceFolder(other.as_uri(), "atelier")
    event = types.WorkspaceFoldersChangeEvent([folder], [])
    client.lsp.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    document = types.TextDocumentItem(
        (other / "clean.py").as_uri(), "python", 1, "import paint\npaint.scrape()\n"
    )
    client.lsp.text_document_did_open(types.DidOpenTextDocumentParams(document))

    async def hover() -> str:
        answer = await client.lsp.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(document.uri), types.Position(1, 8))
        )
        return answer.contents.value if answer else ""

    async def is_known() -> bool:
        return "Take paint off." in await hover()

    await until(is_known)
    assert (await client.hover("shop/paint_shop.py", 5, 12) or "") == ""  # not open
    client.open("shop/paint_shop.py")
    assert "Stir paint." in await client.hover("shop/paint_shop.py", 5, 12)
    event = types.WorkspaceFoldersChangeEvent([], [folder])
    client.lsp.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))

    async def is_forgotten() -> bool:
        return await hover() == ""

    await until(is_forgotten)
    assert "Stir paint." in await client.hover("shop/paint_shop.py", 5, 12)
