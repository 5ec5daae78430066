"""How much more probable what the workspace says makes the rest of a line of prose.

    python -m benchmarks.prose --root PATH [--root PATH]... --places 24

Lines of documents, comments and docstrings are cut at a random space. What is compared are the bits
of their rest, with the true text before, under a prompt without passages and under those with
passages that are at least so much like the place (`lsp_server/engine/retrieval.py`).
"""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.likelihood import bits_of
from indexer.index import WorkspaceIndex
from indexer.languages import language_of
from indexer.lookup import PROSE
from indexer.walk import Unreadable, read, walk
from lsp_server.engine.context import Context, read_context
from lsp_server.engine.prompt import build_prompt, surroundings
from lsp_server.engine.retrieval import Retriever
from model.embed import Embedder, load_embedder
from model.language_model import LanguageModel, load_model

LEAST_LIKE = (None, 0.0, 0.25, 0.35, 0.5)
"""None: no passages."""

_BUDGET = 1_500  # characters of a prompt
_SHORTEST, _LONGEST = 1_500, 60_000  # characters of a file
_LINE = re.compile(r"^(?!\s*(?:[-*|`<\[]|\d)).{50,}$", re.MULTILINE)
_IN_CODE = re.compile(r"^\s*(?:#|//|\*|[A-Z`][\w` ]+ [a-z]).{40,}$", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """Where a line was cut, and what stood there."""

    context: Context
    rest: str
    in_document: bool


def places(root: Path, most: int, chance: Random) -> Iterator[Place]:
    """So many places in documents, and so many in comments and docstrings of code."""
    left = {True: most, False: most}
    files = [path for path in walk(root) if isinstance(path, Path)]
    chance.shuffle(files)
    for path in files * 2:
        language = language_of(path)
        if language is None or not left[is_document := language.name in PROSE]:
            continue
        try:
            text = read(path)
        except Unreadable:
            continue
        lines = list((_LINE if is_document else _IN_CODE).finditer(text))
        if not lines or not _SHORTEST < len(text) < _LONGEST or "LICENSE" in path.name:
            continue
        line = chance.choice(lines)
        spaces = [at for at in range(line.start() + 15, line.end() - 15) if text[at] == " "]
        if len(spaces) < 6:
            continue
        cut = chance.choice(spaces) + 1
        name = path.relative_to(root).as_posix()
        context = read_context(name, language.name, text[:cut] + text[line.end() :], cut)
        if context is not None and context.in_prose:
            left[is_document] -= 1
            yield Place(context, text[cut : line.end()], is_document)


def bits(model: LanguageModel, index: WorkspaceIndex, place: Place) -> list[float]:
    """Bits of the rest of a line for each of `LEAST_LIKE`."""
    context = place.context
    index.update_text(context.path, context.text)
    found = Retriever([index]).search(context, surroundings(context, _BUDGET)).hits
    index.update_files([index.root / context.path])
    known: dict[int, float] = {}
    for least in LEAST_LIKE:
        count = 0 if least is None else sum(hit.score >= least for hit in found)
        if count not in known:
            prompt = build_prompt(context, found[:count], _BUDGET)
            known[count] = bits_of(model, prompt, place.rest)
    return [
        known[0 if least is None else sum(hit.score >= least for hit in found)]
        for least in LEAST_LIKE
    ]


def measured(
    model: LanguageModel, embedder: Embedder, root: Path, most: int, chance: Random
) -> Iterator[tuple[Place, list[float]]]:
    """The places of a repository with their bits."""
    with TemporaryDirectory() as folder:
        index = WorkspaceIndex.open(root, embedder, Path(folder))
        index.update()
        for place in places(root, most, chance):
            yield place, bits(model, index, place)
        index.close()


def report(found: list[tuple[Place, list[float]]]) -> None:
    """Print bits a byte, and what passages change, with 95% intervals over places."""
    for in_document, title in ((True, "documents"), (False, "comments and docstrings")):
        some = [each for each in found if each[0].in_document == in_document]
        if not some:
            continue
        table = np.array([row for _, row in some])
        sizes = np.array([len(place.rest.encode()) for place, _ in some])
        print(f"{title}: {len(some)} places, {table[:, 0].sum() / sizes.sum():.3f} bits a byte")
        drawn = np.random.default_rng(0).integers(0, len(some), (1_000, len(some)))
        for column, least in enumerate(LEAST_LIKE[1:], start=1):
            change = table[:, column] - table[:, 0]
            low, high = np.percentile(change[drawn].sum(1) / sizes[drawn].sum(1), [2.5, 97.5])
            mean = change.sum() / sizes.sum()
            print(f"  at least {least:.2f}: {mean:+.3f} ({low:+.3f} to {high:+.3f})")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, action="append", required=True)
    parser.add_argument("--places", type=int, default=24, help="of each kind and repository")
    parser.add_argument("--model", default="nestling")
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    model, embedder = load_model(arguments.model), load_embedder()
    chance = Random(arguments.seed)
    report(
        [
            each
            for root in arguments.root
            for each in measured(model, embedder, root.resolve(), arguments.places, chance)
        ]
    )


if __name__ == "__main__":
    main()
