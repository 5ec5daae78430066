"""What the README promises is what there is."""

import re
from pathlib import Path

from typer.main import get_command

from lsp_server.cli import app
from lsp_server.settings import table
from model.catalog import known_models

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_settings_are_all_there() -> None:
    assert table() in README


def test_the_commands_are_all_there() -> None:
    described = set(re.findall(r"^\| `bowerbird ([\w-]+)", README, re.MULTILINE))
    assert described == set(get_command(app).commands)  # type: ignore[attr-defined]


def test_the_models_are_all_there() -> None:
    assert all(f"`{name}`" in README for name in known_models())


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    (command,) = re.findall(r"&& \.venv/bin/(pytest.*)$", README, re.MULTILINE)
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
