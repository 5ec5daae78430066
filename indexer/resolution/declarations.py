"""Which class stands around a place and what a variable there was declared as, by the text alone.

The text is being typed and seldom parses, so lines, indentation and patterns have to do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.expressions import Taken

_CLASS = re.compile(
    r"[ \t]*(?:(?:export|default|public|private|protected|internal|abstract|static|final|sealed"
    r"|data|open|pub(?:\([^)]*\))?)\s+)*"
    r"(?:(?:class|struct|interface|trait|object|module|enum|protocol|extension|type)\s+(\w+)"
    r"|impl(?:<[^>]*>)?\s+(?:[\w:<>]+\s+for\s+)?(\w+))"
)

_BRANCH = re.compile(r"[ \t]*(?:if|elif|while)\b.*?(?P<negated>\bnot[ \t]+)?\bisinstance\(")

# Characters before the cursor in which a declaration is looked for.
_FARTHEST = 20_000

# Stands for the variable in what follows, so that patterns are compiled once and not for each name.
_NAME = "\0"
_TYPE = rf"[&*]?['\"]?[A-Za-z_{_NAME}][\w{_NAME}.\[\]|'\"<>?, \t]*"
_TYPES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\w.*#])(?<!# )(?<!:param ){_NAME}[ \t]*\??:[ \t]*({_TYPE})",
        rf"\bisinstance\({_NAME},\s*\(?([\w.]+)",
        rf"\bexcept\s+\(?([\w.]+)[^\n:]*?\s+as\s+{_NAME}",
        rf"\b([A-Z]\w*)(?:<[^<>\n]*>)?[ \t*&]+{_NAME}[ \t]*[=;,)]",
        rf"{_NAME}[ \t]+\*?(?:\w+\.)?([A-Z]\w*)\b",
    )
)
_KEYWORDS = re.compile(rf"\*\*{_NAME}[ \t]*[:,)]")  # parameters that are gathered in a dictionary
_IN = r"[ \t]+in[ \t]+(?:(?:sorted|reversed|list|tuple|set|iter)\()?"
_VALUES: tuple[tuple[re.Pattern[str], Taken], ...] = (
    (re.compile(rf"(?<![\w.,])(?<!, ){_NAME}[ \t]*(?::=|=)(?!=)[ \t]*(\S.*)"), ""),
    (re.compile(rf"\bwith\s+(\S.*?)\s+as\s+{_NAME}"), "entered"),
    (re.compile(rf"\bfor[ \t]+{_NAME}{_IN}(\S.*)"), "iterated"),
    (re.compile(rf"\bfor[ \t]+\w+,[ \t]*{_NAME}[ \t]+in[ \t]+enumerate\((\S.*)"), "iterated"),
    (re.compile(rf"\bfor[ \t]+\w+,[ \t]*{_NAME}{_IN}(\S.*)\.items\(\)"), "indexed"),
)


def class_around(text: str) -> str:
    """The qualified name of the class whose body a text ends in; "" outside of any.

    Told by indentation, which holds in tidy code of every language, finished or not.
    """
    lines = text.split("\n")
    limit = indentation(lines[-1])
    names: list[str] = []
    for line in reversed(lines[:-1]):
        if limit == 0:
            break
        if line.strip(" \t}){(];,") and indentation(line) < limit:
            limit = indentation(line)
            if match := _CLASS.match(line):
                names.insert(0, match[1] or match[2])
    return ".".join(names)


def indentation(line: str) -> int:
    """The columns that a line is indented by."""
    line = line.expandtabs(4)
    return len(line) - len(line.lstrip(" "))


@dataclass(frozen=True)
class Declared:
    """What a text says of a variable: its type, or what its value is; "" for what is not known."""

    type: str = ""
    value: str = ""
    taken: Taken = ""
    """What of the value."""


def declared(text: str, name: str) -> Declared | None:
    """The type or value that a variable was last given in a text; None if there is none.

    Types are found behind a colon or in front of the name, and by `isinstance`; values behind an
    equals sign, where the name stands alone in front of it, in `with VALUE as NAME` and in loops.
    """
    every = text[-_FARTHEST:].split("\n")
    lines = [line for number, line in enumerate(every) if name in line and _counts(every, number)]
    text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _NAME, "\n".join(lines))
    types = [(match, Declared(match[1])) for rule in _TYPES for match in rule.finditer(text)]
    values = [
        (match, Declared("", match[1], taken))
        for rule, taken in _VALUES
        for match in rule.finditer(text)
    ]
    gathered = [(match, Declared("dict")) for match in _KEYWORDS.finditer(text)]
    found = max(types + values + gathered, key=lambda each: each[0].start(), default=None)
    if found is None:
        return None
    type, value = (each.strip().replace(_NAME, name) for each in (found[1].type, found[1].value))
    return Declared(type, value, found[1].taken)


def _counts(lines: Sequence[str], number: int) -> bool:
    """Whether the line of this number says something about the last one; all but an `isinstance`
    do, which holds in its branch, or behind it if it is negated."""
    match = _BRANCH.match(lines[number])
    if match is None or number == len(lines) - 1:
        return True
    behind = (line for line in lines[number + 1 :] if line.strip())
    is_in_branch = all(indentation(line) > indentation(lines[number]) for line in behind)
    return is_in_branch != bool(match["negated"])
