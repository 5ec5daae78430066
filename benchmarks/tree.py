"""A folder of a hundred thousand files: real code, then copies of it under other names.

    python -m benchmarks.tree FOLDER --source PATH --source PATH

The standard library and the packages beside it come first, then the code in each `--source`, of
each what an index takes. Then small Python files among these are copied, in turn, with three in ten
names replaced, into folders of a thousand, until there are `--files`.
"""

import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from benchmarks.renaming import names_in, renaming
from indexer.walk import Unreadable, read, walk

REAL, COPIES = "code", "copies"  # an index takes them in this order
_LONGEST_COPIED = 8_000  # characters
_IN_FOLDER = 1_000
_NAMES_FROM = 20  # every so many files


def main(
    folder: Annotated[Path, typer.Argument(help="Where it is made; what is there stays.")],
    source: Annotated[list[Path] | None, typer.Option(help="More real code.")] = None,
    files: Annotated[int, typer.Option(help="How many there are to be.")] = 100_000,
) -> None:
    """Makes the folder and says what is in it."""
    paths = [sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")]
    roots = list(dict.fromkeys([*map(Path, paths), *(source or ())]))
    small: list[str] = []
    names_from: list[str] = []
    count = 0
    for relative, text in _real(roots):
        if count == files:
            break
        write(folder / REAL / relative, text)
        if relative.suffix == ".py" and len(text) <= _LONGEST_COPIED:
            small.append(text)
        if count % _NAMES_FROM == 0:
            names_from.append(text)
        count += 1
    print(f"{count:,} files of real code, {len(small):,} of them small and in Python")
    names = names_in(names_from)
    for number in track(range(count, files), "Copying"):
        copy = renaming(names, number)(small[number % len(small)])
        place = Path(COPIES, f"{number // _IN_FOLDER:03}", f"module_{number:06}.py")
        write(folder / place, copy)


def write(path: Path, text: str) -> None:
    """Write a file, and make its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def _real(roots: list[Path]) -> Iterator[tuple[Path, str]]:
    for number, root in enumerate(roots):
        for file in walk(root):
            try:
                if isinstance(file, Path):
                    yield Path(f"{number}-{root.name}", file.relative_to(root)), read(file)
            except Unreadable:
                continue


if __name__ == "__main__":
    typer.run(main)
