"""A secret in a workspace is nowhere: not in the index, a prompt, a log or a page."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from editor import connected, home_of, until
from secrets_in_files import CANARY, Secret, printed, secrets
from typer.testing import CliRunner

from indexer.index import WorkspaceIndex
from indexer.refusals import secret_in
from lsp_server.cli import app
from lsp_server.engine.engine import Engine
from lsp_server.engine.suggestion import CompletionRequest
from model.generate import Limits
from model.templates import Prompt

KINDS = [pytest.param(secret, id=secret.path) for secret in (*secrets(), printed())]
HARMLESS = '''def send_invoice(customer, amount):
    """Send an invoice, see the password in the settings."""
    return customer.send(amount)
'''


def fill(root: Path) -> None:
    """Write all secrets, and a harmless file."""
    for secret in (*secrets(), printed()):
        (root / secret.path).parent.mkdir(parents=True, exist_ok=True)
        (root / secret.path).write_text(secret.text)
    (root / "invoice.py").write_text(HARMLESS)


def leaks(data: bytes) -> bool:
    """Whether the canary stands in data, as it is, in base 64 or as the index spells words."""
    text = data.lower()
    spelled = (CANARY, base64.b64encode(CANARY.encode()).decode()[:-3], "Xq7Zp3", "Rt5Vb2N")
    return any(part.lower().encode() in text for part in spelled)


def everything_below(folder: Path) -> bytes:
    """All bytes of all files in a folder, and their names."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return b"\n".join(str(path).encode() + path.read_bytes() for path in files)


def test_the_index_holds_none(
    root: Path, tmp_path: Path, open_index: Callable[[Path], WorkspaceIndex]
):
    fill(root)
    index = open_index(tmp_path / "index")
    report = index.update()
    left_out = {each.path for each in report.skipped}
    assert {secret.path for secret in secrets() if "/" not in secret.path} <= left_out
    for secret in (*secrets(), printed()):
        index.update_text(secret.path, secret.text + "\n\n")  # as if it were edited
    assert index.definitions("send_invoice")
    assert index.usages("print_invoice"), "what printed a secret is code like any other"
    assert not leaks(everything_below(tmp_path / "index"))


class Recorder:
    """Stands in for a model, and keeps what it is shown."""

    name, infills, prefill_speed, longest_prompt = "recorder", True, 1e4, 2048

    def __init__(self) -> None:
        self.shown: list[Prompt] = []
        self.remembered: list[str] = []

    def read(self, prompt: Prompt, limits: Limits) -> bool:
        self.shown.append(prompt)
        return True

    def remember(self, text: str) -> None:
        self.remembered.append(text)


@pytest.mark.parametrize("secret", KINDS)
def test_the_model_is_shown_none(
    root: Path, tmp_path: Path, open_index: Callable[[Path], WorkspaceIndex], secret: Secret
):
    fill(root)
    index = open_index(tmp_path / "index")
    index.update()
    model = Recorder()
    engine = Engine([index], model)  # type: ignore[arg-type]
    harmless = CompletionRequest("new.py", "python", "def pay(customer):\n    ", 23)
    engine.read(harmless, lambda: False)
    assert model.shown, "a place without a secret is shown"
    for offset in (0, len(secret.text) // 2, len(secret.text)):
        engine.read(
            CompletionRequest(secret.path, secret.language, secret.text, offset), lambda: False
        )
    engine.warm_up(lambda: False)
    assert model.remembered
    assert not leaks(repr((model.shown, model.remembered)).encode())


async def test_the_servers_files_messages_and_page_hold_none(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    fill(root)
    async with connected(root) as client:
        for secret in (*secrets(), printed()):
            client.open(secret.path, secret.text, secret.language)
            await client.inline(secret.path, 0, 0)
            client.change(secret.path, secret.text + "\n")
        client.open("invoice.py")
        client.change("invoice.py", HARMLESS + "\n\ndef a_later_change(): pass\n")

        async def later_change_is_known() -> bool:
            return "a_later_change" in await client.symbols("a_later_change")

        await until(later_change_is_known)
        assert not leaks(repr([each.message for each in client.lsp.log_messages]).encode())
        assert not leaks(repr(await client.symbols(CANARY)).encode())
    home = home_of(root)
    assert (home / "metrics.sqlite3").stat().st_size, "what became of suggestions was noted"
    assert not leaks(everything_below(home))
    monkeypatch.setenv("BOWERBIRD_HOME", str(home))
    monkeypatch.chdir(root.parent)
    result = CliRunner().invoke(app, ["report", str(root), "--no-open"])
    assert result.exit_code == 0, result.output
    assert not leaks(result.output.encode() + everything_below(home))


@pytest.mark.parametrize(
    "text",
    [
        'password = os.environ["SHOP_PASSWORD"]',
        'token = "your-token-goes-here-please"',
        "api_key: ${API_KEY_OF_THE_SHOP}",
        "secret = get_secret_from_vault_v2(name)",
        'checksum = "9f86d081884c7d659a2feaa0c55ad015"',
        "postgres://user:password@localhost/shop",
        "Token::Chacha20Poly1305",
        "def test_token_is_refreshed_when_it_has_expired(client): pass",
    ],
)
def test_what_is_written_by_a_person_is_no_secret(text: str):
    assert secret_in(text) is None
