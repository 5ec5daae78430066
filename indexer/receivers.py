"""What stands before a dot: the class or the module of the workspace that its members are from."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from indexer import imports, members
from indexer.declarations import class_around, declared
from indexer.expressions import Part, chain, expression_before
from indexer.index import WorkspaceIndex
from indexer.members import Symbol
from indexer.nearness import distance
from indexer.snippets import Snippet

_SELF = ("self", "this", "cls", "Self")
_ITSELF = ("Self", "this", "self")
_SUPER = ("super", "base")

# Types that say nothing themselves, but stand around one.
_WRAPPERS = {
    *("Optional", "Union", "None", "Annotated", "Type", "type", "ClassVar", "Final", "Awaitable"),
    *("Promise", "Readonly", "Partial", "Box", "Rc", "Arc", "Ref", "Option", "Result", "null"),
    *("undefined", "typing", "t", "const", "mut"),
}
_IMPORTING = re.compile(r"\s*from\s+([.\w]+)\s+import\s[\w\s,(]*$")
_RETURNED = re.compile(r"(?:->|\)\s*:)\s*(.+?)\s*[:{]?$")

# How far a type is followed: from an attribute to its value, from that to a function, and so on.
_DEEPEST = 8
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


@dataclass(frozen=True)
class Place:
    """Where an expression stands."""

    index: Names
    path: str
    text: str
    """Of the file, up to the expression or further."""
    within: str = ""
    """The class around it, where the text does not tell."""


def owner_before(place: Place) -> Owner | None:
    """What the members behind the dot are from that the place's text ends with, if it is known."""
    parts = chain(expression_before(place.text))
    return _owner(place, parts, _DEEPEST) if parts else None


def is_foreign(place: Place) -> bool:
    """Whether what stands before the dot comes from outside of the workspace."""
    parts = chain(expression_before(place.text))
    if not parts or owner_before(place) is not None:
        return False
    origin = _origin(place, parts[0].name)
    return parts[0].name in _SUPER or bool(
        origin and not _module(place.index, origin.module, place.path)
    )


def class_of(place: Place, name: str) -> Owner | None:
    """The class that a variable or parameter is of, as declared where the text ends."""
    type, value = declared(place.text, name)
    owner = _of_variable(place, type, value, _DEEPEST) if type or value else None
    return owner if owner and owner.name else None


def symbol_of(index: Names, owner: Owner) -> Symbol | None:
    """The class that an owner is, as a symbol."""
    for snippet in index.in_file(owner.path):
        if snippet.kind == "class" and snippet.name == owner.name:
            return members.definition(snippet)
    return None


def guessed_owner(place: Place) -> Owner | None:
    """The class that the receiver is named after, where nothing else tells: `cart.` is a `Cart`."""
    parts = chain(expression_before(place.text))
    if not parts or parts[-1].called or parts[-1].indexed:
        return None
    plain = parts[-1].name.replace("_", "").lower()
    for snippet in place.index.names(plain, _ASKED, place.path):
        if snippet.kind == "class" and snippet.name.rpartition(".")[2].lower() == plain:
            return Owner(snippet.path, snippet.name)
    return None


def imported_from(place: Place) -> Owner | None:
    """The module of which a name is to come where the text ends: `from shop.cart import`."""
    line = place.text.rpartition("\n")[2]
    match = _IMPORTING.match(line)
    module = _module(place.index, match[1], place.path) if match else None
    return Owner(module, "") if module else None


def named_in(place: Place, name: str) -> Symbol | None:
    """What a name that stands alone means in a file: what it imports or defines under it.

    None where a variable has this name, or nothing of the workspace.
    """
    index = place.index
    if origin := imports.imported(place.text).get(name):
        module = _module(index, origin.module, place.path)
        return _members_of_module(index, module).get(origin.member) if module else None
    return members.members_of_module(index.in_file(place.path)).get(name)


def is_member(text: str) -> bool:
    """Whether a text ends in a dot, or in the beginning of a word behind one."""
    return re.search(r"(?:\.|->|::)\w*$", text[-200:]) is not None


def members_of(index: Names, owner: Owner) -> dict[str, Symbol]:
    """All that an owner has, by name: of a class what it inherits, too, its own first."""
    if not owner.name:
        return _members_of_module(index, owner.path)
    found: dict[str, Symbol] = {}
    for each in _with_bases(index, owner):
        for name, symbol in members.members_of_class(index.in_file(each.path), each.name).items():
            found.setdefault(name, symbol)
    return found


def class_named(index: Names, name: str, path: str, text: str = "") -> Owner | None:
    """The class that `name` stands for in the file at `path`: its own, an imported or a near one.

    `text` is the file's, where it is known better than the index knows it.
    """
    origin = imports.imported(text or _imports(index, path)).get(name.partition(".")[0])
    last = name.rpartition(".")[2]
    if origin and origin.member not in ("", "default") and last == name:
        last = origin.member
    found = [each for each in index.definitions(last, _ASKED) if each.kind == "class"]
    module = _module(index, origin.module, path) if origin else None
    comes_from_outside = origin and not module and not any(each.path == path for each in found)
    if not found or comes_from_outside:
        return None
    home = module or path
    nearest = min(found, key=lambda each: (each.path != path, distance(each.path, home)))
    return Owner(nearest.path, nearest.name)


def _owner(place: Place, parts: tuple[Part, ...], depth: int) -> Owner | None:
    if depth == 0 or not parts or any(part.indexed for part in parts):
        return None
    owner, rest = _imported_module(place, parts)
    if owner is None:
        owner, rest = _first(place, parts[0], depth - 1), parts[1:]
    for part in rest:
        owner = _step(place.index, owner, part, depth - 1) if owner else None
    return owner


