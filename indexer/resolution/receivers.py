"""What stands before a dot: the class or the module, of the workspace or of a library, that its
members are from."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from indexer import imports
from indexer.expressions import Part, Taken, chain, expression_before
from indexer.members import Symbol, module_symbol
from indexer.resolution.declarations import Declared, class_around, declared
from indexer.resolution.owners import (
    Names,
    Owner,
    class_named,
    imports_of,
    is_of_library,
    member_of_module,
    members_of,
    module_below,
    module_of,
    qualified,
    with_bases,
)
from indexer.resolution.written_types import class_of_type, gives_itself, returned_type, taken_of

_SELF = ("self", "this", "cls", "Self")
_SUPER = ("super", "base")

# What of a container gives its contents, and how it has to be taken to do so.
_CONTENT = {("get", ""), ("pop", ""), ("setdefault", ""), ("values", "iterated")}
_IMPORTING = re.compile(r"\s*from\s+([.\w]+)\s+import\s[\w\s,(]*$")

# How far a type is followed: from an attribute to its value, from that to a function, and so on.
_DEEPEST = 8
_ASKED = 50  # definitions of one name that are looked at


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
    """Whether what stands before the dot comes from outside of the workspace, and is not known."""
    parts = chain(expression_before(place.text))
    if not parts or owner_before(place) is not None:
        return False
    if parts[0].name in _SUPER:
        return True
    origin = _origin(place, parts[0].name)
    module = module_of(place.index, origin.module, place.path) if origin else None
    return origin is not None and (module is None or is_of_library(module))


def class_of(place: Place, name: str) -> Owner | None:
    """The class that a variable or parameter is of, as declared where the text ends."""
    if name in _SELF:
        return _first(place, Part(name), _DEEPEST)
    found = declared(place.text, name)
    owner = _of_variable(place, found, Part(name), _DEEPEST) if found else None
    return owner if owner and owner.name else None


def guessed_owner(place: Place) -> Owner | None:
    """The class that the receiver is named after, where nothing else tells: `cart.` is a `Cart`."""
    parts = chain(expression_before(place.text))
    if not parts or parts[-1].called or parts[-1].taken:
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
    module = module_of(place.index, match[1], place.path) if match else None
    return Owner(module, "") if module else None


def named_in(place: Place, name: str) -> Symbol | None:
    """What a name that stands alone means in a file: what it imports or defines under it.

    None where a variable has this name, or nothing that is known.
    """
    index = place.index
    if origin := imports.imported(place.text).get(name):
        module = module_of(index, origin.module, place.path)
        if origin.member:
            symbol = member_of_module(index, module, origin.member) if module else None
            if symbol is not None:
                return symbol
            module = _module_within(place, origin, module)
        whole = f"{origin.module.rstrip('.')}.{origin.member}".strip(".")
        return module_symbol(index.file(module).snippets, whole) if module else None
    return index.file(place.path).members.get(name)


def built_in(place: Place) -> dict[str, Symbol]:
    """What Python has under a name that nothing in the file gives a meaning to."""
    module = place.index.library_module("builtins", place.path)
    return place.index.file(module).members if module and imports.is_python(place.path) else {}


def is_member(text: str) -> bool:
    """Whether a text ends in a dot, or in the beginning of a word behind one."""
    return re.search(r"(?:\.|->|::)\w*$", text[-200:]) is not None


def _owner(place: Place, parts: tuple[Part, ...], depth: int) -> Owner | None:
    if depth == 0 or not parts:
        return None
    owner, rest = _imported_module(place, parts)
    if owner is None:
        owner, rest = _first(place, parts[0], depth - 1), parts[1:]
    for part in rest:
        owner = _step(place.index, owner, part, depth - 1) if owner else None
    return owner or _of_content(place, parts, depth - 1)


def _of_content(place: Place, parts: tuple[Part, ...], depth: int) -> Owner | None:
    """What a container is asked for: `carts.get(key)` is what `carts[key]` is, and so are the
    `carts.values()`."""
    for number, (before, part) in enumerate(pairwise(parts)):
        if part.called and (part.name, part.taken) in _CONTENT and not before.taken:
            inner = replace(before, taken="indexed")
            return _owner(place, (*parts[:number], inner, *parts[number + 2 :]), depth)
    return None


def _imported_module(
    place: Place, parts: tuple[Part, ...]
) -> tuple[Owner | None, tuple[Part, ...]]:
    """The module that an expression begins with, such as `shop.cart`, and what follows it."""
    origin = _origin(place, parts[0].name)
    if origin and not origin.member:
        for count in range(len(parts), 0, -1):
            name = ".".join([origin.module, *(part.name for part in parts[1:count])])
            if module := module_of(place.index, name, place.path):
                return Owner(module, ""), parts[count:]
    elif origin:
        package = module_of(place.index, origin.module, place.path)
        if package and member_of_module(place.index, package, origin.member):
            return None, parts
        if module := _module_within(place, origin, package):
            return Owner(module, ""), parts[1:]
    return None, parts


def _module_within(place: Place, origin: imports.Import, package: str | None) -> str | None:
    """The file of a module that is imported from a package, by the file of that if it has one."""
    if package:
        return module_below(place.index, package, origin.member)
    return module_of(place.index, f"{origin.module.removesuffix('.')}.{origin.member}", place.path)


def _origin(place: Place, name: str) -> imports.Import | None:
    """Where a name comes from: by the text, or above it by what the index has of the file."""
    return imports.imported(place.text).get(name) or imports.imported(
        imports_of(place.index, place.path)
    ).get(name)


def _first(place: Place, part: Part, depth: int) -> Owner | None:
    """What the first name of an expression stands for."""
    index, path, text = place.index, place.path, place.text
    if part.name in _SELF + _SUPER:
        around = place.within or class_around(text)
        own = Owner(path, qualified(index, path, around)) if around else None
        if own and part.name in _SUPER:
            return next(iter(with_bases(index, own)[1:]), None)
        return taken_of(index, own, part.taken, depth) if own else None
    if not part.called and (found := declared(text, part.name)):
        return _of_variable(place, found, part, depth)
    if origin := _origin(place, part.name):
        return _of_import(index, origin, path, part, depth)
    if symbol := index.file(path).members.get(part.name):
        return _of_symbol(index, symbol, part, depth)
    if symbol := built_in(place).get(part.name):
        return _of_symbol(index, symbol, part, depth)
    return class_named(index, part.name, path, text)


def _of_variable(place: Place, found: Declared, part: Part, depth: int) -> Owner | None:
    if found.type:
        return class_of_type(place.index, found.type, place.path, part.taken, depth, place.text)
    before = replace(place, text=place.text[: place.text.rfind(found.value)])
    if found.taken and part.taken:
        return None
    return _of_value(before, found.value, found.taken or part.taken, depth)


def _of_value(place: Place, value: str, taken: Taken, depth: int) -> Owner | None:
    """What an expression gives, or what is taken of it."""
    parts = chain(value)
    if taken and parts:
        if parts[-1].taken:
            return None
        parts = (*parts[:-1], replace(parts[-1], taken=taken))
    return _owner(place, parts, depth)


def _of_import(
    index: Names, origin: imports.Import, path: str, part: Part, depth: int
) -> Owner | None:
    module = module_of(index, origin.module, path)
    if module is None or not origin.member:
        return None
    if origin.member == "default":
        return class_named(index, part.name, module)
    return _step(index, Owner(module, ""), replace(part, name=origin.member), depth)


def _step(index: Names, owner: Owner, part: Part, depth: int) -> Owner | None:
    """From an owner to what its member is or gives."""
    if owner.name:
        symbol = members_of(index, owner).get(part.name)
    else:
        symbol = member_of_module(index, owner.path, part.name)
    if symbol and gives_itself(symbol):
        return taken_of(index, owner, part.taken, depth)
    return _of_symbol(index, symbol, part, depth) if symbol else None


def _of_symbol(index: Names, symbol: Symbol, part: Part, depth: int) -> Owner | None:
    """What a symbol is, or what is taken of it."""
    if depth == 0:
        return None
    if symbol.kind == "class":
        owner = Owner(symbol.path, symbol.qualified)
        return taken_of(index, owner, part.taken, depth) if part.called else owner
    if symbol.kind in ("function", "method"):
        return class_of_type(index, returned_type(symbol), symbol.path, part.taken, depth)
    if symbol.type:
        return class_of_type(index, symbol.type, symbol.path, part.taken, depth)
    around = symbol.qualified.rpartition(".")[0]
    inside = Place(index, symbol.path, symbol.before, around)
    return _of_value(inside, symbol.value, part.taken, depth - 1)
