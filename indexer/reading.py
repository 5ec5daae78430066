"""Looks at a file of a workspace and says what the index has to know of it."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.catalogue import File, digest_of
from indexer.cells import parse_notebook
from indexer.languages import language_of
from indexer.lookup import PROSE
from indexer.notebooks import Malformed, is_notebook
from indexer.refusals import content_refusal
from indexer.snippets import Snippet, parse
from indexer.source import encodable
from indexer.walk import Skipped, Unreadable, read, read_unchecked, size_refusal


@dataclass(frozen=True)
class Reading:
    """What was found when a file was looked at."""

    file: File
    snippets: Sequence[Snippet] | None
    """`None` when the text is the same as before, though the file was written."""


def modified_of(status: os.stat_result) -> int:
    """When a file was modified, in nanoseconds as SQLite can hold them: clocks may be far off."""
    return min(status.st_mtime_ns, 2**63 - 1)


def read_file(root: Path, path: str, known: File | None) -> Reading:
    """What the file at `path`, relative to `root`, holds; `known` is what is known of it so far.

    Raises `FileNotFoundError` if it is gone.
    """
    status = (root / path).lstat()
    modified, size = modified_of(status), status.st_size
    try:
        text = read_unchecked(root / path) if is_notebook(path) else read(root / path)
    except Unreadable as reason:
        return left_out(Skipped(path, str(reason)), -1 if reason.passing else modified, size)
    digest = digest_of(text)
    if known and known.digest == digest:
        file = File(path, modified, size, digest, known.language, known.imports)
        return Reading(file, snippets=None)
    return _parsed(path, text, modified, size)


def read_text(path: str, text: str) -> Reading:
    """What the unsaved text of the file at `path` holds; the file is to be read again later."""
    text = encodable(text)
    reason = size_refusal(path, len(text))
    if not (reason or is_notebook(path)):
        reason = content_refusal(text)
    return left_out(Skipped(path, reason), -1) if reason else _parsed(path, text, -1, -1)


def left_out(skipped: Skipped, modified: int = 0, size: int = 0) -> Reading:
    """That a file is not to be found in the index."""
    return Reading(File(skipped.path, modified, size, skipped=skipped.reason), snippets=())


def _parsed(path: str, text: str, modified: int, size: int) -> Reading:
    digest = digest_of(text)
    if is_notebook(path):
        try:
            snippets = parse_notebook(text, path)
        except (Malformed, Unreadable) as reason:
            return Reading(File(path, modified, size, digest, skipped=str(reason)), snippets=())
        languages = Counter(each.language for each in snippets if each.language not in PROSE)
        name = max(languages, key=languages.__getitem__, default="text")
    else:
        language = language_of(path, text)
        snippets = parse(text, language, path)
        name = language.name if language else "text"
    imports = snippets[0].imports if snippets else ""
    return Reading(File(path, modified, size, digest, name, imports), snippets)
