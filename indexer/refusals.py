"""Why a file is left out of the index: by its name or by what it holds.

The rules stand in `refusals.toml`. Each answers with a reason that a user can read, or `None`.
"""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from fnmatch import translate
from pathlib import Path, PurePosixPath

import numpy as np

LONGEST_FILE = 512 * 1024
"""In bytes; what is larger is hardly ever written by hand."""

_RULES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)))


_LEFT_OUT_FOLDERS = _any_of(_RULES["left_out_folders"])
_SECRET_FOLDERS = _any_of(_RULES["secret_folders"])
_SECRET_FILES = _any_of(_RULES["secret_files"])
_SECRET_TEMPLATES = _any_of(_RULES["secret_templates"])
_SECRET_BY_NAME = "looks like a secret by its name"
_GENERATED_FILES = _any_of(_RULES["generated_files"])
_DATA_FILES = _any_of(f"*.{extension}" for extension in _RULES["data_extensions"])

# What is quoted, or stands behind `=`, `:`, `:=` or `=>`. Its name stands before it on the line.
# Code in a JSON file has its quotes escaped.
_VALUE = re.compile(
    r"""(?:(?<!:)[=:]>?\s{0,4}\\?["'`]?|[\s,(]\\?["'`])([\w+/=~!@#%^&*-]{16,200})"""
)
_SECRET_NAME = re.compile("|".join(_RULES["secret_names"]), re.IGNORECASE)
_NAME_WITHIN = 80  # characters
_IN_ADDRESS = re.compile(r"://[^\s/:@\"'<>]{1,64}:([^\s/:@\"'<>{}$]{10,100})@")
_HEXADECIMAL = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{7}|[A-Z]{9}")
_LEAST_ENTROPY = 3.5

_OPENING, _CLOSING = (np.frombuffer(each, np.uint8) for each in (b"([{", b")]}"))
_DEEPEST = 500

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


def is_secret(path: PurePosixPath) -> bool:
    """Whether a file looks like a secret by its name, or by that of a folder it lies in."""
    return any(_SECRET_FOLDERS.match(folder.lower()) for folder in path.parts[:-1]) or (
        name_refusal(path.name) == _SECRET_BY_NAME
    )


def name_refusal(name: str) -> str | None:
    """Why a file of this name is left out."""
    name = name.lower()
    if _SECRET_FILES.match(name) and not _SECRET_TEMPLATES.match(name):
        return _SECRET_BY_NAME
    if _DATA_FILES.match(name):
        return "a binary or data file by its name"
    if _GENERATED_FILES.match(name):
        return "generated, by its name"
    return None


def content_refusal(text: str) -> str | None:
    """Why a file that holds `text` is left out."""
    if reason := secret_refusal(text):
        return reason
    if _SAYS_GENERATED.search(text, 0, _SAYS_GENERATED_WITHIN):
        return "says that it is generated"
    if len(text) > _LONGEST_LINE:
        lines = text.split("\n")
        if len(text) > _LONGEST_MEAN_LINE * len(lines) or max(map(len, lines)) > _LONGEST_LINE:
            return "minified or generated, by its long lines"
        if _is_deep(text):
            return "generated, by its deep nesting"
    return None


def secret_refusal(text: str) -> str | None:
    """Why a file that holds `text` is left out, if it is for a credential."""
    secret = secret_in(text)
    return f"holds what looks like {secret}" if secret else None


def secret_in(text: str) -> str | None:
    """What kind of credential `text` seems to hold."""
    for secret in _RULES["secrets"]:
        if any(mark in text for mark in secret["marks"]) and re.search(secret["shape"], text):
            return str(secret["what"])
    if any(_is_random(found[1]) and _is_named(text, found) for found in _VALUE.finditer(text)):
        return "a password or token"
    if "://" in text and any(_is_random(found[1], 10) for found in _IN_ADDRESS.finditer(text)):
        return "a password in an address"
    return None


def _is_random(value: str, shortest: int = 16) -> bool:
    """Whether a text was drawn by chance rather than written: such are keys, not placeholders.

    A number in base 16, or upper and lower case and digits mixed as no words are.
    """
    if len(value) < shortest:
        return False
    if _HEXADECIMAL.fullmatch(value):
        return len(set(value)) > 8 and not value.isdigit()
    mixed = all(re.search(kind, value) for kind in ("[a-z]", "[A-Z]", "[0-9].*[0-9]"))
    return mixed and not _WORD.search(value) and _entropy(value) > _LEAST_ENTROPY


def _is_named(text: str, value: re.Match[str]) -> bool:
    """Whether the name of a value says that it is a credential, and not just the value itself."""
    if _SECRET_NAME.search(value[1]):
        return False
    start = max(text.rfind("\n", 0, value.start()) + 1, value.start() - _NAME_WITHIN)
    return bool(_SECRET_NAME.search(text, start, value.start()))


def _entropy(value: str) -> float:
    """In bits a character (Shannon)."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


def _is_deep(text: str) -> bool:
    """Whether brackets are nested deeper than people nest them; parsers take long over such."""
    code = np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
    opened = np.isin(code, _OPENING).astype(np.int32) - np.isin(code, _CLOSING)
    return bool(np.cumsum(opened).max() > _DEEPEST)
