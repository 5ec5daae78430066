"""Code that every user has, to calibrate and to measure on.

Python's own standard library and our own modules; for other languages the sources of our plugins
for editors, and numpy's in C.
"""

import random
import sysconfig
import zlib
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np

_LEAST_BYTES, _LEAST_OWN_BYTES = 8_000, 4_000
_LONGEST_TOKEN = 8  # characters, on average over a text
_OTHER_CODE = {"encodings", "test", "tests", "idlelib", "lib2to3", "site-packages", "pydoc_data"}

_OWN_PACKAGES = ("model", "indexer", "lsp_server")
_PLUGINS = {"typescript.ts": "vscode/src/*.ts", "lua.lua": "neovim/lua/*/*.lua"}

Use = Literal["calibration", "evaluation"]


def library_files(use: Use) -> list[Path]:
    """Modules of the standard library, sorted; a quarter, by their names, is for evaluation alone.

    Raises FileNotFoundError where Python came without its library's sources.
    """
    library = Path(sysconfig.get_path("stdlib"))
    found = []
    entries = [entry for entry in library.iterdir() if entry.name not in _OTHER_CODE]
    nested = (entry.rglob("*.py") for entry in entries if entry.is_dir())
    for path in sorted([*chain.from_iterable(nested), *library.glob("*.py")]):
        name = path.relative_to(library)
        if _OTHER_CODE.intersection(name.parts) or path.stat().st_size < _LEAST_BYTES:
            continue
        held_out = zlib.crc32(name.as_posix().encode()) % 4 == 0
        if held_out == (use == "evaluation"):
            found.append(path)
    if not found:
        raise FileNotFoundError(f"The standard library's sources are not in {library}.")
    return found


def own_modules() -> list[Path]:
    """Modules of this product, sorted: typed Python, as is written today."""
    root = Path(__file__).parents[2]
    found = chain.from_iterable((root / package).rglob("*.py") for package in _OWN_PACKAGES)
    return [path for path in sorted(found) if path.stat().st_size >= _LEAST_OWN_BYTES]


def c_sources() -> list[Path]:
    """Headers and other sources in C that every numpy has, sorted."""
    files = sorted(Path(np.get_include()).parents[1].rglob("*.[ch]"))
    by_hand = (
        file for file in files if not file.name.startswith("__") and "tests" not in file.parts
    )
    return [path for path in by_hand if path.stat().st_size >= _LEAST_BYTES]


def plugin_code() -> dict[str, str]:
    """The sources of our plugins by a name for each language, those of a language as one text.

    A wheel has them beside this module, a checkout in its folder `editors`. Raises
    FileNotFoundError where they are in neither.
    """
    here = Path(__file__).parent
    folder = next(filter(Path.is_dir, (here / "plugins", here.parents[1] / "editors")), here)
    found = {}
    for name, pattern in _PLUGINS.items():
        if not (files := sorted(folder.glob(pattern))):
            raise FileNotFoundError(f"There is no {pattern} in {folder}.")
        found[name] = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return found


def token_sequences(
    encode: Callable[[str], list[int]], use: Use, *, count: int, length: int
) -> list[list[int]]:
    """`count` sequences of `length` tokens, each from a place of its own, always the same ones."""
    chance = random.Random(1)
    files = library_files(use)
    chance.shuffle(files)
    sequences: list[list[int]] = []
    while len(sequences) < count:
        for file in files:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
            start = chance.randrange(len(lines) * 3 // 4)
            text = "".join(lines[start:])[: _LONGEST_TOKEN * length]
            tokens = encode(text)[:length]
            if len(tokens) == length and len(sequences) < count:
                sequences.append(tokens)
    return sequences
