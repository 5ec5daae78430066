"""`bowerbird complete`: the engine at one place, or at many for evaluation, without a server."""

import json as json_format
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsp_server.commands.terminal import fail
from lsp_server.commands.workspace import open_index, update

if TYPE_CHECKING:
    from indexer.index import WorkspaceIndex
    from lsp_server.engine.engine import Engine
    from lsp_server.engine.suggestion import Suggestion
    from model.language_model import LanguageModel


def complete(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE:COL", help="Both from 1.")] = "",
    workspace: Annotated[
        Path | None,
        typer.Option(help="Folder of the code. [default: that of the file's repository]"),
    ] = None,
    model: Annotated[
        str, typer.Option(help="An installed model, or `index` for none. [default: the best]")
    ] = "",
    batch: Annotated[
        Path | None, typer.Option(metavar="CASES.jsonl", help="Many places, one a line.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="OUT.jsonl", help="Where the batch's answers go.")
    ] = None,
) -> None:
    """Print what would be suggested at a place, and where that comes from.

    A batch has a JSON object a line: `id`, `path` in the workspace, `offset` in characters, and
    `delete`, how many characters after it are taken out as if not yet typed.
    """
    if (batch is None) == (not place):
        fail("Name one place as FILE:LINE:COL, or give --batch with --workspace and --out.")
    if batch is None:
        _complete_one(place, workspace, model)
    elif workspace is None or out is None:
        fail("A batch needs --workspace, the folder of the code, and --out, a file for answers.")
    else:
        _complete_batch(batch, workspace, model, out)


def _complete_one(place: str, workspace: Path | None, model: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from lsp_server.engine.engine import Engine

    path, line, column = _parse(place)
    text = _read(path)
    lines = text.split("\n")
    if not (1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1):
        fail(f"{path} has no line {line} with a column {column}.")
    offset = sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
    root = (workspace or _repository(path)).resolve()
    if not path.resolve().is_relative_to(root):
        fail(f"{path} is not in {root}: name its folder with --workspace.")
    with open_index(root) as index:
        update(index)
        case = (path.resolve().relative_to(root).as_posix(), text, offset)
        suggestion = _suggest(Engine([index], _load(model)), *case)
    console = Console(highlight=False)
    typed = lines[line - 1][: column - 1]
    console.print(Text(typed), Text(suggestion.text, style="bold green"), sep="")
    console.print(
        f"{suggestion.model}, {suggestion.latency_ms:.0f} ms, "
        f"confidence {suggestion.confidence:.2f}",
        style="dim",
    )
    for source in suggestion.sources:
        where = f"from {source.path}:{source.start_line + 1} {source.name}"
        console.print(Text(where, style="dim"))


def _complete_batch(batch: Path, workspace: Path, model: str, out: Path) -> None:
    """Answers the cases file by file, so that each file is indexed twice, not each case's.

    The index is shown each document as it is without the text taken out.
    """
    from lsp_server.engine.engine import Engine

    cases = list(_cases(batch))
    loaded = _load(model)
    root = workspace.resolve()
    with open_index(root) as index, out.open("w", encoding="utf-8") as answers:
        update(index)
        for path, group in groupby(sorted(cases, key=lambda case: case["path"]), _path):
            text = _read(root / path)
            for case in group:
                # A new engine for each: it must not remember what it found for the one before.
                answer = _answer(index, Engine([index], loaded), case, text)
                answers.write(json_format.dumps(answer) + "\n")
            index.update_files([root / path])


def _answer(
    index: "WorkspaceIndex", engine: "Engine", case: dict[str, Any], text: str
) -> dict[str, Any]:
    offset = case["offset"]
    shown = text[:offset] + text[offset + case["delete"] :]
    index.update_text(case["path"], shown)
    suggestion = _suggest(engine, case["path"], shown, offset)
    return {
        "id": case["id"],
        "text": suggestion.text,
        "candidate": suggestion.candidate,
        "confidence": round(suggestion.confidence, 4),
        "latency_ms": round(suggestion.latency_ms, 1),
        "sources": [asdict(source) for source in suggestion.sources],
    }


def _suggest(engine: "Engine", path: str, text: str, offset: int) -> "Suggestion":
    from indexer.languages import language_of
    from lsp_server.engine.suggestion import CompletionRequest

    language = language_of(path)
    name = language.name if language else "text"
    return engine.complete(CompletionRequest(path, name, text, offset))


def _load(name: str) -> "LanguageModel | None":
    from lsp_server.commands.model import chosen_model
    from model.language_model import ModelError, load_model

    name = chosen_model(name)
    try:
        return None if name == "index" else load_model(name)
    except ModelError as error:
        fail(str(error))


def _cases(batch: Path) -> Iterator[dict[str, Any]]:
    needed = {"id", "path", "offset", "delete"}
    for number, line in enumerate(_read(batch).splitlines(), start=1):
        try:
            case = json_format.loads(line)
            if missing := needed - case.keys():
                fail(f"Line {number} of {batch} lacks {', '.join(sorted(missing))}.")
        except (ValueError, AttributeError):
            fail(f"Line {number} of {batch} is not a JSON object.")
        yield case


def _path(case: dict[str, Any]) -> str:
    return str(case["path"])


def _parse(place: str) -> tuple[Path, int, int]:
    path, line, column = (place.rsplit(":", 2) + ["", ""])[:3]
    if not (line.isdecimal() and column.isdecimal()):
        fail(f"{place!r} is no place: write it as FILE:LINE:COL, such as app.py:12:9.")
    return Path(path), int(line), int(column)


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path} cannot be read: {error}.")


def _repository(path: Path) -> Path:
    """The folder above a file that version control knows as one, else the file's own."""
    folders = path.resolve().parents
    return next((folder for folder in folders if (folder / ".git").exists()), folders[0])
