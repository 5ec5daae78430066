"""`bowerbird report`: what stands on the page, and what must not."""

import re
from pathlib import Path

import pytest
from editor import Client, home_of, until
from typer.testing import CliRunner

from indexer.results import FileContents, IndexStatus
from lsp_server.cli import app
from lsp_server.metrics import Metrics, Request
from lsp_server.report import figures
from lsp_server.report.page import Model, render
from model.paths import home

DAY = 86_400.0
REQUESTS = [
    Request("a", "python", "small", 20, 100.0, snippets=2, read_tokens=30, at=DAY, accepted=1),
    Request("b", "python", "small", 19, 1.0, along=1, snippets=2, at=DAY),
    Request("c", "go", "small", 0, 300.0, read_tokens=20, reused_tokens=50, at=3.5 * DAY),
    Request("d", "go", "index", 9, 5.0, at=3.5 * DAY),
]


def page(contents: list[FileContents] | None = None, requests: list[Request] | None = None) -> str:
    status = IndexStatus(2, 12, 3_000_000, {"python": 1, "go": 1}, ())
    models = [Model("small", "Apache-2.0", "93 MB")]
    return render(Path("/home/me/shop"), status, contents or [], requests or [], models)


def test_it_shows_the_index_and_what_became_of_suggestions():
    contents = [FileContents("web/routes.py", "python", 10), FileContents("main.go", "go", 2)]
    text = page(contents, REQUESTS)
    for shown in ("python 10", "web 10", "12", "93 MB", "01-04", "the index alone", "100 ms"):
        assert shown in text, shown


def test_it_needs_nothing_from_elsewhere():
    text = page([FileContents("main.go", "go", 2)], REQUESTS)
    assert "<script" not in text
    without_comments = re.sub(r"<!--.*?-->", "", text)
    assert set(re.findall(r"https?://[^\s\"'<)]+", without_comments)) == {
        "http://www.w3.org/2000/svg"
    }
    assert re.findall(r"\s(?:src|href)=|@import|url\(", without_comments) == []


def test_names_are_not_taken_for_markup():
    text = page([FileContents("<b>bold</b>/main.go", "<i>go</i>", 2)])
    assert "<b>bold" not in text
    assert "<i>go" not in text


def test_without_a_suggestion_it_says_how_to_get_one():
    assert "None were asked for yet" in page()


def test_time_to_an_answer_leaves_out_what_took_no_model():
    found = figures.outcome("", REQUESTS)
    assert (found.requests, found.shown, found.accepted) == (4, 3, 1)
    assert found.median_ms == 100.0
    assert found.share == pytest.approx(1 / 3)


def test_the_shares_of_the_caches():
    assert figures.without_model(REQUESTS) == 0.25
    assert figures.from_cache(REQUESTS) == 0.5
    assert figures.from_cache([]) is figures.without_model([]) is None


def test_requests_are_grouped_by_where_the_answer_came_from():
    names = {figures.origin(request) for request in REQUESTS}
    assert names == {
        "the model, with snippets",
        "the suggestion before, typed along",
        "the model alone",
        "the index alone",
    }


def test_folders_are_told_apart_as_deep_as_it_takes():
    files = [FileContents(f"src/shop/part{number}/a.py", "python", 1) for number in range(6)]
    assert set(figures.by_folder(files)) == {f"src/shop/part{number}" for number in range(6)}
    assert figures.by_folder([FileContents("a.py", "python", 3)]) == {".": 3}


def test_the_command_writes_the_page_without_any_code(project: Path, tmp_path: Path):
    (project / ".env").write_text("TOKEN=secret-value\n")
    metrics = Metrics(home() / "metrics.sqlite3")
    for request in REQUESTS:
        metrics.request(request)
    metrics.close()
    output = tmp_path / "report.html"
    arguments = ["report", str(project), "--no-open", "--output", str(output)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert (result.exit_code, str(output) in result.stdout) == (0, True)
    text = output.read_text()
    assert "shop" in text
    assert "small" in text
    for secret in ("secret-value", ".env", "total_price", "credit card", "price_list"):
        assert secret not in text


def test_a_page_that_cannot_be_written_is_one_sentence(project: Path, tmp_path: Path):
    arguments = ["report", str(project), "--no-open", "--output", str(tmp_path / "no" / "page")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


async def test_the_server_notes_what_was_answered_without_the_model(client: Client):
    line = "amount = cart.total_"
    client.open("shop/new.py", line)
    assert await client.inline("shop/new.py", 0, len(line))
    client.change("shop/new.py", line + "p")
    assert await client.inline("shop/new.py", 0, len(line) + 1)
    log = Metrics(home_of(client.root) / "metrics.sqlite3")
    await until(lambda: len(log.requests()) == 2)
    first, second = log.requests()
    log.close()
    assert (first.along, first.snippets, first.model) == (0, 1, "index")
    assert second.along == 1
