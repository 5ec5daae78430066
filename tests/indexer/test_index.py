"""The index as its users see it: update, search, reopen."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexer.index import WorkspaceIndex
from indexer.snippets import Snippet
from model.embed import Embedder

Open = Callable[[], WorkspaceIndex]

ROUTER = '''"""Match paths."""

import re


class Router:
    """Finds what answers a request."""

    def add_route(self, path, handler):
        """Remember a handler."""
        self.routes[path] = handler

    def resolve(self, path):
        return self.routes[normalize_path(path)]


def normalize_path(path):
    return re.sub("/+", "/", path)
'''
CLIENT = '''import socket


def open_connection(host, port, timeout=None):
    """Connect to a server."""
    return socket.create_connection((host, port), timeout)


def fetch_document(address):
    connection = open_connection(address.host, address.port)
    return read_answer(connection, normalize_path(address.path))
'''
GUIDE = "# Guide\n\nHow to begin.\n\n## Deployment\n\nPut it behind a reverse proxy.\n"


@pytest.fixture
def workspace(root: Path) -> Path:
    (root / "app").mkdir()
    (root / "app" / "router.py").write_text(ROUTER)
    (root / "app" / "client.py").write_text(CLIENT)
    (root / "guide.md").write_text(GUIDE)
    return root


def found(index: WorkspaceIndex, query: str, **options) -> list[str]:
    return [hit.snippet.name for hit in index.search(query, **options)]


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "vectors"])
def test_search_finds_by_words_of_the_code(workspace: Path, index: WorkspaceIndex, mode: str):
    index.update()
    assert found(index, "open a connection to host and port", mode=mode)[0] == "open_connection"
    assert "Router.add_route" in found(index, "self.routes[path] = handler", mode=mode)[:2]


def test_a_part_of_an_identifier_finds_it(workspace: Path, index: WorkspaceIndex):
    index.update()
    (workspace / "b.go").write_text("package b\n\nfunc parseHTTPHeader2(text string) {\n}\n")
    index.update()
    assert found(index, "normalize", mode="lexical")[0] == "normalize_path"
    for query in ("header", "HTTP", "parsehttpheader2", "parse_header"):
        assert found(index, query, mode="lexical")[0] == "parseHTTPHeader2"


def test_hits_are_best_first_and_as_many_as_asked_for(workspace: Path, index: WorkspaceIndex):
    index.update()
    hits = index.search("path", limit=3)
    assert len(hits) == 3
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_keep_decides_what_may_be_found(workspace: Path, index: WorkspaceIndex):
    index.update()

    def is_elsewhere(snippet: Snippet) -> bool:
        return snippet.path != "app/client.py"

    hits = index.search("connection host port", keep=is_elsewhere)
    assert hits
    assert all(hit.snippet.path != "app/client.py" for hit in hits)


def test_keep_may_refuse_almost_everything(root: Path, index: WorkspaceIndex):
    for number in range(300):
        (root / f"f{number}.py").write_text(f"def handle_{number}(event):\n    return {number}\n")
    index.update()
    (only,) = index.search("handle event", keep=lambda snippet: snippet.name == "handle_299")
    assert only.snippet.path == "f299.py"


def test_the_same_text_is_found_once(root: Path, index: WorkspaceIndex):
    for name in ("a.py", "b.py"):
        (root / name).write_text("def retry(attempts):\n    return attempts\n")
    index.update()
    assert found(index, "retry attempts") == ["retry"]


@pytest.mark.parametrize(
    "query", ["", " ", '"', "'; DROP TABLE", "AND OR NOT", "a*b^c:d(e)", "\0", "名前", "x" * 10_000,
              "NEAR(a b)", "{path}: -x", "\ud800", "_", "-", "a_b__c"]
)  # fmt: skip
@pytest.mark.parametrize("mode", ["hybrid", "lexical", "vectors"])
def test_any_query_is_answered(workspace: Path, index: WorkspaceIndex, query: str, mode: str):
    index.update()
    index.search(query, mode=mode)
    index.definitions(query)
    index.names(query)
    index.usages(query)


def test_an_empty_workspace_has_no_answers(index: WorkspaceIndex):
    assert index.update().files_read == 0
    assert index.search("anything") == []
    assert index.names("a") == []
    assert index.usages("a") == []


def test_a_snippet_comes_back_as_it_was_cut(workspace: Path, index: WorkspaceIndex):
    index.update()
    (snippet,) = index.definitions("Router.add_route")
    assert snippet == Snippet(
        path="app/router.py",
        language="python",
        kind="method",
        name="Router.add_route",
        signature="def add_route(self, path, handler):",
        docstring="Remember a handler.",
        text=ROUTER[snippet.start : snippet.end],
        start=ROUTER.index("    def add_route"),
        end=ROUTER.index("\n\n    def resolve"),
        start_line=8,
        end_line=11,
        name_line=8,
        name_column=8,
        imports="import re",
    )


def test_definitions_are_found_by_any_of_their_last_components(
    workspace: Path, index: WorkspaceIndex
):
    (workspace / "other.py").write_text("class Table:\n    def resolve(self):\n        pass\n")
    index.update()
    assert [each.name for each in index.definitions("resolve")] == [
        "Table.resolve", "Router.resolve",
    ]  # fmt: skip
    assert [each.name for each in index.definitions("Router.resolve")] == ["Router.resolve"]
    assert index.definitions("solve") == []
    assert index.definitions("Resolve") == []
    assert index.definitions("Deployment") == []  # a heading defines no name


def test_a_term_of_few_snippets_is_telling(workspace: Path, index: WorkspaceIndex):
    index.update()
    rarity = index.rarity({"path", "sockets", "timeout"})
    assert 0 < rarity["path"] < rarity["timeout"] == rarity["sockets"]


def test_names_are_completed_whatever_the_case(workspace: Path, index: WorkspaceIndex):
    index.update()
    assert [each.name for each in index.names("NORM")] == ["normalize_path"]
    assert [each.name for each in index.names("r")] == ["Router", "Router.resolve"]
    assert len(index.names("", limit=2)) == 2
    assert index.names("50%_") == []


def test_usages_are_where_a_name_stands_and_is_not_defined(workspace: Path, index: WorkspaceIndex):
    index.update()
    places = {(each.path, each.line, each.column) for each in index.usages("normalize_path")}
    assert places == {("app/router.py", 13, 27), ("app/client.py", 10, 35)}
    (usage,) = index.usages("open_connection")
    assert usage.text == "    connection = open_connection(address.host, address.port)"
    assert index.usages("Router.resolve") == []
    assert index.usages("connect") == []


def test_a_second_update_reads_nothing(workspace: Path, index: WorkspaceIndex):
    first = index.update()
    assert (first.files_read, first.files_unchanged) == (3, 0)
    assert first.snippets == index.status().snippets
    second = index.update()
    assert (second.files_read, second.files_unchanged, second.snippets) == (0, 3, 0)


def test_reopening_reads_nothing_and_finds_the_same(workspace: Path, open_index: Open):
    index = open_index()
    index.update()
    before = index.search("connection")
    index.close()
    again = open_index()
    assert again.search("connection") == before
    assert again.update().files_read == 0


def test_an_edit_changes_what_is_found(workspace: Path, index: WorkspaceIndex):
    index.update()
    (workspace / "app" / "client.py").write_text(CLIENT.replace("fetch_document", "download"))
    report = index.update()
    assert (report.files_read, report.files_unchanged) == (1, 2)
    assert report.snippets == 1  # the other snippets of the file are the same
    assert index.definitions("fetch_document") == []
    assert found(index, "download", mode="lexical") == ["download"]


def test_lines_above_move_a_snippet(workspace: Path, index: WorkspaceIndex):
    index.update()
    (workspace / "app" / "client.py").write_text("# A comment.\n\n" + CLIENT)
    report = index.update()
    (moved,) = index.definitions("fetch_document")
    assert (moved.start_line, moved.name_line) == (10, 10)
    assert report.snippets == 1  # only the comment is new


def test_a_deleted_and_a_renamed_file_are_followed(workspace: Path, index: WorkspaceIndex):
    index.update()
    (workspace / "guide.md").unlink()
    (workspace / "app" / "client.py").rename(workspace / "network.py")
    report = index.update()
    assert report.files_removed == 2
    assert found(index, "reverse proxy", mode="lexical") == []
    assert {hit.snippet.path for hit in index.search("connection host", mode="lexical")} == {
        "network.py"
    }


def test_a_file_that_is_named_with_its_folder_is_taken_in_once(
    workspace: Path, index: WorkspaceIndex
):
    made = workspace / "lib" / "made.py"
    made.parent.mkdir(exist_ok=True)
    made.write_text("def walk_the_albatross():\n    return 1\n")
    assert index.update_files([made, made.parent, made]).files_read == 1
    hits = index.search("walk the albatross", mode="lexical")
    assert [hit.snippet.path for hit in hits] == ["lib/made.py"]


def test_one_file_is_updated_in_place(workspace: Path, index: WorkspaceIndex):
    index.update()
    path = workspace / "app" / "client.py"
    status = path.stat()
    path.write_text(CLIENT.replace("timeout", "seconds"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # it does not look changed
    assert index.update_files([path]).files_read == 1
    assert "seconds" in index.definitions("open_connection")[0].signature


def test_new_and_gone_files_and_folders_are_updated_in_place(
    workspace: Path, index: WorkspaceIndex
):
    index.update()
    (workspace / "lib" / "deep").mkdir(parents=True)
    (workspace / "lib" / "deep" / "new.py").write_text("def brand_new():\n    pass\n")
    assert index.update_files([workspace / "lib"]).files_read == 1
    assert index.definitions("brand_new")
    (workspace / "app").rename(workspace / "core")
    report = index.update_files([workspace / "app", workspace / "core", Path("guide.md")])
    assert (report.files_removed, report.files_read) == (2, 3)
    assert index.definitions("fetch_document")[0].path == "core/client.py"
    assert index.update().files_read == 0


def test_files_that_do_not_count_are_not_updated_in_place(
    workspace: Path, index: WorkspaceIndex, tmp_path: Path
):
    (workspace / ".gitignore").write_text("ignored.py\n")
    index.update()
    outside = tmp_path / "outside.py"
    (workspace / "node_modules").mkdir()
    paths = [outside, workspace / "ignored.py", workspace / ".env", workspace / "node_modules/x.js"]
    for path in paths:
        path.write_text("secret_name = 1\n")
    (workspace / "link.py").symlink_to(outside)
    report = index.update_files([*paths, workspace / "link.py", workspace / ".." / "outside.py"])
    assert report.files_read == 0
    assert found(index, "secret_name", mode="lexical") == []


def test_nothing_outside_is_reached_through_a_linked_folder(
    workspace: Path, index: WorkspaceIndex, tmp_path: Path
):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_text("secret_name = 1\n")
    (workspace / "linked").symlink_to(tmp_path / "outside")
    index.update_files([workspace / "linked" / "a.py", workspace / "linked"])
    index.update_text("linked/a.py", "secret_name = 1\n")
    index.update_text("../outside/a.py", "secret_name = 1\n")
    assert index.status().files == 0


def test_a_changed_gitignore_lets_files_come_and_go(workspace: Path, index: WorkspaceIndex):
    index.update()
    (workspace / ".gitignore").write_text("app/\n")
    index.update_files([workspace / ".gitignore"])
    assert index.definitions("Router") == []
    (workspace / ".gitignore").unlink()
    index.update_files([workspace / ".gitignore"])
    assert index.definitions("Router")


def test_unsaved_text_stands_in_for_the_file(workspace: Path, open_index: Open):
    index = open_index()
    index.update()
    index.update_text("app/client.py", CLIENT + "\n\ndef half_written(")
    index.update_text("app/fresh.py", "def not_on_disk():\n    pass\n")
    assert found(index, "half_written", mode="lexical")
    assert index.definitions("not_on_disk")
    index.update()  # leaves it alone
    assert found(index, "half_written", mode="lexical")
    index.update_files([workspace / "app" / "client.py", workspace / "app" / "fresh.py"])
    assert not found(index, "half_written", mode="lexical")
    assert not index.definitions("not_on_disk")


def test_unsaved_text_does_not_outlive_the_editor(workspace: Path, open_index: Open):
    index = open_index()
    index.update()
    index.update_text("app/client.py", "def unsaved():\n    pass\n")
    index.close()
    again = open_index()
    assert again.update().files_read == 1
    assert again.definitions("unsaved") == []
    assert again.definitions("fetch_document")


@pytest.mark.parametrize("path", [".env", "node_modules/a.js", "ignored.py", "a.min.js"])
def test_unsaved_text_of_a_file_that_does_not_count_is_not_indexed(
    workspace: Path, index: WorkspaceIndex, path: str
):
    (workspace / ".gitignore").write_text("ignored.py\n")
    index.update_text(path, "secret_name = 1\n")
    assert found(index, "secret_name", mode="lexical") == []


def test_an_unsaved_secret_is_not_indexed(workspace: Path, index: WorkspaceIndex):
    index.update()
    index.update_text("app/client.py", 'password_name = "ghp_' + "a1B2" * 9 + '"')
    assert found(index, "password_name", mode="lexical") == []
    assert any(each.path == "app/client.py" for each in index.skipped())


def test_skipped_files_are_told_with_the_reason_and_not_read_again(
    workspace: Path, index: WorkspaceIndex
):
    (workspace / "latin.py").write_bytes(b"# caf\xe9\n")
    (workspace / "server.pem").write_text("key")
    first = index.update()
    expected = {("latin.py", "not UTF-8"), ("server.pem", "looks like a secret by its name")}
    assert {(each.path, each.reason) for each in first.skipped} == expected
    second = index.update()
    assert second.files_read == 0
    assert {(each.path, each.reason) for each in second.skipped} == expected
    assert {(each.path, each.reason) for each in index.skipped()} == expected
    (workspace / "latin.py").write_text("# café\n", encoding="utf-8")
    (workspace / "server.pem").unlink()
    index.update()
    assert index.skipped() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_locked_file_is_tried_again(workspace: Path, index: WorkspaceIndex):
    path = workspace / "app" / "client.py"
    path.chmod(0)
    assert [each.path for each in index.update().skipped] == ["app/client.py"]
    path.chmod(0o600)
    index.update()
    assert index.definitions("fetch_document")


def test_a_name_that_is_not_utf_8_is_skipped(workspace: Path, index: WorkspaceIndex):
    for name in (b"caf\xe9.py", b"d\xe9/a.py"):
        path = Path(os.fsdecode(bytes(workspace) + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        path.write_text("x = 1\n")
        index.update_files([path])
    report = index.update()
    assert {(each.path, each.reason) for each in report.skipped} == {
        ("caf?.py", "its name is not UTF-8"),
        ("d?/", "its name is not UTF-8"),
    }


def test_the_status_counts(workspace: Path, index: WorkspaceIndex):
    index.update()
    status = index.status()
    assert (status.files, status.languages) == (3, {"python": 2, "markdown": 1})
    assert status.snippets == 10
    assert status.bytes_on_disk > 10_000


def test_a_workspace_that_is_gone_keeps_its_index(workspace: Path, index: WorkspaceIndex):
    index.update()
    workspace.rename(workspace.parent / "elsewhere")
    index.update()
    assert index.status().files == 3


def test_progress_is_told_and_an_update_can_be_stopped(workspace: Path, index: WorkspaceIndex):
    told: list[tuple[int, int, str]] = []
    index.update(progress=lambda *each: told.append(each), cancelled=lambda: len(told) >= 2)
    assert told == [(0, 3, "guide.md"), (1, 3, "app/client.py")]
    report = index.update(progress=lambda *each: told.append(each))
    assert told[-1] == (report.files_read, report.files_read, "")
    assert index.status().files == 3


def test_closing_stops_an_update(root: Path, open_index: Open):
    for number in range(400):
        (root / f"f{number}.py").write_text(ROUTER)
    index = open_index()
    begun = threading.Event()
    updating = threading.Thread(
        target=index.update, kwargs={"progress": lambda *_: begun.set()}, daemon=True
    )
    updating.start()
    begun.wait(10)
    index.close()
    updating.join(10)
    assert not updating.is_alive()
    again = open_index()
    again.update()
    assert again.status().files == 400


def test_searches_and_updates_go_on_at_the_same_time(root: Path, index: WorkspaceIndex):
    for number in range(60):
        (root / f"f{number}.py").write_text(ROUTER.replace("Router", f"Router{number}"))

    def repeat(action: Callable[[], object]) -> None:
        for _ in range(15):
            action()

    def edit() -> None:
        path = root / f"f{time.monotonic_ns() % 60}.py"
        path.write_text(f"def edited_{time.monotonic_ns()}():\n    pass\n")
        index.update_files([path])

    actions = [
        index.update,
        edit,
        lambda: index.update_text("f1.py", ROUTER),
        lambda: index.search("routes path handler"),
        lambda: index.usages("normalize_path"),
        index.status,
    ]
    with ThreadPoolExecutor(len(actions)) as threads:
        list(threads.map(repeat, actions))
    index.update_files([root / "f1.py"])
    index.update()
    assert index.status().files == 60


def test_everything_is_readable_by_its_owner_only(
    workspace: Path, index: WorkspaceIndex, tmp_path: Path
):
    index.update()
    index.close()
    folder = tmp_path / "index"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_lost_or_damaged_vectors_are_made_anew_from_the_database(
    workspace: Path, open_index: Open, tmp_path: Path
):
    index = open_index()
    index.update()
    before = found(index, "connection", mode="vectors")
    index.close()
    for damage in (Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-100])):
        damage(tmp_path / "index" / "vectors.hnsw")
        again = open_index()
        assert found(again, "connection", mode="vectors") == before
        assert again.update().files_read == 0
        again.close()


def test_vectors_older_than_the_database_catch_up(
    workspace: Path, open_index: Open, tmp_path: Path
):
    index = open_index()
    index.update()
    index.close()
    saved = (tmp_path / "index" / "vectors.hnsw").read_bytes()
    index = open_index()
    (workspace / "new.py").write_text("def brand_new_thing():\n    pass\n")
    (workspace / "guide.md").unlink()
    index.update()
    index.close()
    (tmp_path / "index" / "vectors.hnsw").write_bytes(saved)
    again = open_index()
    assert "brand_new_thing" in found(again, "brand new thing", mode="vectors", limit=50)
    assert "Guide" not in found(again, "how to begin", mode="vectors", limit=50)


def test_a_damaged_database_is_made_anew(workspace: Path, open_index: Open, tmp_path: Path):
    index = open_index()
    index.update()
    index.close()
    for path in (tmp_path / "index").glob("index.sqlite*"):
        path.write_bytes(b"this is no database" * 1000)
    again = open_index()
    assert again.update().files_read == 3
    assert found(again, "connection")


def test_another_embedder_makes_the_index_anew(
    workspace: Path, open_index: Callable[..., WorkspaceIndex], embedder: Embedder, caplog
):
    index = open_index()
    index.update()
    index.close()

    class Other:
        name = "another"
        dimensions = embedder.dimensions
        embed = staticmethod(embedder.embed)

    with caplog.at_level("INFO"):
        again = open_index(Other())
    assert "another" in caplog.text
    assert again.update().files_read == 3


def test_no_folder_is_said_in_one_sentence(tmp_path: Path, embedder: Embedder):
    with pytest.raises(NotADirectoryError, match="There is no folder"):
        WorkspaceIndex.open(tmp_path / "nowhere", embedder, tmp_path / "index")


HOLD = """
import sys
from pathlib import Path
from indexer.index import WorkspaceIndex
from model.embed import load_embedder
index = WorkspaceIndex.open(Path(sys.argv[1]), load_embedder(), Path(sys.argv[2]))
index.update()
print("ready", flush=True)
sys.stdin.readline()
"""


def test_a_second_process_searches_without_writing_and_takes_over(
    workspace: Path, open_index: Open, tmp_path: Path, caplog
):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, workspace, tmp_path / "index"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "ready\n"
        with caplog.at_level("INFO"):
            index = open_index()
        assert "Another process" in caplog.text
        assert found(index, "connection")
        (workspace / "new.py").write_text("def brand_new():\n    pass\n")
        assert index.update().files_read == 0
        index.update_text("app/client.py", "def unsaved():\n    pass\n")
        assert index.update_files([workspace / "new.py"]).files_read == 0
        holder.kill()  # without closing anything, as in a crash
        holder.wait()
    assert index.update().files_read == 1
    assert index.definitions("brand_new")
    database = sqlite3.connect(tmp_path / "index" / "index.sqlite")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
