"""Types real functions again, key by key, into the real server and into llama.cpp's beside it.

    python -m benchmarks.typing --model qwen2.5-coder-0.5b \\
        --llama-server PATH/llama-server --gguf PATH/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf

The repositories come from the package indexes, the model must be installed. Nothing else may run
on the machine meanwhile. Typing 2,000 keys takes some five minutes for each of the two.
"""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.functions import Function, draw_functions
from benchmarks.llama_typist import llama
from benchmarks.llama_vim import PeerError
from benchmarks.replay import Ask, User
from benchmarks.script import Key, keys_of
from benchmarks.sources import CLICK, STARLETTE, source
from benchmarks.typing_figures import Record, figures
from benchmarks.typing_report import draw, show
from benchmarks.typists import Editor, bowerbird
from benchmarks.usage import Usage, cpu_seconds, watched
from lsp_server.commands.model_charts import ChartError, require
from lsp_server.commands.terminal import JsonFile, fail, progress_bar, write_json
from lsp_server.machine import describe
from model.catalog import DEFAULT_MODEL
from model.providers import physical_cores

REPOSITORIES = (STARLETTE, CLICK, "zod@4.6.7")

_SETTLE = 1.0  # seconds after a function in which work that it caused still counts
_UNTIL_IDLE, _IDLE = 10, 60  # seconds


@dataclass
class _Work:
    """What one system has done so far."""

    asks: list[Ask] = field(default_factory=list)
    taken: int = 0
    usage: Usage = field(default_factory=Usage)
    written: Counter[str] = field(default_factory=Counter)
    idle: float | None = None  # seconds of processor time in a minute without input


@dataclass(frozen=True)
class _Task:
    """A function to be typed, by so many of its keys."""

    function: Function
    keys: list[Key]


def main(
    model: Annotated[str, typer.Option(help="An installed model.")] = DEFAULT_MODEL,
    keystrokes: Annotated[int, typer.Option(min=1, help="Keys to type, in all.")] = 2000,
    seed: Annotated[int, typer.Option(help="Chooses functions, pauses and detours.")] = 0,
    accept: Annotated[
        float, typer.Option(min=0, max=1, help="How likely a right suggestion is taken.")
    ] = 1.0,
    patient: Annotated[
        bool, typer.Option("--patient", help="The user types on only after an answer.")
    ] = False,
    repositories: Annotated[
        list[str] | None, typer.Option(help="Pins as in sources.py. [default: three]")
    ] = None,
    threads: Annotated[int, typer.Option(help="Of the model; 0: one a core.", min=0)] = 0,
    llama_server: Annotated[Path | None, typer.Option(help="llama.cpp's server.")] = None,
    gguf: Annotated[Path | None, typer.Option(help="The model's weights for it.")] = None,
    ring: Annotated[bool, typer.Option(help="Send it chunks of other files.")] = True,
    idle: Annotated[bool, typer.Option(help="Also measure a minute without input.")] = False,
    json: JsonFile = None,
    plot: Annotated[Path | None, typer.Option(help="Write a PNG.")] = None,
) -> None:
    """Types the same functions into each system in turn and prints a table."""
    if bool(llama_server) != bool(gguf):
        fail("--llama-server and --gguf are needed together: name both or none.")
    try:
        if plot:
            require(plot)
        peer = (llama_server, gguf) if llama_server and gguf else None
        options = _Options(
            model, keystrokes, seed, accept, patient, threads or physical_cores(), peer, ring, idle
        )
        pins = repositories or REPOSITORIES
        work = asyncio.run(_run(options, [source(pin) for pin in pins]))
    except (ChartError, PeerError) as error:
        fail(str(error))
    records = {
        name: Record(tuple(it.asks), it.taken, it.usage, it.written) for name, it in work.items()
    }
    results = {
        name: {**figures(record), "idle_cpu_seconds": work[name].idle}
        for name, record in records.items()
    }
    show(results)
    if plot:
        draw(records, plot)
    about = {"model": model, "seed": seed, "accept": accept, "patient": patient}
    about["ring"] = ring
    about["threads"] = options.threads
    write_json(json, {**about, "repositories": pins, "systems": results, "machine": describe()})


@dataclass(frozen=True)
class _Options:
    model: str
    keystrokes: int
    seed: int
    accept: float
    patient: bool
    threads: int
    peer: tuple[Path, Path] | None  # llama.cpp's server and its weights
    ring: bool  # whether it is sent chunks of other files
    idle: bool


async def _run(options: _Options, roots: Sequence[Path]) -> dict[str, _Work]:
    work: dict[str, _Work] = {}
    async with AsyncExitStack() as stack:
        editors: list[Editor] = []
        if options.peer:
            peer = llama(*options.peer, options.threads, has_ring=options.ring)
            editors.append(await stack.enter_async_context(peer))
        for number, root in enumerate(roots):
            share = options.keystrokes * (number + 1) // len(roots)
            share -= options.keystrokes * number // len(roots)
            with _workspace(root, options.seed, share) as (tasks, others):
                async with _ours(options, tasks[0].function.root) as ours:
                    await _type(options, [ours, *editors], tasks, others, work)
                    if options.idle and root is roots[-1]:
                        await _rest([ours, *editors], work)
    return work


@contextmanager
def _workspace(root: Path, seed: int, keys: int) -> Iterator[tuple[list[_Task], list[Function]]]:
    """A copy of a repository without the functions that are to be typed; and other functions."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / root.name
        shutil.copytree(root, copy)
        drawn = [replace(function, root=copy) for function in draw_functions(root, seed)]
        tasks = []
        while keys > 0 and drawn:
            function = drawn.pop(0)
            script = keys_of(function.expected, function.name, seed)[:keys]
            (copy / function.path).write_text(function.document, encoding="utf-8")
            tasks.append(_Task(function, script))
            keys -= len(script)
        yield tasks, drawn


@asynccontextmanager
async def _ours(options: _Options, workspace: Path) -> AsyncIterator[Editor]:
    settings = {"model": {"name": options.model, "threads": options.threads}}
    with tempfile.TemporaryDirectory() as home, progress_bar() as progress:
        async with bowerbird(workspace, settings, Path(home), progress) as editor:
            yield editor


async def _type(
    options: _Options,
    editors: Sequence[Editor],
    tasks: Sequence[_Task],
    others: Sequence[Function],
    work: dict[str, _Work],
) -> None:
    """Each function goes to every system before the next one, so that all get the same machine."""
    before = [await editor.written() for editor in editors]
    users = [User(editor, options.seed, options.accept, options.patient) for editor in editors]
    for task in tasks:
        for editor, user in zip(editors, users, strict=True):
            usage = work.setdefault(editor.name, _Work()).usage
            await editor.prepare(task.function)
            async with watched(editor.process, usage):
                await user.type(task.function, task.keys, others)
                await asyncio.sleep(_SETTLE)
    for editor, user, start in zip(editors, users, before, strict=True):
        done = work[editor.name]
        done.asks += user.asks
        done.taken += user.taken
        done.written += await editor.written() - start


async def _rest(editors: Sequence[Editor], work: dict[str, _Work]) -> None:
    """Measures what the servers do while nobody types."""
    await asyncio.sleep(_UNTIL_IDLE)
    before = [cpu_seconds(editor.process) for editor in editors]
    await asyncio.sleep(_IDLE)
    for editor, seconds in zip(editors, before, strict=True):
        work[editor.name].idle = cpu_seconds(editor.process) - seconds


if __name__ == "__main__":
    typer.run(main)
