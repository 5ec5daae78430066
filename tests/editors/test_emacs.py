"""Eglot in a real Emacs, configured as `editors/README.md` says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import readme
from editor import environment, write_project

EMACS = shutil.which("emacs")
LIBRARIES = "(progn (package-initialize) (require 'eglot))"  # Debian's are packages


def has_eglot() -> bool:
    command = [str(EMACS), "--batch", "--eval", LIBRARIES]
    return EMACS is not None and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.timeout(300)
def test_eglot_completes_and_hovers(tmp_path: Path):
    if not has_eglot():
        pytest.skip("there is no Emacs with Eglot: apt-get install emacs-nox elpa-eglot")
    root = write_project(tmp_path)
    (root / "bowerbird.toml").touch()
    readme.command(tmp_path / "bin")
    variables = environment(root) | {"BOWERBIRD_MODEL_NAME": "index", "HOME": str(tmp_path)}
    variables["PATH"] = f"{tmp_path / 'bin'}:{variables['PATH']}"
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)  # Eglot asks for a project
    configuration = tmp_path / "init.el"
    configuration.write_text(readme.shown("Emacs", "elisp"))
    script = Path(__file__).parent / "eglot.el"
    done = subprocess.run(
        [str(EMACS), "--batch", "--eval", LIBRARIES, "-l", str(configuration), "-l", str(script)],
        cwd=root,
        env=variables,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    candidates = re.findall(r"^candidate: (.*)$", done.stdout, re.MULTILINE)
    assert candidates == ["total_price(price_list)", "total_price"]  # the suggestion comes first
    assert "discounts left out" in done.stdout
