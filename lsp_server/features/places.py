"""Where snippets stand, in the protocol's terms. Reads files: call it through `Session.ask`."""

from pathlib import Path

from lsprotocol.types import Location, Position, Range

from indexer.snippets import Snippet
from lsp_server.documents import units
from lsp_server.session import Session
from lsp_server.workspace import Folder


def location(session: Session, folder: Folder, snippet: Snippet) -> Location:
    """Where a snippet's name stands."""
    line = _line(session, folder.root / snippet.path, snippet.name_line)
    name = snippet.name.rpartition(".")[2]
    encoding = session.documents.encoding
    column = units(line[: snippet.name_column], encoding) if line else snippet.name_column
    start = Position(snippet.name_line, column)
    end = Position(snippet.name_line, column + units(name, encoding))
    return Location(folder.uri(snippet.path), Range(start, end))


def link(folder: Folder, path: str, line: int) -> str:
    """A Markdown link to a line, which is counted from zero."""
    return f"[{folder.shown(path)}:{line + 1}]({folder.uri(path)}#L{line + 1})"


def fence(code: str, language: str) -> str:
    """A Markdown code block, whatever backticks the code holds."""
    marks = "```"
    while marks in code:
        marks += "`"
    return f"{marks}{language}\n{code}\n{marks}"


def _line(session: Session, path: Path, number: int) -> str:
    """A line as the editor has it, or else as the file has it; "" when there is none."""
    for document in session.documents:
        if document.path == path:
            return document.line(number)
    try:
        lines = path.read_text(encoding="utf-8").split("\n", number + 1)
    except (OSError, ValueError):
        return ""
    return lines[number] if number < len(lines) else ""
