"""Reads what stands before a dot: `self.items.first()`, without a parser, since the line may be
half typed."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

_NAME = re.compile(r"[^\W\d]\w*")
_SEPARATOR = re.compile(r"\s*(?:[?!]?\.|->|::)\s*")
_SEPARATOR_BEFORE = re.compile(r"(?:[?!]?\.|->|::)$")
_LEADING = re.compile(r"\s*(?:(?:await|new|yield|return)\s+|[&*(])*")
_NAME_BEFORE = re.compile(r"\w+$")
_CLOSING = {")": "(", "]": "[", "}": "{"}

# Brackets in a short string open and close nothing.
_STRING = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")

_LITERAL = re.compile(r"(?P<prefix>[bBfFrRuU]{0,2})(?P<quote>['\"])")

# Characters before the cursor in which an expression may begin.
_FARTHEST = 400


Taken = Literal["", "indexed", "iterated", "entered"]
"""What is taken of a value: all of it, or what `value[key]`, `for part in value` or `with value as
part` gives."""


@dataclass(frozen=True)
class Part:
    """One step of an expression: a name, and what is done with it."""

    name: str
    called: bool = False
    taken: Taken = ""


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
            return _literal_before(text, at, start) + text[start:end].strip()
        start = name.start()
        separator = _SEPARATOR_BEFORE.search(text, 0, start)
        if separator is None:
            return text[start:end].strip()
        start = separator.start()


def _literal_before(text: str, opening: int, end: int) -> str:
    """A string or display that ends at `end`, and begins at `opening` if it is in brackets."""
    if opening < end:
        return text[opening:end] if text[opening] in "[{" else ""
    quote = text[end - 1 : end]
    if quote not in ("'", '"'):
        return ""
    start = text.rfind(quote, 0, end - 1)
    return f"{quote}{quote}" if text[start - 1 : start] not in ("b", "B") else "b''"


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


def receiver_before(text: str) -> str:
    """The last name before the dot that a text ends with; "" if there is none."""
    parts = chain(expression_before(text))
    return parts[-1].name if parts else ""


def names_behind(receiver: str, text: str) -> Counter[str]:
    """How often each name stands in a text behind a dot that a receiver of this name is before."""
    name = re.escape(receiver)  # first in the pattern, as it is found quickest so
    return Counter(re.findall(rf"{name}(?<!\w{name})(?:\([^()\n]*\))?(?:\.|->|::)(\w+)", text))


def chain(text: str) -> tuple[Part, ...]:
    """The steps of the expression that a text begins with; () where it begins with none.

    A literal is read as a call of its class: `"".join` as `str().join`. Operators and what follows
    them are none of it. What is taken of what was taken of a value is not understood.
    """
    text = _without_strings(text)
    leading = _LEADING.match(text)
    place = leading.end() if leading else 0
    parts = []
    if literal := _literal(text, place):
        class_name, place = literal
        parts.append(Part(class_name, called=True))
        separator = _SEPARATOR.match(text, place)
        if separator is None:
            return tuple(parts)
        place = separator.end()
    while name := _NAME.match(text, place):
        start = place = name.end()
        while place < len(text) and text[place] in "([":
            place = closing(text, place)
        part = _part(name[0], text[start:place])
        if part is None:
            return ()
        parts.append(part)
        separator = _SEPARATOR.match(text, place)
        if separator is None:
            break
        place = separator.end()
    return tuple(parts)


def _part(name: str, brackets: str) -> Part | None:
    """A name with the brackets behind it; None where they say more than is understood."""
    if not brackets.startswith("["):
        called = closing(brackets, 0) if brackets else 0
        indexed = brackets[called:]
    else:
        end = closing(brackets, 0)
        is_generic = name[:1].isupper() and brackets[end : end + 1] == "("
        called, indexed = (len(brackets), "") if is_generic else (0, brackets)
    if not indexed:
        return Part(name, bool(called))
    if not indexed.startswith("[") or closing(indexed, 0) < len(indexed):
        return None
    is_slice = ":" in indexed  # a part of the same kind
    return Part(name, bool(called), "" if is_slice else "indexed")


def _literal(text: str, start: int) -> tuple[str, int] | None:
    """Python's class of the literal that begins at `start`, and where that ends."""
    if match := _LITERAL.match(text, start):
        end = text.find(match["quote"], match.end())
        return "bytes" if "b" in match["prefix"].lower() else "str", end + 1 or len(text)
    if text[start : start + 1] not in ("[", "{"):
        return None
    end = closing(text, start)
    inside = text[start + 1 : end - 1].strip()
    if text[start] == "[":
        return "list", end
    return "dict" if not inside or ":" in inside else "set", end


def closing(text: str, start: int) -> int:
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
