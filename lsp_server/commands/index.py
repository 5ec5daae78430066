"""`bowerbird index`: index a folder and say what it cost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsp_server.commands.terminal import JsonFile, megabytes, write_json
from lsp_server.commands.workspace import open_index, update

if TYPE_CHECKING:
    from indexer.results import IndexStatus, UpdateReport


def index(
    path: Annotated[
        Path, typer.Argument(help="Folder of the code.", exists=True, file_okay=False)
    ] = Path(),
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Name the skipped files, with reasons.")
    ] = False,
    json: JsonFile = None,
) -> None:
    """Index the code in a folder. Only new and changed files are read."""
    from lsp_server.machine import describe, peak_memory

    with open_index(path) as workspace:
        report = update(workspace)
        status = workspace.status()
    figures = _figures(report, status) | {"peak_memory_bytes": peak_memory()}
    if report == type(report)():
        typer.echo("Nothing was read: another process, such as an editor's, keeps this index.")
    _show(figures)
    if verbose:
        for skipped in status.skipped:
            typer.echo(f"skipped {skipped.path}: {skipped.reason}")
    skipped_files = [{"path": each.path, "reason": each.reason} for each in status.skipped]
    write_json(
        json,
        {"path": path.resolve(), **figures, "skipped": skipped_files, "machine": describe()},
    )


def _figures(report: "UpdateReport", status: "IndexStatus") -> dict[str, Any]:
    return {
        "files_read": report.files_read,
        "files_unchanged": report.files_unchanged,
        "files_removed": report.files_removed,
        "files_skipped": len(status.skipped),
        "seconds": round(report.seconds, 3),
        "files_per_second": round(report.files_read / max(report.seconds, 1e-3), 1),
        "files": status.files,
        "snippets": status.snippets,
        "bytes_on_disk": status.bytes_on_disk,
        "languages": status.languages,
    }


def _show(figures: dict[str, Any]) -> None:
    unchanged, removed, skipped = (
        figures[f"files_{what}"] for what in ("unchanged", "removed", "skipped")
    )
    typer.echo(
        f"{figures['files_read']:,} files read in {figures['seconds']:.1f} s "
        f"({figures['files_per_second']:,.0f} files/s), {unchanged:,} unchanged, "
        f"{removed:,} removed, {skipped:,} skipped"
    )
    typer.echo(
        f"{figures['snippets']:,} snippets of {figures['files']:,} files, "
        f"{megabytes(figures['bytes_on_disk'])} on disk, "
        f"{megabytes(figures['peak_memory_bytes'])} of memory at the peak"
    )
