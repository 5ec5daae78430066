"""Classes and modules of the workspace and of its libraries, found by their names, and all the
members they have."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath

from indexer import imports, members
from indexer.answers import IndexReader
from indexer.file_names import FileNames
from indexer.libraries.shelf import Libraries
from indexer.members import Symbol
from indexer.nearness import distance
from indexer.snippets import Snippet

# How far classes are followed to those they are derived from.
_MOST_CLASSES = 8
_ASKED = 50  # definitions of one name that are looked at
_MOST_PASSED_ON = 5  # modules that one after another pass on a name
_MOST_ALIASES = 3  # of a type, of which each is another name for the next

# `Scope = typing.MutableMapping[str, Any]`
_ALIASED = re.compile(r"([A-Za-z_][\w.]*)(?:\[|$)")


@dataclass(frozen=True)
class Owner:
    """What has members: a class or a module."""

    path: str
    """Of its file: relative to the workspace, or absolute if it is a library's."""
    name: str
    """Qualified; "" for a module."""


@dataclass(frozen=True)
class Names:
    """An index and its libraries as they are asked about one place: nothing is looked up twice."""

    file: Callable[[str], FileNames]
    definitions: Callable[[str, int], list[Snippet]]
    files_ending: Callable[[str], list[str]]
    names: Callable[[str, int, str], list[Snippet]]
    library_module: Callable[[str, str], str | None]


def names_of(index: IndexReader, libraries: Libraries | None = None) -> Names:
    """The names of an index for one request; what changes in it meanwhile may be missed.

    Only files and modules are looked up in libraries, too; names are those of the workspace.
    """

    def file(path: str) -> FileNames:
        if libraries is not None and is_of_library(path):
            return libraries.file(path)
        return index.file(path)

    return Names(
        cache(file),
        cache(index.definitions),
        cache(index.files_ending),
        cache(index.names),
        cache(libraries.module if libraries is not None else lambda _module, _here: None),
    )


def is_of_library(path: str) -> bool:
    """Whether a file is of a library: paths of the workspace are relative to it."""
    return path.startswith("/") or PurePath(path).is_absolute()


def symbol_of(index: Names, owner: Owner) -> Symbol | None:
    """The class that an owner is, as a symbol."""
    for snippet in index.file(owner.path).snippets:
        if snippet.kind == "class" and snippet.name == owner.name:
            return members.definition(snippet)
    return None


def members_of(index: Names, owner: Owner) -> dict[str, Symbol]:
    """All that an owner has, by name: of a class what it inherits, too, its own first."""
    if not owner.name:
        return members_of_package(index, owner.path)
    found: dict[str, Symbol] = {}
    for each in with_bases(index, owner):
        for name, symbol in index.file(each.path).members_of(each.name).items():
            found.setdefault(name, symbol)
    return found


def class_named(
    index: Names, name: str, path: str, text: str = "", depth: int = _MOST_ALIASES
) -> Owner | None:
    """The class that `name` stands for in the file at `path`: its own, an imported, a built-in or
    a near one. It may be the name of a type that is given another one.

    `text` is the file's, where it is known better than the index knows it.
    """
    first, *rest = name.split(".")
    last = name.rpartition(".")[2]
    origin = imports.imported(text or imports_of(index, path)).get(first)
    module = module_of(index, origin.module, path) if origin else None
    if origin and module:
        parts = [origin.member, *rest] if origin.member not in ("", "default") else rest
        if found := _class_in(index, module, parts, depth):
            return found
        last = parts[-1] if parts else last
    if is_of_library(path) or (origin and module and is_of_library(module)):
        return None if origin else _class_here(index, path, [first, *rest], depth)
    found_near = [each for each in index.definitions(last, _ASKED) if each.kind == "class"]
    here = any(each.path == path for each in found_near)
    if origin and not module and not here:
        return None  # it comes from elsewhere
    if not here and not origin and (known := _class_here(index, path, [first, *rest], depth)):
        return known
    home = module or path
    found_near.sort(key=lambda each: (each.path != path, distance(each.path, home)))
    return next((Owner(each.path, each.name) for each in found_near), None)


def _class_here(index: Names, path: str, parts: Sequence[str], depth: int) -> Owner | None:
    """The class that a name stands for which is not imported: the file's own, or a built-in."""
    builtins = index.library_module("builtins", path) if imports.is_python(path) else None
    modules = [path, builtins] if builtins and builtins != path else [path]
    found = (_class_in(index, module, parts, depth) for module in modules)
    return next(filter(None, found), None)


