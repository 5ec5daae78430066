"""Which class stands around a place and what a variable there was declared as, by the text alone.

The text is being typed and seldom parses, so lines, indentation and patterns have to do.
"""

import re

_CLASS = re.compile(
    r"[ \t]*(?:(?:export|default|public|private|protected|internal|abstract|static|final|sealed"
    r"|data|open|pub(?:\([^)]*\))?)\s+)*"
    r"(?:(?:class|struct|interface|trait|object|module|enum|protocol|extension|type)\s+(\w+)"
    r"|impl(?:<[^>]*>)?\s+(?:[\w:<>]+\s+for\s+)?(\w+))"
)

# Characters before the cursor in which a declaration is looked for.
_FARTHEST = 20_000

_TYPE = r"[&*]?['\"]?[A-Za-z_][\w.\[\]|'\"<>?, \t]*"


def class_around(text: str) -> str:
    """The qualified name of the class whose body a text ends in; "" outside of any.

    Told by indentation, which holds in tidy code of every language, finished or not.
    """
    lines = text.split("\n")
    limit = _indentation(lines[-1])
    names: list[str] = []
    for line in reversed(lines[:-1]):
        if limit == 0:
            break
        if line.strip(" \t}){(];,") and _indentation(line) < limit:
            limit = _indentation(line)
            if match := _CLASS.match(line):
                names.insert(0, match[1] or match[2])
    return ".".join(names)


def _indentation(line: str) -> int:
    line = line.expandtabs(4)
    return len(line) - len(line.lstrip(" "))


def declared(text: str, name: str) -> tuple[str, str]:
    """The type and the value that a variable was last given in a text; "" for what is not known.

    Types are found behind a colon or in front of the name, and by `isinstance`; values behind an
    equals sign, where the name stands alone in front of it, and in `with VALUE as NAME`.
    """
    text = "\n".join(line for line in text[-_FARTHEST:].split("\n") if name in line)
    name = re.escape(name)
    types = (
        rf"(?<![\w.]){name}[ \t]*\??:[ \t]*({_TYPE})",
        rf"\bisinstance\({name},\s*\(?([\w.]+)",
        rf"\bexcept\s+\(?([\w.]+)[^\n:]*?\s+as\s+{name}\b",
        rf"\b([A-Z]\w*)(?:<[^<>\n]*>)?[ \t*&]+{name}\b[ \t]*[=;,)]",
        rf"\b{name}[ \t]+\*?(?:\w+\.)?([A-Z]\w*)\b",
    )
    values = (
        rf"(?<![\w.,])(?<!, ){name}[ \t]*(?::=|=)(?!=)[ \t]*(\S.*)",
        rf"\bwith\s+(\S.*?)\s+as\s+{name}\b",
    )
    found = [(match.start(), match[1], "") for rule in types for match in re.finditer(rule, text)]
    found += [(match.start(), "", match[1]) for rule in values for match in re.finditer(rule, text)]
    _, type, value = max(found, default=(0, "", ""))
    return type.strip(), value.strip()
