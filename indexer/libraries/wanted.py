"""Which libraries are wanted: those that code imports by name, and what these import in turn."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from indexer.imports import imported
from indexer.libraries.environments import Environment
from indexer.libraries.found import Library
from indexer.libraries.index import LibraryIndex
from indexer.libraries.python import STUBS, find_python, stubs
from indexer.libraries.script import find_script, package_of

_MOST = 100  # libraries of one workspace, those that most of its files import first
_MOST_BESIDE = 20  # that only those import, those that most of their files import first
_SCRIPTS = ("javascript", "typescript", "tsx")

FileImports = Iterable[tuple[str, str, int]]
"""Language and imports of files, and how many files have the same; as an index tells them."""


@dataclass(frozen=True)
class Name:
    """What a file imports by its name alone, such as `os` or `@angular/core`."""

    text: str
    by_script: bool
    """By a file of JavaScript or TypeScript, not of Python."""


def imported_names(files: FileImports) -> list[Name]:
    """What files import by name, most often first."""
    found: Counter[Name] = Counter()
    for language, text, count in files:
        by_script = language in _SCRIPTS
        if by_script or language == "python":
            for each in imported(text).values():
                top = package_of(each.module) if by_script else each.module.partition(".")[0]
                if top:
                    found[Name(top, by_script)] += count
    return [name for name, _ in found.most_common()]


def libraries_named(
    names: Sequence[Name], root: Path, environment: Environment
) -> Iterator[Library]:
    """The libraries of these names that are there for the workspace at `root`, as far as there is
    room; before them the stubs of the standard library, where there is Python."""
    if not all(name.by_script for name in names) and (described := stubs()):
        yield described
    yield from _found(names[:_MOST], root, environment)


def passed_on(index: LibraryIndex, environment: Environment) -> Iterator[Library]:
    """Modules of the standard library that another one passes on: `os.path` is `posixpath`."""
    if index.library.base != environment.standard:
        return
    for text in index.imports:
        for name, origin in imported(text).items():
            is_renamed = not origin.member and name != origin.module
            if origin.member == "*" or is_renamed:
                library = find_python(origin.module, environment)
                if library and library.base == environment.standard:
                    yield library


def imported_by(
    indexes: Iterable[LibraryIndex], names: Sequence[Name], root: Path, environment: Environment
) -> Iterator[Library]:
    """The packages that libraries import, beside these names: base classes are in them, and what is
    passed on."""
    imports = [
        ("typescript" if each.library.entries else "python", text, 1)
        for each in indexes
        if each.library.name != STUBS and each.library.base != environment.standard
        for text in each.imports
    ]
    known = set(names)
    beside = [name for name in imported_names(imports) if name not in known]
    yield from islice(_found(beside, root, replace(environment, standard=None)), _MOST_BESIDE)


def _found(names: Iterable[Name], root: Path, environment: Environment) -> Iterator[Library]:
    for name in names:
        if name.by_script:
            library = find_script(name.text, root)
        else:
            library = find_python(name.text, environment)
        if library:
            yield library
