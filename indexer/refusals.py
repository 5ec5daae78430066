"""Why a file is left out of the index: by its name or by what it holds.

The rules stand in `refusals.toml`. Each answers with a reason that a user can read, or `None`.
"""

import re
import tomllib
from collections.abc import Iterable
from fnmatch import translate
from pathlib import Path

LONGEST_FILE = 512 * 1024
"""In bytes; what is larger is hardly ever written by hand."""

_RULES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)))


_LEFT_OUT_FOLDERS = _any_of(_RULES["left_out_folders"])
_SECRET_FOLDERS = _any_of(_RULES["secret_folders"])
_SECRET_FILES = _any_of(_RULES["secret_files"])
_SECRET_TEMPLATES = _any_of(_RULES["secret_templates"])
_GENERATED_FILES = _any_of(_RULES["generated_files"])
_DATA_FILES = _any_of(f"*.{extension}" for extension in _RULES["data_extensions"])

_SAYS_GENERATED = re.compile(
    r"@generated\b|\b(?:auto-?|automatically |code )generated\b.{0,200}\bdo not (?:edit|modify)",
    re.IGNORECASE | re.DOTALL,
)
_SAYS_GENERATED_WITHIN = 1_000
_LONGEST_LINE = 5_000
_LONGEST_MEAN_LINE = 300


def folder_refusal(name: str) -> str | None:
    """Why a folder of this name is left out."""
    name = name.lower()
    if _SECRET_FOLDERS.match(name):
        return "a folder for credentials"
    if _LEFT_OUT_FOLDERS.match(name):
        return "a folder of dependencies, caches or history"
    return None


def name_refusal(name: str) -> str | None:
    """Why a file of this name is left out."""
    name = name.lower()
    if _SECRET_FILES.match(name) and not _SECRET_TEMPLATES.match(name):
        return "looks like a secret by its name"
    if _DATA_FILES.match(name):
        return "a binary or data file by its name"
    if _GENERATED_FILES.match(name):
        return "generated, by its name"
    return None


def content_refusal(text: str) -> str | None:
    """Why a file that holds `text` is left out."""
    for secret in _RULES["secrets"]:
        if any(mark in text for mark in secret["marks"]) and re.search(secret["shape"], text):
            return f"holds what looks like {secret['what']}"
    if _SAYS_GENERATED.search(text, 0, _SAYS_GENERATED_WITHIN):
        return "says that it is generated"
    if len(text) > _LONGEST_LINE:
        lines = text.split("\n")
        if len(text) > _LONGEST_MEAN_LINE * len(lines) or max(map(len, lines)) > _LONGEST_LINE:
            return "minified or generated, by its long lines"
    return None
