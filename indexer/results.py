"""What the index answers with."""

from dataclasses import dataclass

from indexer.snippets import Snippet
from indexer.walk import Skipped


@dataclass(frozen=True)
class Hit:
    """A snippet that a search found."""

    snippet: Snippet
    score: float
    """Higher is better; only comparable within one search."""


@dataclass(frozen=True)
class Usage:
    """A place where a name is used."""

    path: str
    """Relative to the workspace, with forward slashes."""
    line: int
    """Zero-based."""
    column: int
    """In characters, zero-based."""
    text: str
    """The line."""
    within: str = ""
    """Qualified name of the definition or heading that it stands in, if any."""


@dataclass(frozen=True)
class UpdateReport:
    """What an update did."""

    files_read: int = 0
    files_unchanged: int = 0
    files_removed: int = 0
    snippets: int = 0
    """How many are new or have changed."""
    skipped: tuple[Skipped, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class IndexStatus:
    """What an index holds."""

    files: int
    snippets: int
    bytes_on_disk: int
    languages: dict[str, int]
    """How many files are written in each, most first."""
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class FileContents:
    """What the index holds of a file."""

    path: str
    """Relative to the workspace, with forward slashes."""
    language: str
    snippets: int
