import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from indexer.index import WorkspaceIndex
from lsp_server.cli import app
from model.embed import load_embedder
from model.paths import home

COMMANDS = ("serve", "index", "search", "model", "doctor", "remove-data")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("BOWERBIRD_MODELS", raising=False)
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*arguments: str, answer: str = "") -> Result:
    """Run the command line in this process; any exception but an exit is a failure."""
    result = CliRunner().invoke(app, list(arguments), input=answer)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def fails_with_one_sentence(result: Result) -> str:
    assert result.exit_code == 1
    assert result.stderr.endswith(".\n")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_help_names_every_command():
    result = run("--help")
    assert result.exit_code == 0
    assert all(command in result.stdout for command in COMMANDS)


def test_help_loads_nothing_heavy():
    script = "import sys, lsp_server.cli; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    heavy = {"numpy", "onnxruntime", "onnx", "pygls", "hnswlib", "tree_sitter", "unearth", "httpx2"}
    assert heavy.isdisjoint(loaded)


@pytest.mark.parametrize("arguments", [("nest",), ("model", "pull", "a", "b"), ("index", "/none")])
def test_wrong_usage_ends_with_two(arguments):
    assert run(*arguments).exit_code == 2


def test_migrate_moves_an_index_and_says_so(tmp_path: Path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("def add(a, b):\n    return a + b\n")
    code = str(tmp_path / "code")
    run("index", code)
    moved = run("migrate", code, "--to", "faiss")
    assert moved.exit_code == 0
    assert moved.stdout == f"1 vectors of {code} are now in faiss; before, in hnswlib.\n"
    assert "in faiss already" in run("migrate", code, "--to", "faiss").stdout
    assert "a.py:1" in run("search", "add", "--path", code).stdout
    message = fails_with_one_sentence(run("migrate", code, "--server", "http://127.0.0.1:9"))
    assert (
        message
        == "The vectors stay in faiss: A server can have vectors for chroma or qdrant alone.\n"
    )


def test_a_search_that_finds_the_index_damaged_says_so_and_the_next_one_makes_it_anew(
    tmp_path: Path,
):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("def add(a, b):\n    return a + b\n")
    code = str(tmp_path / "code")
    run("index", code)
    (file,) = (tmp_path / "home").rglob("index.sqlite")
    spoil_table(file, "terms_data")  # which an update that finds nothing new does not read
    message = fails_with_one_sentence(run("search", "add", "--path", code))
    assert message.startswith(f"The index of {code} is damaged: run the command again")
    assert "a.py:1" in run("search", "add", "--path", code).stdout


def spoil_table(file: Path, table: str) -> None:
    """Overwrite the first page of a table in a database of SQLite."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xff" * size)


def test_search_can_be_narrowed(tmp_path: Path):
    (tmp_path / "a.py").write_text("def add(a, b):\n    return a + b\n")
    (tmp_path / "b.js").write_text("function add(a, b) {\n  return a + b;\n}\n")
    narrowed = run("search", "add", "--path", str(tmp_path), "--language", "javascript")
    assert "b.js:1" in narrowed.stdout
    assert "a.py" not in narrowed.stdout
    assert "a.py:1" in run("search", "add", "--path", str(tmp_path), "--in", "a.*").stdout


def test_model_list_shows_what_can_be_had():
    result = run("model", "list")
    assert result.exit_code == 0
    assert "smollm2-135m" in result.stdout
    assert "qwen2.5-coder-0.5b" in result.stdout


@pytest.mark.parametrize("command", ["pull", "path", "remove"])
def test_an_unknown_model_is_one_sentence(command):
    assert "choose one of" in fails_with_one_sentence(run("model", command, "nightjar"))


def test_the_path_of_a_model_that_is_not_installed_says_what_to_do():
    sentence = fails_with_one_sentence(run("model", "path", "smollm2-135m"))
    assert "`bowerbird model pull smollm2-135m`" in sentence


def test_an_installed_model_is_found_and_removed(own_home):
    folder = own_home / "models" / "smollm2-135m"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text("{}")
    assert run("model", "path", "smollm2-135m").stdout == f"{folder}\n"
    assert "installed already" in run("model", "pull", "smollm2-135m").stdout
    assert run("model", "remove", "smollm2-135m").exit_code == 0
    assert not folder.exists()


def test_pull_without_a_network_says_what_it_needs():
    """A real process, all of whose connections are sent to a port where nobody listens."""
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:1")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            "from lsp_server.cli import main; main()",
            "model",
            "pull",
            "smollm2-135m",
        ],
        capture_output=True,
        text=True,
        check=False,
        env=kept | nowhere | {"PIP_CONFIG_FILE": os.devnull, "NO_PROXY": ""},
    )
    assert result.returncode == 1
    assert result.stderr.startswith("Installing smollm2-135m needs a network connection, once,")
    assert result.stderr.count("\n") == 1


def test_a_pull_that_is_stopped_says_how_to_go_on(monkeypatch):
    def stops(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("model.store.pull", stops)
    sentence = fails_with_one_sentence(run("model", "pull", "smollm2-135m"))
    assert sentence == "Stopped; `bowerbird model pull smollm2-135m` goes on from here.\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "routes.py").write_text(
        'def add_route(path, handler):\n    """Register a handler."""\n    ROUTES[path] = handler\n'
    )
    (root / "shop.go").write_text("package shop\n\nfunc TotalPrice(items []Item) int {\n}\n")
    (root / ".env").write_text("TOKEN=secret\n")
    return root


def index_figures(workspace: Path) -> dict:
    file = workspace.parent / "index.json"
    assert run("index", str(workspace), "--json", str(file)).exit_code == 0
    return json.loads(file.read_text())


def test_index_reads_a_folder_once(workspace):
    first, second = index_figures(workspace), index_figures(workspace)
    assert (first["files_read"], first["files_unchanged"]) == (2, 0)
    assert (second["files_read"], second["files_unchanged"]) == (0, 2)
    assert first["languages"] == {"python": 1, "go": 1}
    for figure in ("snippets", "bytes_on_disk", "peak_memory_bytes", "files_per_second"):
        assert first[figure] > 0
    assert first["machine"]["cpu"]


def test_index_says_what_it_left_out_and_why(workspace):
    output = run("index", str(workspace), "--verbose").stdout
    assert "2 files read" in output
    assert "skipped .env: " in output
    assert "TOKEN" not in output


def test_index_that_another_process_keeps_says_so(workspace):
    with closing(WorkspaceIndex.open(workspace, load_embedder())) as index:
        index.update()
        output = run("index", str(workspace)).stdout
    assert "another process" in output
    assert "2 files" in output


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "vectors"])
def test_search_shows_the_place_and_the_code(workspace, mode):
    result = run("search", "register a handler", "--path", str(workspace), "--mode", mode)
    assert result.exit_code == 0
    assert result.stdout.startswith("routes.py:1  function add_route")
    assert "ROUTES[path] = handler" in result.stdout


def test_search_results_as_json(workspace, tmp_path):
    file = tmp_path / "hits.json"
    run("search", "total price", "--path", str(workspace), "--limit", "1", "--json", str(file))
    (hit,) = json.loads(file.read_text())
    assert (hit["path"], hit["name"], hit["start_line"]) == ("shop.go", "TotalPrice", 2)


def test_search_reflects_an_edit(workspace):
    index_figures(workspace)
    (workspace / "routes.py").write_text("def drop_route(path):\n    del ROUTES[path]\n")
    result = run("search", "drop_route", "--path", str(workspace), "--mode", "lexical")
    assert "routes.py:1  function drop_route" in result.stdout


def test_search_without_a_result_is_one_sentence(workspace):
    result = run("search", "xylophone", "--path", str(workspace), "--mode", "lexical")
    assert "matches 'xylophone'" in fails_with_one_sentence(result)


def test_serve_on_a_port_that_is_taken_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--tcp", "--port", str(taken.getsockname()[1]))
    assert "Cannot listen on 127.0.0.1" in fails_with_one_sentence(result)


def test_serve_does_not_listen_for_other_machines():
    assert "this machine only" in fails_with_one_sentence(
        run("serve", "--tcp", "--host", "0.0.0.0")
    )


@pytest.fixture
def no_model_comes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model that comes with Bowerbird is not there: to load and measure it takes seconds."""
    (tmp_path / "no weights").mkdir()
    monkeypatch.setattr("model.store.EMBEDDED", tmp_path / "no weights")


def test_doctor_measures_and_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr("lsp_server.doctor.PREFILL_TOKENS", 64)
    monkeypatch.setattr("lsp_server.doctor.DECODE_TOKENS", 2)
    result = run("doctor", "--json", str(tmp_path / "doctor.json"))
    assert result.exit_code == 0
    report = json.loads((tmp_path / "doctor.json").read_text())
    findings = {finding["topic"]: finding for finding in report["findings"]}
    assert findings["embedding"]["speeds"]["snippets_per_second"] > 0
    assert findings["model"]["speeds"]["prefill_tokens_per_second"] > 0
    assert report["machine"]["cores"] >= 1
    assert report["machine"]["packages"]["onnxruntime"]


def test_doctor_names_a_broken_model_and_the_way_out(own_home, no_model_comes_along):
    folder = own_home / "models" / "smollm2-135m"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text("{}")
    result = run("doctor")
    assert result.exit_code == 1
    assert "bowerbird model remove smollm2-135m" in result.stdout


def test_doctor_names_a_damaged_index(own_home, workspace, no_model_comes_along):
    index_figures(workspace)
    assert "1, none of them damaged" in run("doctor").stdout
    (database,) = own_home.glob("indexes/*/index.sqlite")
    database.write_bytes(b"no database" * 1000)
    result = run("doctor")
    assert result.exit_code == 1
    assert str(database.parent) in result.stdout


def test_remove_data_asks_and_removes_everything(own_home):
    (own_home / "indexes" / "project").mkdir(parents=True)
    (own_home / "indexes" / "project" / "index.db").write_text("code")
    assert run("remove-data", answer="n\n").exit_code == 1
    assert (own_home / "indexes" / "project" / "index.db").exists()
    assert run("remove-data", answer="y\n").exit_code == 0
    assert not own_home.exists()
    assert "Nothing is stored" in run("remove-data").stdout


def test_remove_data_finds_models_that_are_kept_elsewhere(own_home, tmp_path, monkeypatch):
    models = tmp_path / "models"
    monkeypatch.setenv("BOWERBIRD_MODELS", str(models))
    for folder in (models / "smollm2-135m", models / ".qwen2.5-coder-0.5b.partial"):
        folder.mkdir(parents=True)
        (folder / "model.json").write_text("{}")
    (models / "mine").mkdir()
    assert run("remove-data", "--yes").exit_code == 0
    assert [path.name for path in models.iterdir()] == ["mine"]


def test_remove_data_refuses_a_folder_that_holds_more(monkeypatch):
    monkeypatch.setenv("BOWERBIRD_HOME", str(Path.home()))
    assert "by hand" in fails_with_one_sentence(run("remove-data", "--yes"))
    assert home().exists()


def test_json_that_cannot_be_written_is_one_sentence(tmp_path, no_model_comes_along):
    sentence = fails_with_one_sentence(run("doctor", "--json", str(tmp_path / "no" / "file.json")))
    assert "cannot be written" in sentence