def _class_in(index: Names, module: str, parts: Sequence[str], depth: int) -> Owner | None:
    """The class `a.b.C` of a module, or the one that the type of this name is another name for."""
    owner = Owner(module, "")
    for number, part in enumerate(parts):
        symbol = _own_member(index, owner, part)
        if symbol is None and not owner.name:
            package = module_below(index, owner.path, part)
            if package is None:
                return None
            owner = Owner(package, "")
        elif symbol is not None and symbol.kind == "class":
            owner = Owner(symbol.path, symbol.qualified)
        elif symbol is not None and depth and number == len(parts) - 1:
            match = _ALIASED.match(symbol.value)
            return class_named(index, match[1], symbol.path, "", depth - 1) if match else None
        else:
            return None
    return owner if owner.name else None


def _own_member(index: Names, owner: Owner, name: str) -> Symbol | None:
    """What a module has under a name, or a class without what it inherits."""
    if not owner.name:
        return member_of_module(index, owner.path, name)
    return index.file(owner.path).members_of(owner.name).get(name)


def module_below(index: Names, path: str, name: str) -> str | None:
    """The file of the module `name` in the package that a file is the head of."""
    is_package = path.rpartition("/")[2].startswith("__init__.")
    return module_of(index, f".{name}", path) if is_package else None


def with_bases(index: Names, owner: Owner) -> list[Owner]:
    """A class and all it is derived from, nearest first."""
    found = [owner]
    for each in found:  # grows as it goes
        for snippet in index.file(each.path).snippets:
            if snippet.name == each.name and snippet.kind == "class":
                for name in members.base_names(snippet.signature):
                    base = class_named(index, name, each.path)
                    if base and base not in found and len(found) < _MOST_CLASSES:
                        found.append(base)
    return found


def member_of_module(
    index: Names, path: str, name: str, depth: int = _MOST_PASSED_ON
) -> Symbol | None:
    """What a module defines under a name, or has it from."""
    if symbol := index.file(path).members.get(name):
        return symbol
    if not depth:
        return None
    imported = imports.imported(imports_of(index, path))
    origins = [imported[name]] if name in imported else []
    origins += [origin for origin in imported.values() if origin.member == "*"]
    for origin in origins:
        module = module_of(index, origin.module, path) if origin.member else None
        if module and module != path:
            there = name if origin.member == "*" else origin.member
            if symbol := member_of_module(index, module, there, depth - 1):
                return symbol
    return None


def members_of_package(index: Names, path: str, depth: int = 3) -> dict[str, Symbol]:
    """What a module defines, and what a package takes from its modules to pass on."""
    found = dict(index.file(path).members)
    text = imports_of(index, path)
    for name, origin in imports.imported(text).items() if depth else ():
        if name in found or not _is_passed_on(path, origin, f"{name} as {name}" in text):
            continue
        module = module_of(index, origin.module, path)
        if module is None or module == path or is_of_library(module) != is_of_library(path):
            continue
        if origin.member == "*":
            found = members_of_package(index, module, depth - 1) | found
        elif symbol := member_of_module(index, module, origin.member):
            found[name] = symbol
    return found


def _is_passed_on(path: str, origin: imports.Import, says_so: bool) -> bool:
    """Whether a module imports something so that others have it from there.

    A package passes on what it has from its own modules; a stub, what it imports under its very
    name (`from a import b as b`); any, what it imports all of.
    """
    is_package = _is_package(path)
    if origin.member == "*" and (is_package or is_of_library(path)):
        return True
    if path.endswith(".pyi"):
        return says_so
    top = origin.module.partition(".")[0]
    return is_package and (not is_of_library(path) or not top or f"/{top}/" in path)


def module_of(index: Names, module: str, here: str) -> str | None:
    """The file of a module as the file `here` imports it; None for one that is not known.

    What lies in a package of the workspace is not meant by its name alone, if a library has it.
    """
    if is_of_library(here):
        return index.library_module(module, here)
    found = imports.module_file(
        module, here, index.files_ending, lambda path: bool(index.file(path).snippets)
    )
    if found and (module.startswith(".") or not _is_in_package(index, found, module)):
        return found
    return index.library_module(module, here) or found


def _is_in_package(index: Names, path: str, module: str) -> bool:
    place = module.replace(".", "/")
    folder = path[: path.rfind(place)].rstrip("/") if place in path else ""
    return bool(folder) and f"{folder}/__init__.py" in index.files_ending(f"{folder}/__init__.py")


def imports_of(index: Names, path: str) -> str:
    """Where a file says what it imports.

    The index keeps the first of its imports, which a package may have many of; and scripts pass
    things on by `export`, too.
    """
    snippets = index.file(path).snippets
    if is_of_library(path) or _is_package(path):
        return "\n".join(each.text for each in snippets if each.kind == "block" and not each.name)
    return snippets[0].imports if snippets else ""


def _is_package(path: str) -> bool:
    return path.rpartition("/")[2].partition(".")[0] in ("__init__", "index")


def qualified(index: Names, path: str, name: str) -> str:
    """The name that the index has for a class of which the innermost names are known."""
    for snippet in index.file(path).snippets:
        if snippet.kind == "class" and ("." + snippet.name).endswith("." + name):
            return snippet.name
    return name
