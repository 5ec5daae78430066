"""`bowerbird complete` and `bowerbird demo`, as a user runs them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lsp_server.cli import app

LEDGER = """class Ledger:
    def post_entry(self, account, amount):
        self.entries.append((account, amount))

    def balance_of(self, account):
        return sum(amount for owner, amount in self.entries if owner == account)
"""

REPORT = """from ledger import Ledger


def show_balance(ledger, account):
    balance = sum(amount for owner, amount in self.entries if owner == account)
    print(balance)
"""


@pytest.fixture
def books(tmp_path: Path) -> Path:
    root = tmp_path / "books"
    root.mkdir()
    (root / "ledger.py").write_text(LEDGER)
    (root / "report.py").write_text(REPORT)
    return root


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_a_place_is_completed_from_the_index(books: Path) -> None:
    cut = REPORT.replace(" in self.entries if owner == account)", "")
    (books / "report.py").write_text(cut)
    code, output = run(
        *("complete", f"{books / 'report.py'}:5:43", "--workspace", books, "--model", "index")
    )
    assert code == 0
    assert " in self.entries if owner == account" in output
    assert "from ledger.py:5 Ledger.balance_of" in output


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("report.py", "write it as FILE:LINE:COL"),
        ("report.py:500:1", "has no line 500"),
        ("missing.py:1:1", "cannot be read"),
    ],
)
def test_a_wrong_place_is_said_in_a_sentence(books: Path, place: str, sentence: str) -> None:
    code, output = run("complete", books / place, "--workspace", books, "--model", "index")
    assert code == 1
    assert sentence in output


def test_a_batch_never_sees_what_is_taken_out(books: Path, tmp_path: Path) -> None:
    """The line stands in one file only once it is taken out of the other."""
    (books / "ledger.py").unlink()
    start = REPORT.index("amount for owner")
    rest = REPORT[start : REPORT.index("\n", start)]
    cases = tmp_path / "cases.jsonl"
    cases.write_text(
        json.dumps({"id": "a", "path": "report.py", "offset": start, "delete": len(rest)}) + "\n"
    )
    out = tmp_path / "out.jsonl"
    code, output = run(
        *("complete", "--batch", cases, "--workspace", books, "--model", "index", "--out", out)
    )
    assert code == 0, output
    (answer,) = map(json.loads, out.read_text().splitlines())
    assert answer["id"] == "a"
    assert rest not in answer["candidate"]
    assert set(answer) == {"id", "text", "candidate", "confidence", "latency_ms", "sources"}


def test_after_a_batch_the_index_holds_the_files_again(books: Path, tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "out.jsonl"
    cases.write_text(json.dumps({"id": 1, "path": "report.py", "offset": 0, "delete": 200}))
    run("complete", "--batch", cases, "--workspace", books, "--model", "index", "--out", out)
    code, output = run("search", "show_balance", "--path", books)
    assert code == 0
    assert "show_balance" in output


def test_a_damaged_batch_is_said_in_a_sentence(books: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text('{"id": 1}\n')
    code, output = run(
        *("complete", "--batch", cases, "--workspace", books, "--out", tmp_path / "out.jsonl")
    )
    assert code == 1
    assert "lacks delete, offset, path" in output


def test_the_demo_shows_suggestions_and_their_sources(
    books: Path, tmp_path: Path, small_model: Path
) -> None:
    figures = tmp_path / "demo.json"
    code, output = run(
        "demo", books, "--places", "2", "--model", small_model.name, "--json", figures
    )
    assert code == 0, output
    assert "report.py:" in output or "ledger.py:" in output
    assert f"bowerbird demo, {small_model.name}" in output
    results = json.loads(figures.read_text())
    assert results["places"] == 2
    assert results["model"] == small_model.name
    assert all(len(visit["keys_ms"]) == 3 for visit in results["visits"])


def test_the_demo_works_without_a_model(books: Path) -> None:
    code, output = run("demo", books, "--places", "1", "--model", "index")
    assert code == 0, output
    assert "bowerbird demo, index" in output
