"""Makes `docs/neovim.svg`: the screen of a real Neovim with a suggestion of an installed model.

python tests/editors/picture.py MODEL FILE
"""

import io
import os
import sys
import tempfile
from pathlib import Path

from neovim import started
from rich.console import Console

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "lsp_server")]

from editor import write_project  # noqa: E402

from lsp_server.demo.show import save_picture  # noqa: E402

COLUMNS, ROWS = 76, 20
TYPED = (
    'Gzzo<CR><CR>def pay_in_cash(cart, price_list):<CR>"""Take coins and notes."""<CR>amount = ca'
)
SUGGESTED = "amount = cart.total_price(price_list)"


def main(model: str, path: Path) -> None:
    """Type a function's head, and keep the screen once its body is suggested."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder))
        environment = {**os.environ, "BOWERBIRD_HOME": folder + "/home"}
        with started(project, environment, COLUMNS, ROWS) as neovim:
            neovim.api.command("set noruler noshowcmd number")
            neovim.api.command(f'let &statusline = " %t %m%=bowerbird {model} "')
            neovim.setup({"settings": {"model": {"name": model}, "completion": {"deadline_ms": 0}}})
            neovim.edit(project / "shop/checkout.py", seconds=120)
            neovim.until(lambda: neovim.status["model"] == model, "the model is loaded", 120)
            neovim.type(TYPED)
            neovim.until(lambda: "".join(neovim.rows()).count(SUGGESTED) == 2, "it suggests", 120)
            console = Console(record=True, width=COLUMNS, file=io.StringIO())
            console.print(neovim.screen().picture())
            save_picture(console, path, "nvim shop/checkout.py")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
