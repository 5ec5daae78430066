"""What changes in the workspace's files is found, and what is gone is not, within two seconds."""

from pathlib import Path

from editor import Client, connected, home_of, until
from lsprotocol import types

SOON = 2.0  # seconds


async def defines(client: Client, name: str) -> bool:
    """Whether the server knows a definition of exactly this name."""
    client.open("probe.py", name)
    found = await client.completions("probe.py", 0, len(name))
    return name in [item.label for item in found]


async def test_files_that_are_written_and_edited_are_found(client: Client):
    new = client.root / "shop" / "voucher.py"
    new.write_text("def redeem_voucher(code):\n    return code\n")
    await until(lambda: defines(client, "redeem_voucher"), SOON)
    new.write_text("def cancel_voucher(code):\n    return code\n")
    await until(lambda: defines(client, "cancel_voucher"), SOON)
    assert not await defines(client, "redeem_voucher")
    assert "cancel_voucher" in await client.symbols("cancel a voucher")


async def test_files_that_are_deleted_are_found_no_more(client: Client):
    assert await defines(client, "total_report")
    (client.root / "tools" / "report.py").unlink()
    await until(lambda: gone(client, "total_report"), SOON)
    assert "total_report" not in await client.symbols("print a table of rows")


async def gone(client: Client, name: str) -> bool:
    return not await defines(client, name)


async def test_files_and_folders_that_are_renamed_are_found_at_their_new_place(client: Client):
    (client.root / "tools" / "report.py").rename(client.root / "tools" / "printing.py")

    async def place() -> str:
        found = await client.symbols("total_report")
        return found["total_report"].location.uri if "total_report" in found else ""

    async def is_at(path: str) -> bool:
        return await place() == client.uri(path)

    await until(lambda: is_at("tools/printing.py"), SOON)
    (client.root / "tools").rename(client.root / "scripts")
    await until(lambda: is_at("scripts/printing.py"), SOON)


async def test_a_client_may_report_changes_itself(client: Client):
    path = client.root / "tools" / "report.py"
    path.unlink()
    change = types.FileEvent(path.as_uri(), types.FileChangeType.Deleted)
    client.lsp.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
    await until(lambda: gone(client, "total_report"), SOON)


async def test_unsaved_text_stands_for_the_file_until_it_is_closed(client: Client):
    client.open("tools/report.py")
    client.change("tools/report.py", "def monthly_overview(rows):\n    pass\n")
    # A pause in typing of a second comes first.
    await until(lambda: defines(client, "monthly_overview"), 1 + SOON)
    assert not await defines(client, "total_report")
    # A change of the file does not count while it is edited.
    (client.root / "tools" / "report.py").write_text("def weekly_overview(rows):\n    pass\n")
    client.close("tools/report.py")
    await until(lambda: defines(client, "weekly_overview"), SOON)
    assert not await defines(client, "monthly_overview")


async def test_reindexing_reads_what_changed(client: Client):
    [report] = await client.command("bowerbird.reindex")
    assert (report["filesRead"], report["filesUnchanged"]) == (0, 3)


async def test_folders_come_and_go(client: Client, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "garden.py").write_text("def water_plants(litres):\n    return litres\n")
    event = types.WorkspaceFoldersChangeEvent([types.WorkspaceFolder(other.as_uri(), "other")], [])
    client.lsp.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    await until(lambda: defines(client, "water_plants"))
    assert await defines(client, "total_report")
    event = types.WorkspaceFoldersChangeEvent([], [types.WorkspaceFolder(other.as_uri(), "other")])
    client.lsp.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    await until(lambda: gone(client, "water_plants"))
    assert await defines(client, "total_report")


async def test_a_folder_in_a_folder_shows_a_symbol_once(client: Client):
    inner = types.WorkspaceFolder((client.root / "tools").as_uri(), "tools")
    change = types.DidChangeWorkspaceFoldersParams
    event = types.WorkspaceFoldersChangeEvent([inner], [])
    client.lsp.workspace_did_change_workspace_folders(change(event))

    async def found() -> list[tuple[str, str]]:
        params = types.WorkspaceSymbolParams("total_report")
        answer = await client.lsp.workspace_symbol_async(params)
        return [
            (each.location.uri, each.container_name)
            for each in answer
            if each.name == "total_report"
        ]

    async def is_of_the_inner_one() -> bool:
        return await found() == [(client.uri("tools/report.py"), "report.py")]

    await until(is_of_the_inner_one)
    event = types.WorkspaceFoldersChangeEvent([], [inner])
    client.lsp.workspace_did_change_workspace_folders(change(event))

    async def is_of_the_outer_one() -> bool:
        return await found() == [(client.uri("tools/report.py"), "tools/report.py")]

    await until(is_of_the_outer_one)


async def test_a_second_start_reads_nothing_again(project: Path):
    async with connected(project):
        pass
    async with connected(project) as client:
        assert await defines(client, "total_report")
        [report] = await client.command("bowerbird.reindex")
        assert report["filesUnchanged"] == 3


async def test_secrets_are_not_indexed_even_when_they_are_edited(client: Client):
    client.open(".env", "")
    client.change(".env", "def secret_password(): pass\n")
    client.open("tools/report.py")
    client.change("tools/report.py", "def a_later_change(): pass\n")
    await until(lambda: defines(client, "a_later_change"), 1 + SOON)
    assert not await defines(client, "secret_password")


async def test_a_damaged_index_is_made_anew(project: Path):
    async with connected(project):
        pass
    databases = list(home_of(project).glob("indexes/*/*.sqlite"))
    assert databases
    for database in databases:
        database.write_bytes(b"no database at all" * 1000)
    async with connected(project) as client:
        assert await defines(client, "total_report")


async def test_without_a_place_for_the_index_the_rest_works(project: Path):
    (home_of(project) / "metrics.sqlite3").mkdir(parents=True)
    (home_of(project) / "indexes").write_text("a file where a folder should be")
    async with connected(project) as client:
        client.open("x.py", "x = 1")
        assert await client.completions("x.py", 0, 1) == []
        assert await client.inline("x.py", 0, 5) == []
        assert any("index" in message.message for message in client.lsp.log_messages)


async def test_two_servers_share_a_workspace(project: Path):
    async with connected(project) as first, connected(project) as second:
        (project / "new.py").write_text("def brand_new():\n    pass\n")
        await until(lambda: defines(first, "brand_new"))
        await until(lambda: defines(second, "brand_new"))


async def test_indexing_can_be_switched_off(project: Path):
    async with connected(project, index={"enabled": False}) as client:
        assert client.statuses[-1].indexedFiles == 0
        assert not await defines(client, "total_report")


async def test_a_workspace_behind_a_symbolic_link_is_followed(project: Path, tmp_path: Path):
    link = tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(project)
    async with connected(link) as client:
        symbols = await client.symbols("total_report")
        assert symbols["total_report"].location.uri == client.uri("tools/report.py")
        (project / "new.py").write_text("def brand_new():\n    pass\n")
        await until(lambda: defines(client, "brand_new"), SOON)


async def test_unsaved_text_outlives_changes_around_it(client: Client):
    client.open("tools/report.py")
    client.change("tools/report.py", "def monthly_overview(rows):\n    pass\n")
    await until(lambda: defines(client, "monthly_overview"), 1 + SOON)
    event = types.FileEvent((client.root / "tools").as_uri(), types.FileChangeType.Changed)
    client.lsp.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    await client.command("bowerbird.reindex")
    await until(lambda: defines(client, "monthly_overview"), SOON)
    assert not await defines(client, "total_report")
