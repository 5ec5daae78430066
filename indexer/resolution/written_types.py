"""The class that a written type is about, and the class of what is taken of its objects."""

import re

from indexer.expressions import Taken
from indexer.imports import is_python
from indexer.members import Symbol
from indexer.resolution.containers import content
from indexer.resolution.owners import Names, Owner, class_named, members_of

# A function of this type gives the object that it is called on.
_ITSELF = ("Self", "this", "self")

# Types that say nothing themselves, but stand around one.
_WRAPPERS = {
    *("Optional", "Union", "None", "Annotated", "Type", "type", "ClassVar", "Final", "Awaitable"),
    *("Promise", "Readonly", "Partial", "Box", "Rc", "Arc", "Ref", "Option", "Result", "null"),
    *("undefined", "typing", "t", "const", "mut", "Any", "Coroutine", "Required", "NotRequired"),
}

# Types of `typing` that stand for a built-in one.
_BUILT_IN = {
    "AnyStr": "str",
    "DefaultDict": "dict",
    "Dict": "dict",
    "FrozenSet": "frozenset",
    "List": "list",
    "LiteralString": "str",
    "Set": "set",
    "Text": "str",
    "Tuple": "tuple",
}

# The methods of a class that say what is taken of its objects.
_TAKING = {
    "indexed": ("__getitem__",),
    "iterated": ("__iter__", "__aiter__"),
    "entered": ("__enter__", "__aenter__"),
}

_RETURNED = re.compile(r"(?:->|\)\s*:)\s*(.+?)\s*[:{]?$")


def class_of_type(
    index: Names, type: str, path: str, taken: Taken, depth: int, text: str = ""
) -> Owner | None:
    """The class that a type is about, or what is taken of it: `"Cart | None"` is about `Cart`.

    The type stands in the file at `path`, whose `text` is given where it is known better than the
    index knows it. `depth` bounds how many methods are followed.
    """
    if taken and (inner := content(type, taken)):
        return class_of_type(index, inner, path, "", depth, text)
    if taken:
        owner = class_of_type(index, type, path, "", depth, text)
        return taken_of(index, owner, taken, depth) if owner else None
    names = re.findall(r"[A-Za-z_][\w.]*", type)
    name = next((each for each in names if each.rpartition(".")[2] not in _WRAPPERS), "")
    name = _BUILT_IN.get(name.rpartition(".")[2], name) if is_python(path) else name
    return class_named(index, name, path, text) if name else None


def taken_of(index: Names, owner: Owner, taken: Taken, depth: int) -> Owner | None:
    """What a class says is taken of its objects."""
    if not taken:
        return owner
    members = members_of(index, owner)
    symbol = next((members[name] for name in _TAKING[taken] if name in members), None)
    returned = returned_type(symbol) if symbol else ""
    if taken == "entered" and (not returned or returned in _ITSELF):
        return owner
    inner: Taken = "iterated" if taken == "iterated" else ""
    if symbol is None or not depth:
        return None
    return class_of_type(index, returned, symbol.path, inner, depth - 1)


def returned_type(symbol: Symbol) -> str:
    """The type that a function says it gives; "" if it does not."""
    match = _RETURNED.search(symbol.signature)
    return match[1].strip("'\"") if match else ""


def gives_itself(symbol: Symbol) -> bool:
    """Whether a method says that it gives the object it is called on."""
    return symbol.kind == "method" and returned_type(symbol) in _ITSELF
