"""Classes and modules of the workspace, found by their names, and all the members they have."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from indexer import imports, members
from indexer.index import WorkspaceIndex
from indexer.members import Symbol
from indexer.nearness import distance
from indexer.snippets import Snippet

# How far classes are followed to those they are derived from.
_MOST_CLASSES = 8
_ASKED = 50  # definitions of one name that are looked at


@dataclass(frozen=True)
class Owner:
    """What has members: a class or a module."""

    path: str
    """Of its file, relative to the workspace."""
    name: str
    """Qualified; "" for a module."""


@dataclass(frozen=True)
class Names:
    """An index as it is asked about one place: nothing is looked up twice."""

    in_file: Callable[[str], list[Snippet]]
    definitions: Callable[[str, int], list[Snippet]]
    files_ending: Callable[[str], list[str]]
    names: Callable[[str, int, str], list[Snippet]]


def names_of(index: WorkspaceIndex) -> Names:
    """The names of an index for one request; what changes in it meanwhile may be missed."""
    return Names(
        cache(index.in_file),
        cache(index.definitions),
        cache(index.files_ending),
        cache(index.names),
    )


def symbol_of(index: Names, owner: Owner) -> Symbol | None:
    """The class that an owner is, as a symbol."""
    for snippet in index.in_file(owner.path):
        if snippet.kind == "class" and snippet.name == owner.name:
            return members.definition(snippet)
    return None


def members_of(index: Names, owner: Owner) -> dict[str, Symbol]:
    """All that an owner has, by name: of a class what it inherits, too, its own first."""
    if not owner.name:
        return members_of_package(index, owner.path)
    found: dict[str, Symbol] = {}
    for each in with_bases(index, owner):
        for name, symbol in members.members_of_class(index.in_file(each.path), each.name).items():
            found.setdefault(name, symbol)
    return found


def class_named(index: Names, name: str, path: str, text: str = "") -> Owner | None:
    """The class that `name` stands for in the file at `path`: its own, an imported or a near one.

    `text` is the file's, where it is known better than the index knows it.
    """
    origin = imports.imported(text or imports_of(index, path)).get(name.partition(".")[0])
    last = name.rpartition(".")[2]
    if origin and origin.member not in ("", "default") and last == name:
        last = origin.member
    found = [each for each in index.definitions(last, _ASKED) if each.kind == "class"]
    module = module_of(index, origin.module, path) if origin else None
    comes_from_outside = origin and not module and not any(each.path == path for each in found)
    if not found or comes_from_outside:
        return None
    home = module or path
    nearest = min(found, key=lambda each: (each.path != path, distance(each.path, home)))
    return Owner(nearest.path, nearest.name)


def with_bases(index: Names, owner: Owner) -> list[Owner]:
    """A class and all it is derived from, nearest first."""
    found = [owner]
    for each in found:  # grows as it goes
        for snippet in index.in_file(each.path):
            if snippet.name == each.name and snippet.kind == "class":
                for name in members.base_names(snippet.signature):
                    base = class_named(index, name, each.path)
                    if base and base not in found and len(found) < _MOST_CLASSES:
                        found.append(base)
    return found


def members_of_package(index: Names, path: str, depth: int = 3) -> dict[str, Symbol]:
    """What a module defines, and what a package takes from its modules to pass on."""
    snippets = index.in_file(path)
    found = members.members_of_module(snippets)
    if depth and path.rpartition("/")[2].partition(".")[0] in ("__init__", "index"):
        text = "\n".join(each.text for each in snippets if each.kind == "block")
        for name, origin in imports.imported(text).items():
            module = module_of(index, origin.module, path)
            if module and module != path and name not in found:
                there = members_of_package(index, module, depth - 1)
                if origin.member == "*":
                    found = there | found
                elif origin.member in there:
                    found[name] = there[origin.member]
    return found


def module_of(index: Names, module: str, here: str) -> str | None:
    """The file of a module as the file `here` imports it; None for one from elsewhere."""
    return imports.module_file(
        module, here, index.files_ending, lambda path: bool(index.in_file(path))
    )


def imports_of(index: Names, path: str) -> str:
    """The imports of a file, as the index has them."""
    snippets = index.in_file(path)
    return snippets[0].imports if snippets else ""


def qualified(index: Names, path: str, name: str) -> str:
    """The name that the index has for a class of which the innermost names are known."""
    for snippet in index.in_file(path):
        if snippet.kind == "class" and ("." + snippet.name).endswith("." + name):
            return snippet.name
    return name
