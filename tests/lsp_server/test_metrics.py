import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from lsp_server.metrics import Metrics, Request, Summary


def request(metrics: Metrics, id: str, characters: int, latency_ms: float) -> None:
    metrics.request(Request(id, "go", "index", characters, latency_ms))


def test_counts_what_is_shown_and_accepted(tmp_path: Path):
    metrics = Metrics(tmp_path / "home" / "metrics.sqlite3")
    for id, characters, latency in (("a", 10, 100.0), ("b", 0, 50.0), ("c", 3, 300.0)):
        request(metrics, id, characters, latency)
    assert metrics.accept("a")
    assert not metrics.accept("unknown")
    assert metrics.summary() == Summary(3, 2, 1, median_latency_ms=100.0)
    metrics.close()
    assert Metrics(tmp_path / "home" / "metrics.sqlite3").summary().requests == 3


def test_only_the_user_can_read_it(tmp_path: Path):
    path = tmp_path / "metrics.sqlite3"
    request(Metrics(path), "a", 1, 1.0)
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_log_that_cannot_be_written_is_given_up(tmp_path: Path, caplog):
    path = tmp_path / "metrics.sqlite3"
    path.write_bytes(b"this is no database" * 100)
    metrics = Metrics(path)
    request(metrics, "a", 1, 1.0)
    assert metrics.summary() == Summary()
    assert not metrics.accept("a")
    assert "not counted" in caplog.text


def test_a_log_of_an_earlier_version_is_carried_on(tmp_path: Path):
    path = tmp_path / "metrics.sqlite3"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE requests (id TEXT PRIMARY KEY, at REAL NOT NULL, language TEXT NOT NULL,"
            " model TEXT NOT NULL, characters INTEGER NOT NULL, latency_ms REAL NOT NULL,"
            " accepted INTEGER NOT NULL DEFAULT 0) STRICT"
        )
        database.execute("INSERT INTO requests VALUES ('old', 1.0, 'go', 'index', 5, 9.0, 1)")
    metrics = Metrics(path)
    new = Request("new", "go", "small", 7, 80.0, along=1, snippets=3, reused_tokens=90, ahead=1)
    metrics.request(new)
    assert metrics.requests() == [Request("old", "go", "index", 5, 9.0, at=1.0, accepted=1), new]