def _imported_module(
    place: Place, parts: tuple[Part, ...]
) -> tuple[Owner | None, tuple[Part, ...]]:
    """The module that an expression begins with, such as `shop.cart`, and what follows it."""
    origin = _origin(place, parts[0].name)
    if origin and not origin.member:
        for count in range(len(parts), 0, -1):
            name = ".".join([origin.module, *(part.name for part in parts[1:count])])
            if module := _module(place.index, name, place.path):
                return Owner(module, ""), parts[count:]
    return None, parts


def _origin(place: Place, name: str) -> imports.Import | None:
    """Where a name comes from: by the text, or above it by what the index has of the file."""
    return imports.imported(place.text).get(name) or imports.imported(
        _imports(place.index, place.path)
    ).get(name)


def _first(place: Place, part: Part, depth: int) -> Owner | None:
    """What the first name of an expression stands for."""
    index, path, text = place.index, place.path, place.text
    if part.name in _SELF + _SUPER:
        around = place.within or class_around(text)
        own = Owner(path, _qualified(index, path, around)) if around else None
        if own and part.name in _SUPER:
            return next(iter(_with_bases(index, own)[1:]), None)
        return own
    if not part.called:
        type, value = declared(text, part.name)
        if type or value:
            return _of_variable(place, type, value, depth)
    if origin := _origin(place, part.name):
        return _of_import(index, origin, path, part, depth)
    if symbol := members.members_of_module(index.in_file(path)).get(part.name):
        return _of_symbol(index, symbol, depth)
    return class_named(index, part.name, path, text)


def _of_variable(place: Place, type: str, value: str, depth: int) -> Owner | None:
    if type:
        return _of_type(place.index, type, place.path, place.text)
    before = place.text[: place.text.rfind(value)]
    return _owner(replace(place, text=before), chain(value), depth)


def _of_import(
    index: Names, origin: imports.Import, path: str, part: Part, depth: int
) -> Owner | None:
    module = _module(index, origin.module, path)
    if module is None or not origin.member:
        return None
    if origin.member == "default":
        return class_named(index, part.name, module)
    return _step(index, Owner(module, ""), replace(part, name=origin.member), depth)


def _step(index: Names, owner: Owner, part: Part, depth: int) -> Owner | None:
    """From an owner to what its member is or gives."""
    symbol = members_of(index, owner).get(part.name)
    if symbol and symbol.kind == "method" and _returned(symbol) in _ITSELF:
        return owner
    return _of_symbol(index, symbol, depth) if symbol else None


def _of_symbol(index: Names, symbol: Symbol, depth: int) -> Owner | None:
    if depth == 0:
        return None
    if symbol.kind == "class":
        return Owner(symbol.path, symbol.qualified)
    if symbol.kind in ("function", "method"):
        return _of_type(index, _returned(symbol), symbol.path)
    if symbol.type:
        return _of_type(index, symbol.type, symbol.path)
    around = symbol.qualified.rpartition(".")[0]
    inside = Place(index, symbol.path, symbol.before, around)
    return _owner(inside, chain(symbol.value), depth - 1)


def _returned(symbol: Symbol) -> str:
    """The type that a function says it gives; "" if it does not."""
    match = _RETURNED.search(symbol.signature)
    return match[1].strip("'\"") if match else ""


def _of_type(index: Names, type: str, path: str, text: str = "") -> Owner | None:
    """The class that a type is about: `Optional["Cart"]` is about `Cart`; a list has none."""
    names = re.findall(r"[A-Za-z_][\w.]*", type)
    name = next((each for each in names if each.rpartition(".")[2] not in _WRAPPERS), None)
    return class_named(index, name, path, text) if name else None


def _with_bases(index: Names, owner: Owner) -> list[Owner]:
    """A class and all it is derived from, nearest first."""
    found = [owner]
    for each in found:  # grows as it goes
        for snippet in index.in_file(each.path):
            if snippet.name == each.name and snippet.kind == "class":
                for name in members.base_names(snippet.signature):
                    base = class_named(index, name, each.path)
                    if base and base not in found and len(found) < _DEEPEST:
                        found.append(base)
    return found


def _members_of_module(index: Names, path: str, depth: int = 3) -> dict[str, Symbol]:
    """What a module defines, and what a package takes from its modules to pass on."""
    snippets = index.in_file(path)
    found = members.members_of_module(snippets)
    if depth and path.rpartition("/")[2].partition(".")[0] in ("__init__", "index"):
        text = "\n".join(each.text for each in snippets if each.kind == "block")
        for name, origin in imports.imported(text).items():
            module = _module(index, origin.module, path)
            if module and module != path and name not in found:
                there = _members_of_module(index, module, depth - 1)
                if origin.member == "*":
                    found = there | found
                elif origin.member in there:
                    found[name] = there[origin.member]
    return found


def _module(index: Names, module: str, here: str) -> str | None:
    return imports.module_file(
        module, here, index.files_ending, lambda path: bool(index.in_file(path))
    )


def _imports(index: Names, path: str) -> str:
    snippets = index.in_file(path)
    return snippets[0].imports if snippets else ""


def _qualified(index: Names, path: str, name: str) -> str:
    """The name that the index has for a class of which the innermost names are known."""
    for snippet in index.in_file(path):
        if snippet.kind == "class" and ("." + snippet.name).endswith("." + name):
            return snippet.name
    return name
