"""A real Helix in a terminal, configured as `editors/README.md` says."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import readme
from editor import environment, write_project

HELIX = shutil.which("hx") or shutil.which("helix")

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(HELIX is None, reason="there is no Helix (`hx`)"),
    pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux to run Helix in"),
]


class Terminal:
    """A tmux of its own, with one window."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *words: str, **options: Any) -> str:
        """Run one of tmux's commands; what it printed."""
        command = ["tmux", "-S", str(self._socket), "-f", "/dev/null", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout

    def type(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self.tmux("send-keys", *keys)

    def write(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def until(self, text: str, *ask: str, seconds: float = 90.0) -> str:
        """Wait until a text is on the screen, and press keys that ask for it; the screen."""
        ends = time.monotonic() + seconds
        while text not in (screen := self.tmux("capture-pane", "-p")):
            assert time.monotonic() < ends, f"Not on the screen: {text}\n{screen}"
            if ask:
                self.type(*ask)
            time.sleep(1.0 if ask else 0.05)
        return screen


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    root = write_project(tmp_path)
    readme.command(tmp_path / "bin")
    configuration = tmp_path / "config" / "helix"
    configuration.mkdir(parents=True)
    (configuration / "languages.toml").write_text(readme.shown("Helix", "toml"))
    variables = environment(root) | {
        "BOWERBIRD_MODEL_NAME": "index",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "TERM": "xterm-256color",
    }
    variables["PATH"] = f"{tmp_path / 'bin'}:{variables['PATH']}"
    (root / "shop/new.py").write_text("amount = \n")
    terminal = Terminal(tmp_path / "tmux")
    size = ("-x", "110", "-y", "30")
    terminal.tmux("new-session", "-d", *size, str(HELIX), "shop/new.py", cwd=root, env=variables)
    yield terminal
    terminal.tmux("kill-server")


def test_the_suggestion_is_the_first_of_the_list_and_hover_tells_of_it(terminal: Terminal):
    terminal.until("shop/new.py")
    terminal.type("A")
    terminal.write("cart.total_")
    screen = terminal.until("total_price(price_list)", "C-x")  # once the server has the files
    assert screen.index("total_price(price_list)") < screen.index("total_price ")
    terminal.type("Tab", "Enter", "Escape")
    terminal.until("amount = cart.total_price(price_list)")
    terminal.type("g", "h", "f", "_")
    terminal.until("discounts left out", "Space", "k")
