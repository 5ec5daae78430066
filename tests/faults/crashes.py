"""Kills a process that indexes, again and again, and looks at what it leaves behind.

    python tests/faults/crashes.py --moments 200

A child opens the index of a workspace, edits files, takes them in, saves and closes, in a loop,
until it is killed (SIGKILL) at a random moment. Then the index is opened again. What was committed
must be there whole, nothing of it may be embedded again, and after an update the index must equal
one that is made from nothing. The next child goes on with it.
"""

import argparse
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from indexer.index import WorkspaceIndex
from model.embed import Embedder, load_embedder

SAMPLES = Path(__file__).parents[1] / "indexer" / "samples"
LONGEST_LIFE = 0.8  # seconds until the kill
QUERIES = ("add a route", "normalize path", "class Router", "def handler", "edited")

Row = tuple[object, ...]


class CountingEmbedder:
    """The real embedder; it counts the texts that it is given, and computes each only once."""

    def __init__(self, embedder: Embedder):
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}
        self.name, self.dimensions = embedder.name, embedder.dimensions
        self.embed_queries = embedder.embed_queries
        self.texts = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += len(texts)
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= dict(zip(new, self._embedder.embed(new), strict=True))
        return np.array([self._known[text] for text in texts], np.float32)


def fill(root: Path) -> None:
    """A workspace of some fifty files in all languages."""
    for number in range(3):
        for sample in SAMPLES.iterdir():
            target = root / f"part{number}" / sample.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(f"{sample.read_text()}\n\n{number}\n")


def edit(root: Path, chance: random.Random) -> list[Path]:
    """Write, change and remove some files; the paths of all that were touched."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    touched = chance.sample(files, min(len(files), chance.randint(1, 8)))
    for path in touched:
        match chance.randrange(4):
            case 0:
                path.unlink()
            case 1:
                path.write_text(f"def edited_{chance.randrange(10**6)}():\n    return 1\n")
            case _:
                path.write_text(
                    f"{path.read_text()}\n\ndef edited_{chance.randrange(10**6)}(): 0\n"
                )
    made = root / f"part{chance.randrange(3)}" / f"new_{chance.randrange(30)}.py"
    made.write_text(f"def made_{chance.randrange(10**6)}():\n    '''Made.'''\n")
    return [*touched, made]


def live(root: Path, folder: Path, embedder: Embedder, chance: random.Random) -> None:
    """What a server does, in quick motion, for ever."""
    while True:
        index = WorkspaceIndex.open(root, embedder, folder)
        index.update()
        for _ in range(chance.randrange(4)):
            touched = edit(root, chance)
            index.update_files(touched)
            text = f"def unsaved_{chance.randrange(10**6)}(): 0\n"
            index.update_text(touched[-1].relative_to(root).as_posix(), text)
        index.close()


def kill_one(root: Path, folder: Path, embedder: Embedder, chance: random.Random) -> None:
    """Let a child live on the workspace, and kill it at a random moment."""
    seed = chance.random()
    child = os.fork()
    if child == 0:
        try:
            live(root, folder, embedder, random.Random(seed))
        finally:  # it has no way to end but the kill, unless something fails
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    time.sleep(chance.uniform(0.0, LONGEST_LIFE))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child failed before it was killed"


def rows(folder: Path, statement: str) -> list[Row]:
    """What a statement selects from the database of an index."""
    connection = sqlite3.connect(folder / "index.sqlite")
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def snippets(folder: Path) -> Counter[Row]:
    """All snippets by path and digest, as far as they were committed."""
    join = "FROM snippets JOIN files ON files.id = file"
    return Counter(rows(folder, f"SELECT path, snippets.digest {join} WHERE vector IS NOT NULL"))


def contents(folder: Path) -> dict[str, list[Row]]:
    """All that an index holds, but for its numbers and the files' times."""
    columns = "kind, name, last_name, signature, docstring, text, start, end, start_line, end_line"
    join = "FROM snippets JOIN files ON files.id = file"
    return {
        "files": sorted(
            rows(folder, "SELECT path, digest, language, imports, skipped IS NULL FROM files")
        ),
        "snippets": sorted(rows(folder, f"SELECT path, {columns} {join}"), key=repr),
        "terms": sorted(rows(folder, "SELECT term, doc, cnt FROM vocabulary")),
    }


def vectors(folder: Path) -> NDArray[np.float16]:
    """All vectors in one matrix, in an order that does not depend on numbers."""
    join = "FROM snippets JOIN files ON files.id = file WHERE vector IS NOT NULL"
    packed = rows(folder, f"SELECT vector {join} ORDER BY path, start, snippets.digest")
    return np.array([np.frombuffer(vector, np.float16) for (vector,) in packed])


def check(root: Path, folder: Path, embedder: CountingEmbedder) -> None:
    """Open what a killed process left, bring it up to date, and compare it with a fresh index."""
    index = WorkspaceIndex.open(root, embedder, folder)
    assert rows(folder, "PRAGMA integrity_check") == [("ok",)]
    safe = snippets(folder)
    embedder.texts = 0
    index.update()
    embedded = embedder.texts
    with TemporaryDirectory() as other:
        fresh = WorkspaceIndex.open(root, embedder, Path(other))
        fresh.update()
        missing = (snippets(Path(other)) - safe).total()
        assert embedded == missing, f"{embedded} texts were embedded, where {missing} were missing"
        ours, theirs = contents(folder), contents(Path(other))
        for what, expected in theirs.items():
            different = set(ours[what]) ^ set(expected)
            assert ours[what] == expected, f"the {what} differ from a fresh index's: {different}"
        # Their last bits depend on what was embedded in one go.
        assert np.allclose(vectors(folder), vectors(Path(other)), atol=2e-3), "the vectors differ"
        for query in QUERIES:
            found, expected_hits = (
                [round(hit.score, 4) for hit in each.search(query, mode="lexical")]
                for each in (index, fresh)
            )
            assert found == expected_hits, f"the search for {query!r} differs"
        # What the graph finds depends on the order of insertion; what is in it does not.
        embedded_numbers = {
            number for (number,) in rows(folder, "SELECT id FROM snippets WHERE vector IS NOT NULL")
        }
        in_the_graph = set(index._store.vectors.numbers().tolist())
        assert in_the_graph == embedded_numbers, "the vectors differ"
        fresh.close()
    index.close()


def run(moments: int, seed: int) -> None:
    """Kill and check `moments` times; raises AssertionError with the moment in question."""
    chance = random.Random(seed)
    embedder = load_embedder()
    counting = CountingEmbedder(embedder)
    with TemporaryDirectory() as place:
        root, folder = Path(place).resolve() / "workspace", Path(place).resolve() / "index"
        fill(root)
        for moment in range(moments):
            if chance.random() < 0.25:
                shutil.rmtree(folder, ignore_errors=True)
            kill_one(root, folder, embedder, chance)
            try:
                check(root, folder, counting)
            except Exception as error:
                error.add_note(f"after kill {moment + 1} with seed {seed}")
                raise
            if (moment + 1) % 10 == 0:
                print(f"{moment + 1} kills survived", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200, help="how often to kill")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    run(arguments.moments, arguments.seed)


if __name__ == "__main__":
    main()
