"""Names in real code to ask language servers about: behind a dot, and elsewhere."""

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TYPED = 2  # letters of a name that is not behind a dot; behind one, none are


@dataclass(frozen=True)
class NamePlace:
    """A name that is used in a file."""

    repository: str
    path: str  # relative to the repository
    text: str  # of the whole file
    name: str
    offset: int  # where the name begins, in characters
    behind_dot: bool

    @property
    def typed(self) -> int:
        """How many letters of the name are typed when the list is asked for."""
        return 0 if self.behind_dot else TYPED

    @property
    def unfinished(self) -> str:
        """The file with the line broken off where the list is asked for."""
        cursor = self.offset + self.typed
        end = self.text.find("\n", cursor)
        return self.text[:cursor] + self.text[end:]

    @property
    def line(self) -> int:
        """Zero-based."""
        return self.text.count("\n", 0, self.offset)

    @property
    def column(self) -> int:
        """Where the name begins, in characters, which are ASCII on this line."""
        return self.offset - self.text.rfind("\n", 0, self.offset) - 1

    @property
    def code(self) -> str:
        """The line."""
        return self.text.split("\n")[self.line]


def choose(root: Path, repository: str, count: int, seed: int) -> list[NamePlace]:
    """`count` places of a Python repository, every other one behind a dot, each in another file
    while there are files; the same for the same seed. Tests and examples are left out."""
    chance = random.Random(f"{seed} {repository}")
    files = [path for path in sorted(root.rglob("*.py")) if _counts(path.relative_to(root))]
    chance.shuffle(files)
    chosen: list[NamePlace] = []
    while files and len(chosen) < count:
        path = files.pop(0)
        behind_dot = len(chosen) % 2 == 0
        places = [
            place
            for place in _places(root, repository, path)
            if place.behind_dot == behind_dot and place not in chosen
        ]
        if places:
            chosen.append(chance.choice(places))
            files.append(path)  # its turn comes again when all others had theirs
    return chosen


def _counts(path: Path) -> bool:
    left_out = {"tests", "test", "docs", "docs_src", "examples", "benchmarks", "scripts", "tools"}
    return not left_out & set(path.parts) and path.name not in ("setup.py", "conftest.py")


def _places(root: Path, repository: str, path: Path) -> Iterator[NamePlace]:
    text = path.read_text(encoding="utf-8")
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    lines = text.splitlines()
    relative = path.relative_to(root).as_posix()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            name, line, end = node.attr, (node.end_lineno or 0) - 1, node.end_col_offset or 0
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            name, line, end = node.id, (node.end_lineno or 0) - 1, node.end_col_offset or 0
        else:
            continue
        if lines[line].isascii() and len(name) > TYPED and not name.startswith("__"):
            offset = starts[line] + end - len(name)
            yield NamePlace(
                repository, relative, text, name, offset, isinstance(node, ast.Attribute)
            )
