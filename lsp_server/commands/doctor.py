"""`bowerbird doctor`: what works on this machine, how fast, and what to do about the rest."""

from dataclasses import asdict

import typer

from lsp_server.commands.terminal import JsonFile, write_json

MARKS = {"good": "[green]ok     [/green]", "missing": "[yellow]missing[/yellow]"}
BROKEN = "[red]broken [/red]"


def doctor(json: JsonFile = None) -> None:
    """Examine this machine: providers, models and their speed, indexes, and what is missing."""
    from rich.console import Console
    from rich.markup import escape

    from lsp_server.doctor import examine
    from lsp_server.machine import describe

    console = Console()
    findings = []
    for finding in examine():
        findings.append(finding)
        mark = MARKS.get(finding.state, BROKEN)
        console.print(f"{mark} {finding.topic:<10} {escape(finding.text)}", soft_wrap=True)
        if finding.advice:
            console.print(f"{'':19}{escape(finding.advice)}", style="dim", soft_wrap=True)
    write_json(json, {"findings": [asdict(each) for each in findings], "machine": describe()})
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)
