"""Which files may be trained on: permissive, ours to see, written by hand, and seen only once."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

LANGUAGES = {
    **dict.fromkeys((".py", ".pyi"), "python"),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx"), "javascript"),
    **dict.fromkeys((".ts", ".mts", ".cts"), "typescript"),
    ".tsx": "tsx",
    ".go": "go",
    ".java": "java",
    ".rs": "rust",
    **dict.fromkeys((".c", ".h"), "c"),
}
"""The languages that are trained on, by extension, under the names of the index."""

PERMISSIVE = {
    *("MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause"),
    *("ISC", "PSF-2.0", "Unlicense", "Zlib"),
}
"""Licences (SPDX) whose packages a recipe may name."""

LARGEST_FILE = 200_000
"""Bytes. Larger files are tables or bundles."""

_VENDORED = {"node_modules", "vendor", "vendored", "_vendor", "_vendored", "third_party"}
_VENDORED |= {"third-party", "thirdparty", "extern", "externals", "deps", "dist-info"}

_COPYLEFT = re.compile(
    r"GNU (?:Lesser |Library |Affero )?General Public|\bA?L?GPL|Mozilla Public License"
    r"|Eclipse Public License|Common Development and Distribution",
)
_GENERATED = re.compile(
    r"(?i)\bdo not (?:manually )?(?:edit|modify)\b|@generated\b|\bauto-?matically generated\b"
    r"|\bauto-?generated\b|\bgenerated (?:by|from|code)\b",
)
_GENERATED_NAME = re.compile(r"\.min\.|[._-]bundle\.|_pb2\w*\.py$|\.pb\.go$|zz_generated|bindata")
_HEADER = 2000  # characters in which a file says its licence and whether it is generated

_SECRETS = re.compile(
    "|".join(
        (
            r"-----BEGIN [A-Z ]*PRIVATE KEY",
            r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",  # Amazon
            r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{40}",
            r"\bglpat-[A-Za-z0-9_-]{20}",
            r"\bxox[abeoprs]-[A-Za-z0-9-]{10}",  # Slack
            r"\bAIza[0-9A-Za-z_-]{35}",  # Google
            r"\b[sr]k_live_[0-9a-zA-Z]{20}",  # Stripe
            r"\bsk-[A-Za-z0-9_-]{32}",  # OpenAI, Anthropic
            r"\b(?:npm|hf)_[A-Za-z0-9]{34}",
            r"\bpypi-AgEI[A-Za-z0-9_-]{20}",
            r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20}",  # JSON web tokens
        )
    )
)

# By its telling lines a file is known: shorter ones, comments and imports are common to much code.
_TELLING_LINE = 25
_FEWEST_LINES = 5
_NOT_TELLING = ("#", "//", "*", "/*", "import ", "from ", "use ", "package ")


def is_permissive(licence: str) -> bool:
    """Whether every choice that an SPDX expression such as `MIT OR Apache-2.0` leaves is open."""
    return all(choice in PERMISSIVE for choice in licence.split(" OR "))


def _words(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", name.lower()))


def reserved_names() -> frozenset[tuple[str, ...]]:
    """The names in `reserved.txt`, each as its words: `sqlite-utils` -> (sqlite, utils)."""
    lines = Path(__file__).with_name("reserved.txt").read_text(encoding="utf-8").splitlines()
    names = (line.partition("(")[0] for line in lines if not line.startswith("#"))
    return frozenset(words for words in map(_words, names) if words)


RESERVED = reserved_names()


def _without_version(words: tuple[str, ...]) -> tuple[str, ...]:
    while len(words) > 1 and words[-1].isdigit():
        words = words[:-1]
    return words


def is_reserved_package(name: str) -> bool:
    """Whether a package's name holds a reserved one, as `golang-github-spf13-cobra` does."""
    # Debian writes a library's name in one word: libokhttp-java.
    spellings = (_words(name), _words(name.removeprefix("lib")))
    return any(
        words[start : start + len(reserved)] == reserved
        for words in spellings
        for start in range(len(words))
        for reserved in RESERVED
    )


def is_reserved_path(path: str) -> bool:
    """Whether a folder or file stem, or two folders in a row, are a reserved name.

    Finds copies inside other packages: `_vendor/rich/text.py`, `node_modules/axios/index.js`,
    `github.com/spf13/cobra/command.go`, `com/fasterxml/jackson/databind/Module.java`.
    """
    folders = PurePosixPath(path).with_suffix("").parts
    parts = [_without_version(_words(part)) for part in folders]
    pairs = (first + second for first, second in zip(parts, parts[1:], strict=False))
    return any(words in RESERVED for words in (*parts, *pairs))


def has_secret(text: str) -> bool:
    """Whether a private key or a token of a well-known shape stands in the text."""
    return _SECRETS.search(text) is not None


def is_generated(path: str, text: str) -> bool:
    """Whether a program wrote the file: it says so, or its lines are too long for a person."""
    if _GENERATED_NAME.search(path) or _GENERATED.search(text, 0, _HEADER):
        return True
    lines = text.splitlines()
    return max(map(len, lines), default=0) > 1000 or len(text) > 100 * max(1, len(lines))


def refusal(path: str, text: str) -> str | None:
    """Why a file may not be trained on by itself, in one word; None if it may."""
    if is_reserved_path(path):
        return "reserved"
    if any(part.lower() in _VENDORED for part in PurePosixPath(path).parts[:-1]):
        return "vendored"
    if _COPYLEFT.search(text, 0, _HEADER):
        return "copyleft"
    if has_secret(text):
        return "secret"
    if is_generated(path, text):
        return "generated"
    if len(_line_hashes(text)) < _FEWEST_LINES:
        return "small"
    return None


class SeenLines:
    """The telling lines of all files so far, by which exact and near copies are known."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def add(self, text: str) -> None:
        """Remembers the lines of `text`."""
        self._hashes.update(_line_hashes(text))

    def share(self, text: str) -> float:
        """How much of `text` was seen before: 1 for a copy, and for text without telling lines."""
        hashes = _line_hashes(text)
        return len(hashes & self._hashes) / len(hashes) if hashes else 1.0


def _line_hashes(text: str) -> set[int]:
    lines: Iterable[str] = (line.strip() for line in text.splitlines())
    telling = (x for x in lines if len(x) >= _TELLING_LINE and not x.startswith(_NOT_TELLING))
    return {_hash(line) for line in telling}


def _hash(line: str) -> int:
    return int.from_bytes(hashlib.blake2b(line.encode(), digest_size=8).digest())
