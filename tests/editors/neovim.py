"""A real Neovim without a terminal: it draws for an attached user interface, read here."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pynvim
from screen import Screen

PLUGIN = Path(__file__).parents[2] / "editors" / "neovim"
SERVER = [sys.executable, "-c", "from lsp_server.cli import main; main()", "serve"]


def executable() -> str | None:
    """Neovim's program: the one that TEST_NEOVIM names, the wheel's, or the system's."""
    if named := os.environ.get("TEST_NEOVIM"):
        return named
    beside = Path(sys.executable).parent / "nvim"
    return str(beside) if beside.exists() else shutil.which("nvim")


class Neovim:
    """What the tests do with Neovim, in few words."""

    def __init__(self, nvim: pynvim.Nvim):
        self.api = nvim
        self._screen = Screen()

    def lua(self, code: str, *arguments: Any) -> Any:
        """Run Lua, which sees the arguments as `...`."""
        return self.api.exec_lua(code, *arguments)

    def setup(self, options: dict[str, Any] | None = None) -> None:
        """Set the plugin up with the server of this source tree."""
        self.lua("require('bowerbird').setup(...)", {"cmd": SERVER} | (options or {}))

    def edit(self, path: Path, line: int = 1, seconds: float = 30.0) -> None:
        """Open a file with the cursor on a line, and wait until the server serves it."""
        self.api.command(f"edit +{line} {path}")
        self.until(self._is_ready, "the workspace is indexed, the model loaded", seconds)

    def type(self, keys: str) -> None:
        """Press keys; those with names are written like `<Esc>`."""
        self.api.input(keys)

    def rows(self) -> list[str]:
        """What stands on the screen."""
        return self.screen().rows()

    def _is_ready(self) -> bool:
        status = self.status
        return status.get("state") == "ready" and status["indexedFiles"] > 0

    @property
    def text(self) -> str:
        """What stands in the buffer."""
        return "\n".join(self.api.current.buffer[:])

    @property
    def status(self) -> dict[str, Any]:
        """What the server last said of itself."""
        return self.lua("return require('bowerbird.server').reported()") or {}

    def until(self, true: Callable[[], object], what: str, seconds: float = 30.0) -> None:
        """Wait until something is true; fails with the screen when it takes too long."""
        ends = time.monotonic() + seconds
        while not true():
            screen = "\n".join(self.rows())
            messages = self.api.command_output("messages")
            assert time.monotonic() < ends, f"Not so: {what}\n{self.status}\n{screen}\n{messages}"
            time.sleep(0.02)

    def until_on_screen(self, text: str) -> None:
        """Wait until a text stands in one line of the screen."""
        self.until(lambda: any(text in row for row in self.rows()), f"{text!r} on the screen")

    def screen(self) -> Screen:
        """The screen as it is now."""
        self.api.command("redraw")
        self.api.exec_lua("vim.rpcnotify(...)", self.api.channel_id, "drawn")
        while (message := self.api.next_message())[1] != "drawn":
            if message[1] == "redraw":
                self._screen.draw(message[2])
        return self._screen


@contextmanager
def started(
    folder: Path, environment: dict[str, str], columns: int = 80, rows: int = 24
) -> Iterator[Neovim]:
    """Neovim in a folder, with the plugin and nothing else of its user's, as if just installed."""
    program = executable()
    assert program, "Neovim is not installed"
    own = {
        "XDG_STATE_HOME": str(folder.parent / "state"),
        "XDG_DATA_HOME": str(folder.parent / "data"),
    }
    # A long message must not wait for a key that nobody presses. Neovim 0.10 only waits for longer
    # ones where there is more room for them.
    quiet = (
        "if has('nvim-0.11') | set messagesopt=wait:0,history:500 | else | set cmdheight=8 | endif"
    )
    options = f"set runtimepath^={PLUGIN} shortmess+=F | {quiet}"
    command = [program, "--embed", "--clean", "-n", "--cmd", options]
    changed = {**environment, **own}
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(changed)
    try:
        nvim = pynvim.attach("child", argv=command)
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        nvim.ui_attach(columns, rows, rgb=True, ext_linegrid=True)
        nvim.command(f"cd {folder}")
        yield Neovim(nvim)
        nvim.command("silent! lua vim.lsp.stop_client(vim.lsp.get_clients())")
    finally:
        nvim.close()
