"""Which class stands around a place and what a variable there was declared as, by the text alone.

The text is being typed and seldom parses, so lines, indentation and patterns have to do.
"""

import re
from collections.abc import Sequence

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
        rf"(?<![\w.]){_NAME}[ \t]*\??:[ \t]*({_TYPE})",
        rf"\bisinstance\({_NAME},\s*\(?([\w.]+)",
        rf"\bexcept\s+\(?([\w.]+)[^\n:]*?\s+as\s+{_NAME}",
        rf"\b([A-Z]\w*)(?:<[^<>\n]*>)?[ \t*&]+{_NAME}[ \t]*[=;,)]",
        rf"{_NAME}[ \t]+\*?(?:\w+\.)?([A-Z]\w*)\b",
    )
)
_VALUES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\w.,])(?<!, ){_NAME}[ \t]*(?::=|=)(?!=)[ \t]*(\S.*)",
        rf"\bwith\s+(\S.*?)\s+as\s+{_NAME}",
    )
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


def declared(text: str, name: str) -> tuple[str, str]:
    """The type and the value that a variable was last given in a text; "" for what is not known.

    Types are found behind a colon or in front of the name, and by `isinstance`; values behind an
    equals sign, where the name stands alone in front of it, and in `with VALUE as NAME`.
    """
    every = text[-_FARTHEST:].split("\n")
    lines = [line for number, line in enumerate(every) if name in line and _counts(every, number)]
    text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _NAME, "\n".join(lines))
    found = [(match.start(), match[1], "") for rule in _TYPES for match in rule.finditer(text)] + [
        (match.start(), "", match[1]) for rule in _VALUES for match in rule.finditer(text)
    ]
    _, type, value = max(found, default=(0, "", ""))
    return type.strip().replace(_NAME, name), value.strip().replace(_NAME, name)


def _counts(lines: Sequence[str], number: int) -> bool:
    """Whether the line of this number says something about the last one; all but an `isinstance`
    do, which holds in its branch, or behind it if it is negated."""
    match = _BRANCH.match(lines[number])
    if match is None or number == len(lines) - 1:
        return True
    behind = (line for line in lines[number + 1 :] if line.strip())
    is_in_branch = all(indentation(line) > indentation(lines[number]) for line in behind)
    return is_in_branch != bool(match["negated"])
