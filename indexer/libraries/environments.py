"""Finds the Python environment that a workspace uses, by files alone: nothing of it is ever run.

A workspace may be hostile. What its environment names as its base counts only where an interpreter
and a standard library lie as an installation has them, and of that only the library is read.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from indexer.reading import modified_of
from indexer.regular import read_regular

_CONFIGURATION = "pyvenv.cfg"
_LONGEST_CONFIGURATION = 1 << 16  # bytes
_IN_WORKSPACE = (".venv", "venv")
_INTERPRETER = re.compile(r"python[\d.]*(?:\.exe)?")
_VERSIONED = re.compile(r"python3\.\d+t?")
_NOTES = (".package-lock.json", ".yarn-integrity", ".yarn-state.yml", ".modules.yaml")
"""What npm, Yarn and pnpm note of the packages in `node_modules`."""

Stamps = tuple[tuple[Path, int], ...]
"""Folders and files, and when each was modified, in nanoseconds."""


@dataclass(frozen=True)
class Environment:
    """Where imported modules lie."""

    packages: tuple[Path, ...] = ()
    """Folders of installed packages, what is found first counts."""
    standard: Path | None = None
    """Folder of the standard library's sources."""


def environment_of(root: Path, variables: Mapping[str, str]) -> Environment:
    """The environment of the workspace at `root`: `.venv` or `venv` in it, else the one that
    VIRTUAL_ENV names, else that of the interpreter on PATH.

    `variables` are those of the process, which are the user's own.
    """
    for name in _IN_WORKSPACE:
        if found := _virtual(root / name, within=root):
            return found
    if (named := variables.get("VIRTUAL_ENV")) and (found := _virtual(Path(named))):
        return found
    return next(_on_path(variables.get("PATH", "")), Environment())


def stamps(root: Path, environment: Environment) -> Stamps:
    """Another value once a package was installed, upgraded or removed, or the environment changed.

    Installers change the folder of all packages: pip has a folder in it for each version, and those
    of `node_modules` write a file about all they have there.
    """
    scripts = root / "node_modules"
    found = []
    for place in (*environment.packages, scripts, *(scripts / name for name in _NOTES)):
        with suppress(OSError):
            found.append((place, modified_of(place.stat())))
    return tuple(found)


def _virtual(folder: Path, within: Path | None = None) -> Environment | None:
    """A virtual environment, if there is one; it has to lie `within` a folder if that is given."""
    if within is not None and not lies_in(folder, within):
        return None
    values = _configuration(folder)
    if values is None:
        return None
    packages = tuple(each for each in _packages(folder) if lies_in(each, folder))
    home = Path(values.get("home", ""))
    base = _installation(home) if home.is_absolute() else None
    if base and values.get("include-system-site-packages", "").lower() == "true":
        packages += base.packages
    return Environment(packages, base.standard if base else None)


def _configuration(folder: Path) -> dict[str, str] | None:
    """The values of an environment's configuration; None where there is none."""
    try:
        text = read_regular(folder / _CONFIGURATION, _LONGEST_CONFIGURATION).decode("utf-8")
    except (OSError, ValueError):
        return None
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _on_path(path: str) -> Iterator[Environment]:
    """The installations whose interpreters are on PATH; a script that starts one says nothing."""
    for folder in (Path(each) for each in path.split(os.pathsep) if each):
        for name in ("python3", "python"):
            program = shutil.which(name, path=str(folder)) if folder.is_absolute() else None
            if program is None:
                continue
            # An activated environment is on PATH as its own folder, before its link is followed.
            if found := _virtual(folder.parent) or _installation(Path(program).resolve().parent):
                yield found


def _installation(programs: Path) -> Environment | None:
    """The installation whose interpreter lies in the folder `programs`, if that is one."""
    try:
        names = [each.name for each in programs.iterdir() if _INTERPRETER.fullmatch(each.name)]
    except OSError:
        return None
    if not any((programs / name).is_file() for name in names):
        return None
    prefix = programs if (programs / "Lib").is_dir() else programs.parent
    versions = {name.removesuffix(".exe") for name in names if _VERSIONED.match(name)}
    libraries = [
        each for each in _libraries(prefix) if (each / "os.py").is_file() and lies_in(each, prefix)
    ]
    # Several versions may share a prefix; the one that "python3" stands for is its link's target.
    default = (programs / "python3").resolve().name
    libraries.sort(key=lambda each: (each.name != default, each.name not in versions, each.name))
    if not libraries:
        return None
    return Environment(_packages(prefix, libraries[0].name), libraries[0])


def _libraries(prefix: Path) -> list[Path]:
    """The folders in which an installation may keep modules."""
    return [*sorted((prefix / "lib").glob("python3*")), prefix / "Lib"]


def _packages(prefix: Path, version: str = "") -> tuple[Path, ...]:
    """The folders of packages of an environment or installation; those of one version."""
    places = [
        each / name
        for library in _libraries(prefix)
        for each in (library, prefix / "local" / "lib" / library.name)
        for name in ("site-packages", "dist-packages")
        if not version or library.name in (version, "python3")
    ]
    return tuple(place for place in places if place.is_dir())


def lies_in(path: Path, folder: Path) -> bool:
    """Whether a path lies in a folder once all links are followed."""
    return path.resolve().is_relative_to(folder.resolve())
