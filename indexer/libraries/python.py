"""Python's libraries: packages of an environment, and the standard library."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from indexer.libraries.environments import Environment
from indexer.libraries.found import Library, files_below

STUBS = "typeshed"
"""The name of the library of stubs that describes Python's builtins and standard library."""

_SUFFIXES = (".py", ".pyi")
_DISTRIBUTION = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.(?:dist|egg)-info")
_MODULE = re.compile(r"[^\W\d]\w*")


@cache
def stubs() -> Library | None:
    """The standard library's stubs, from typeshed, which `typeshed_client` brings along.

    Of the package only its files are used: it is found, but not imported.
    """
    package = find_spec("typeshed_client")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).resolve().parent / "typeshed"
    return Library(STUBS, "", folder, files_below([folder], _SUFFIXES, left_out=()))


def find_python(name: str, environment: Environment) -> Library | None:
    """The top-level module or package `name` of an environment, or of its standard library."""
    if not _MODULE.fullmatch(name):
        return None
    for folder in environment.packages:
        if files := _files(folder, [f"{name}-stubs", name]):
            return Library(name, _version(name, folder), folder, files)
    if environment.standard and (files := _files(environment.standard, [name])):
        version = environment.standard.name.removeprefix("python").removesuffix("Lib")
        return Library(name, version, environment.standard, files)
    return None


def _files(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    starts = [folder / each for name in names for each in (f"{name}.pyi", f"{name}.py", name)]
    return files_below(starts, _SUFFIXES)


def _version(name: str, folder: Path) -> str:
    """The version of the distribution that installed a package, where its name tells which."""
    for found in folder.glob("*-info"):
        match = _DISTRIBUTION.fullmatch(found.name)
        if match and match["name"].replace("-", "_").lower() == name.lower():
            return match["version"]
    return ""
