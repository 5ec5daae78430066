"""What the user worked on last: the other documents that are open, and what was edited in each.

A second after the last key the index has all of it, too, but as some files among thousands.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath

from indexer.refusals import content_refusal, is_secret, name_refusal
from indexer.snippets import Snippet

DOCUMENTS = 4
"""How many of the open documents count, but for the one that is completed in."""

_SECONDS = 600  # for which an edit is recent

_EDITS = 8  # of a document
_JOINED = 3  # lines between two edits of one region, at most
_LONGEST = 40  # lines of a region
_AROUND = 3  # lines that are shown on each side of what was edited

_NEAR = 4_000  # characters of a document, on each side of where the user was last


@dataclass(frozen=True)
class Edit:
    """Lines that were edited, from 0."""

    first: int
    end: int
    """One past the last."""
    time: float
    """When, by time.monotonic()."""


@dataclass(frozen=True)
class OpenDocument:
    """A document that is open beside the one that is completed in."""

    path: str  # relative to the workspace, POSIX
    language: str
    text: str
    edits: tuple[Edit, ...] = ()  # newest first
    line: int = 0  # where the user was last


@dataclass(frozen=True)
class Recent:
    """What the user worked on last."""

    documents: tuple[OpenDocument, ...] = ()
    """The others that are open, the last used one first."""
    edits: tuple[Edit, ...] = ()
    """Of the document that is completed in, newest first."""

    @property
    def elsewhere(self) -> float:
        """When one of the others was edited last, by time.monotonic(); 0 if none was."""
        return max((each.edits[0].time for each in self.documents if each.edits), default=0.0)


NOTHING = Recent()


def edited(
    edits: Sequence[Edit], first: int, removed: int, added: int, now: float
) -> tuple[Edit, ...]:
    """The edits of a document after one more, newest first, with their lines as they are then.

    The new one takes the place of `removed` line ends, behind line `first`, by `added` ones.
    """
    last = first + removed
    new = Edit(first, first + added + 1, now)
    others = []
    for edit in edits:
        moved = _moved(edit, last, added - removed)
        if moved.first - new.end < _JOINED and new.first - moved.end < _JOINED:
            new = _joined(new, moved)
        else:
            others.append(moved)
    return (new, *others)[:_EDITS]


def _moved(edit: Edit, last: int, lines: int) -> Edit:
    """An edit as it stands once lines came or went at the line `last` or above it."""
    first = edit.first + lines if edit.first > last else edit.first
    end = edit.end + lines if edit.end > last else edit.end
    return replace(edit, first=max(0, first), end=max(first + 1, end))


def _joined(new: Edit, old: Edit) -> Edit:
    """One region of two; of one that would be too long, the lines that are nearest the new one."""
    first = max(min(new.first, old.first), new.end - _LONGEST)
    end = min(max(new.end, old.end), max(new.end, first + _LONGEST))
    return Edit(min(first, new.first), end, new.time)


def regions(document: OpenDocument) -> Iterator[Snippet]:
    """What was edited in a document, with a few lines around it, newest first."""
    since = time.monotonic() - _SECONDS
    edits = [edit for edit in document.edits if edit.time > since]
    lines = document.text.split("\n") if edits else []
    for edit in edits:
        first, end = max(0, edit.first - _AROUND), min(len(lines), edit.end + _AROUND)
        if first < end:
            start = sum(map(len, lines[:first])) + first
            yield _snippet(document, "\n".join(lines[first:end]), start, first)


def near(document: OpenDocument) -> str:
    """The part of a document in which the user was last, in whole lines."""
    text = document.text
    at = 0
    for _ in range(document.line):
        at = text.find("\n", at) + 1 or len(text)
    start = text.rfind("\n", 0, max(0, at - _NEAR)) + 1
    end = text.find("\n", min(len(text), at + _NEAR))
    return text[start:] if end < 0 else text[start:end]


@lru_cache(16)
def may_be_shown(path: str, text: str) -> bool:
    """Whether a model may see a text: no credential, nothing that was generated."""
    place = PurePosixPath(path)
    return not (is_secret(place) or name_refusal(place.name) or content_refusal(text))


def _snippet(document: OpenDocument, text: str, start: int, line: int) -> Snippet:
    return Snippet(
        path=document.path,
        language=document.language,
        kind="block",
        name="",
        signature="",
        docstring="",
        text=text,
        start=start,
        end=start + len(text),
        start_line=line,
        end_line=line + text.count("\n") + 1,
        name_line=line,
        name_column=0,
        imports="",
    )
