"""The configurations that `editors/README.md` shows, for tests that run them as they stand."""

import re
import shlex
from pathlib import Path

from editor import SERVER

README = Path(__file__).parents[2] / "editors" / "README.md"


def shown(heading: str, language: str) -> str:
    """The first block of code of a language under a heading."""
    section = README.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    block = re.search(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert block, f"{heading} has no {language}"
    return block[1]


def command(folder: Path) -> None:
    """Put the command `bowerbird` into a folder: this source tree's server, whatever is asked."""
    folder.mkdir()
    program = folder / "bowerbird"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(SERVER[:-1])} "$@"\n')
    program.chmod(0o755)
