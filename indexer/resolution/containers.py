"""What a type holds, by how it is written: a `dict[str, Cart]` holds carts."""

import re

from indexer.expressions import Taken, closing

_MAPPINGS = ("dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict", "Record")
_ENTERED = ("Iterator", "Generator", "ContextManager", "AsyncContextManager", "Iterable")
_AROUND = ("Optional", "Union", "Annotated", "ClassVar", "Final", "Awaitable", "Required")
_ARRAY = re.compile(r"([\w.]+)\[\]")
_GENERIC = re.compile(r"(\w+)\[")


def content(type: str, taken: Taken) -> str:
    """The type of a part of a value of this type; "" where the type does not say it."""
    if match := _ARRAY.search(type):  # TypeScript's
        return match[1]
    for match in _GENERIC.finditer(type):
        if match[1] not in _AROUND:
            arguments = _split(type[match.end() : closing(type, match.end() - 1) - 1])
            return _argument(match[1], arguments, taken)
    return ""


def _argument(name: str, arguments: list[str], taken: Taken) -> str:
    if taken == "entered" and not name.endswith(_ENTERED):
        return ""
    if name in _MAPPINGS and taken == "indexed":
        return arguments[1] if len(arguments) > 1 else ""
    if name in ("tuple", "Tuple") and len({*arguments} - {"..."}) > 1:
        return ""  # which of them is taken, nobody knows
    return arguments[0]


def _split(text: str) -> list[str]:
    """What stands between the commas that are in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
