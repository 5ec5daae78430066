"""Reads what stands before a dot: `self.items.first()`, without a parser, since the line may be
half typed."""

import re
from dataclasses import dataclass

_NAME = re.compile(r"[^\W\d]\w*")
_SEPARATOR = re.compile(r"\s*(?:[?!]?\.|->|::)\s*")
_SEPARATOR_BEFORE = re.compile(r"(?:[?!]?\.|->|::)$")
_LEADING = re.compile(r"\s*(?:(?:await|new|yield|return)\s+|[&*(])*")
_NAME_BEFORE = re.compile(r"\w+$")
_CLOSING = {")": "(", "]": "[", "}": "{"}

# Brackets in a short string open and close nothing.
_STRING = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")

# Characters before the cursor in which an expression may begin.
_FARTHEST = 400


@dataclass(frozen=True)
class Part:
    """One step of an expression: a name, and what is done with it."""

    name: str
    called: bool = False
    indexed: bool = False


def expression_before(text: str) -> str:
    """The expression before the dot that a text ends with (or `->`, `::`), without it; "" if none.

    A word that is begun behind the dot is passed over.
    """
    text = _without_strings(_NAME_BEFORE.sub("", text[-_FARTHEST:]))
    separator = _SEPARATOR_BEFORE.search(text)
    if separator is None:
        return ""
    end = start = separator.start()
    while True:
        at = _opening(text, start)
        name = _NAME_BEFORE.search(text, 0, at)
        if name is None:
            return text[start:end].strip()
        start = name.start()
        separator = _SEPARATOR_BEFORE.search(text, 0, start)
        if separator is None:
            return text[start:end].strip()
        start = separator.start()


def _without_strings(text: str) -> str:
    """The text with what stands in its strings replaced, at its old length."""
    return _STRING.sub(lambda each: each[0][0] + "_" * (len(each[0]) - 2) + each[0][0], text)


def _opening(text: str, end: int) -> int:
    """Where the brackets begin that end at `end`, one after another; `end` if there are none."""
    while end and text[end - 1] in _CLOSING:
        waiting: list[str] = []
        place = end
        while place:
            place -= 1
            letter = text[place]
            if letter in _CLOSING:
                waiting.append(_CLOSING[letter])
            elif letter in _CLOSING.values():
                if letter != waiting.pop():
                    return end
                if not waiting:
                    break
        if waiting:
            return end
        end = place
    return end


def chain(text: str) -> tuple[Part, ...]:
    """The steps of the expression that a text begins with; () where it begins with none.

    Literals, operators and what follows them are none of it.
    """
    text = _without_strings(text)
    leading = _LEADING.match(text)
    place = leading.end() if leading else 0
    parts = []
    while name := _NAME.match(text, place):
        place, called, indexed = name.end(), False, False
        while place < len(text) and text[place] in "([":
            called |= text[place] == "("
            indexed |= text[place] == "["
            place = _closing(text, place)
        parts.append(Part(name[0], called, indexed))
        separator = _SEPARATOR.match(text, place)
        if separator is None:
            break
        place = separator.end()
    return tuple(parts)


def _closing(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`; the end of the text if none does."""
    depth = 0
    for place in range(start, len(text)):
        if text[place] in _CLOSING.values():
            depth += 1
        elif text[place] in _CLOSING:
            depth -= 1
            if depth == 0:
                return place + 1
    return len(text)
