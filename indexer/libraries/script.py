"""JavaScript's and TypeScript's libraries: packages of `node_modules`, by their declarations."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from indexer.imports import script_files
from indexer.libraries.environments import lies_in
from indexer.libraries.found import Library, files_below
from indexer.regular import read_regular

_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts")
_SOURCES = (".js", ".mjs", ".cjs", ".ts")
_PACKAGE = re.compile(r"(?:@[\w.-]+/)?[\w][\w.-]*")
_LONGEST_MANIFEST = 1 << 20  # bytes
_TYPES_FIRST = ("types", "typings", "import", "module", "require", "node", "default", "main")


def package_of(module: str) -> str:
    """The package that a module is imported from: "zod/mini" -> "zod"; "" for a file."""
    match = _PACKAGE.match(module)
    return match[0] if match else ""


def find_script(name: str, root: Path) -> Library | None:
    """The package `name` that is installed in the workspace at `root`.

    Some package managers link packages; a link is followed as long as it stays in the workspace.
    """
    if package_of(name) != name:
        return None
    declared = "@types/" + name.removeprefix("@").replace("/", "__")
    found = [_package(name, root / "node_modules" / each, root) for each in (name, declared)]
    there = [library for library in found if library]
    there.sort(key=lambda library: not library.files[0].endswith(_DECLARATIONS))
    return there[0] if there else None


def _package(name: str, folder: Path, root: Path) -> Library | None:
    if not folder.is_dir() or not lies_in(folder, root):
        return None
    folder = folder.resolve()
    manifest = _manifest(folder)
    files = files_below([folder], _DECLARATIONS) or files_below([folder], _SOURCES)
    if not files:
        return None
    version = str(manifest.get("version", ""))
    return Library(name, version, folder, files, _entries(name, folder, manifest, set(files)))


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(read_regular(folder / "package.json", _LONGEST_MANIFEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _entries(
    name: str, folder: Path, manifest: Mapping[str, Any], files: set[str]
) -> dict[str, str]:
    """The files of what can be imported, by how it is imported."""
    exports = manifest.get("exports")
    named: dict[str, Any] = {".": manifest} if not exports else {}
    if isinstance(exports, dict) and any(key.startswith(".") for key in exports):
        named |= exports
    elif exports:
        named["."] = exports
    found: dict[str, str] = {}
    for key, value in [*named.items(), (".", manifest), (".", "index")]:
        module = normpath(f"{name}/{key}")
        for place in _places(value):
            path = normpath(PurePosixPath(folder.as_posix(), place).as_posix())
            file = next((each for each in script_files(path) if each in files), None)
            if file and "*" not in key:
                found.setdefault(module, file)
    return found


def _places(value: object, depth: int = 6) -> Iterator[str]:
    """The paths that a manifest gives for a module, those of declarations first."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth:
        for key in _TYPES_FIRST:
            yield from _places(value.get(key), depth - 1)
