"""What it brings to know which documents are open and what was just edited.

    python -m benchmarks.recent --model nestling --lines 40 --edits 4

Beside the lines of `benchmarks.completion`, with related files open: calls that are to be edited as
others were just before, to another name or with an argument more. The index has all edits in either
case. Each place is cold.
"""

import argparse
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby

from benchmarks.answers import WORK
from benchmarks.cases import draw
from benchmarks.completion import (
    CASES,
    PROMPT_TOKENS,
    SEED,
    TUNING_SEED,
    repositories,
    tuning_lines,
)
from benchmarks.likelihood import bits_of
from benchmarks.recent_tasks import (
    ARGUMENT,
    LINE,
    NAME,
    Task,
    repeated_edits,
    since,
    with_related_open,
)
from benchmarks.scores import Interval, interval, mean
from benchmarks.systems import open_index
from indexer.index import WorkspaceIndex
from lsp_server.engine.context import read_context
from lsp_server.engine.engine import Engine
from lsp_server.engine.recent import NOTHING, Recent
from model.language_model import LanguageModel, load_model


@dataclass(frozen=True)
class Outcome:
    """What the engine made of a task."""

    exact: float  # 1 if the line goes on as expected; behind an argument, it may be any way
    shown: float  # 1 if it was sure enough of that to show it
    bits: float  # of what was expected


def drawn(lines: int, edits: int, seed: int) -> Iterator[Task]:
    """So many lines, and so many calls of each kind of each repository."""
    if seed == TUNING_SEED:
        cases = tuning_lines(lines)
    else:
        cases = [case for case in draw(repositories(), CASES, seed) if not case.is_body][:lines]
    yield from map(with_related_open, cases)
    for root in repositories():
        yield from repeated_edits(root, edits, seed)


def ask(model: LanguageModel, tasks: Sequence[Task]) -> Iterator[tuple[Task, dict[bool, Outcome]]]:
    """What becomes of each task with what is recent and without."""
    for root, group in groupby(sorted(tasks, key=lambda task: task.root), lambda task: task.root):
        with closing(open_index(root, WORK / "indexes")) as index:
            for task in group:
                request, documents = task.request, task.request.recent.documents
                index.update_text(request.path, request.text)
                for document in documents if task.kind != LINE else ():
                    index.update_text(document.path, document.text)
                yield task, {knows: _outcome(model, index, task, knows) for knows in (False, True)}
                paths = [request.path, *(document.path for document in documents)]
                index.update_files([root / path for path in paths])


def _outcome(model: LanguageModel, index: WorkspaceIndex, task: Task, knows: bool) -> Outcome:
    recent: Recent = since(time.monotonic(), task.request.recent) if knows else NOTHING
    request = replace(task.request, recent=recent)
    engine = Engine((index,), model, prompt_tokens=PROMPT_TOKENS)
    model.decoder.clear()
    suggestion = engine.complete(request)
    context = read_context(request.path, request.language, request.text, request.offset)
    if context is None:
        raise ValueError(f"Nothing can be completed in {request.path} at {request.offset}.")
    prompt, _ = engine.composer.whole(replace(context, recent=recent), model)

    def is_right(text: str) -> float:
        line = text.split("\n")[0].rstrip()
        expected = task.expected.rstrip()
        return float(line.startswith(expected) if task.kind == ARGUMENT else line == expected)

    bits = bits_of(model, prompt, task.expected)
    return Outcome(is_right(suggestion.candidate), is_right(suggestion.text), bits)


def report(found: Sequence[tuple[Task, dict[bool, Outcome]]]) -> None:
    """Print shares and bits, and the differences with their intervals."""
    for kind in (LINE, NAME, ARGUMENT):
        some = [(task, outcomes) for task, outcomes in found if task.kind == kind]
        if not some:
            continue
        print(f"{kind}: {len(some)} places")
        length = sum(len(task.expected) for task, _ in some) / len(some)
        for name in ("exact", "shown", "bits"):
            size = length if name == "bits" else 1.0
            pairs = [
                [getattr(each[knows], name) / size for knows in (False, True)] for _, each in some
            ]
            without, with_it = (interval([[row[side]] for row in pairs], mean) for side in (0, 1))
            change = interval([[row[1] - row[0]] for row in pairs], mean)
            label = "bits/char" if name == "bits" else name
            print(f"  {label}: {_plain(without)}, with what is recent {_plain(with_it)};", end=" ")
            print(f"difference {_plain(change)}")


def _plain(figure: Interval | None) -> str:
    return f"{figure.value:+.3f} ({figure.low:+.3f} to {figure.high:+.3f})" if figure else "none"


def main() -> None:
    """Ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="nestling")
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--edits", type=int, default=4, help="calls of each kind and repository")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    logging.disable()  # the reasons of skipped files are not asked for here
    tasks = list(drawn(arguments.lines, arguments.edits, arguments.seed))
    report(list(ask(load_model(arguments.model, threads=arguments.threads), tasks)))


if __name__ == "__main__":
    main()
