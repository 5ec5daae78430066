"""Where a symbol is used and what is written about it, as Markdown: the telling places only."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from indexer.members import Symbol
from indexer.results import Usage
from lsp_server.features.places import link
from lsp_server.workspace import Folder

_USAGES = 3
_MENTIONS = 2
_ASKED = 60  # usages or mentions that an index is asked for
_LONGEST_SENTENCE = 200  # characters

_DOTS = (".", "->", "::", "@")
_IMPORTING = re.compile(r"\s*(?:from|import|export|use|using|require|#include)\b")
_COMMENT = re.compile(r"\s*(?:#|//|/?\*|--|\"\"\"|''')")
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+(?=[A-Z`*_\[])")


def usages_of(folder: Folder, symbol: Symbol, here: str, line: int = -1) -> str:
    """Up to three telling places that use a symbol, of different files or functions.

    They are near the file `here`; its `line`, which the user looks at already, is none of them.
    """
    found = folder.index.usages(symbol.name, _ASKED, here)
    others = [usage for usage in found if (usage.path, usage.line) != (here, line)]
    usages = _different(_telling(others, symbol))
    lines: list[str] = []
    for usage in usages[:_USAGES]:
        where = f" in `{usage.within}`" if usage.within else ""
        code = usage.text.strip().replace("`", "")
        lines.append(f"- {link(folder, usage.path, usage.line)}{where}: `{code}`")
    return "\n".join(["Used in", *lines]) if lines else ""


def _telling(usages: Iterable[Usage], symbol: Symbol) -> list[Usage]:
    """Usages of a symbol that say something, calls first.

    An import, a comment or a docstring says nothing, and another class's member of this name less.
    """
    call = re.compile(rf"(?<!\w){re.escape(symbol.name)}\s*[(<{{]")
    telling = [
        usage
        for usage in usages
        if not _IMPORTING.match(usage.text)
        and not _COMMENT.match(usage.text)
        and not (symbol.language == "python" and "`" in usage.text)
        and (usage.path, usage.line) != (symbol.path, symbol.line)
    ]
    if symbol.kind in ("method", "attribute"):
        telling = _of_its_class(telling, symbol)
    return sorted(telling, key=lambda usage: not call.search(usage.text))


def _of_its_class(usages: Iterable[Usage], symbol: Symbol) -> list[Usage]:
    """The usages of a member that are behind a dot, first those that are surely of its class.

    Of a name that is a plain word, such as `items`, others are likely to be of other classes.
    """
    owner = symbol.qualified.rpartition(".")[0]
    members = [usage for usage in usages if usage.text[: usage.column].endswith(_DOTS)]
    sure = [usage for usage in members if _receiver_fits(usage, owner)]
    return sure if _is_plain(symbol.name) else sure + [each for each in members if each not in sure]


def _receiver_fits(usage: Usage, owner: str) -> bool:
    """Whether a member is used in its own class, or of something that is named after that."""
    receiver = re.search(r"(\w*)\W*$", usage.text[: usage.column])
    name = receiver[1].replace("_", "").lower() if receiver else ""
    if name in ("self", "this", "cls", "super", ""):
        return f"{usage.within}.".startswith(f"{owner}.")
    return name.endswith(owner.rpartition(".")[2].replace("_", "").lower())


def _is_plain(name: str) -> bool:
    """Whether a name is a word as any text has it."""
    return name.islower() and "_" not in name


def _different(usages: Sequence[Usage]) -> list[Usage]:
    """Usages in an order that shows as many files as it can, then as many functions.

    The same line twice says nothing new.
    """
    of_file: Counter[str] = Counter()
    of_function: Counter[tuple[str, str]] = Counter()
    keyed: list[tuple[tuple[int, int], Usage]] = []
    seen: set[str] = set()
    for usage in usages:
        if usage.text.strip() not in seen:
            seen.add(usage.text.strip())
            function = (usage.path, usage.within)
            keyed.append(((of_function[function], of_file[usage.path]), usage))
            of_function[function] += 1
            of_file[usage.path] += 1
    return [usage for _, usage in sorted(keyed, key=lambda each: each[0])]


def documentation_of(folder: Folder, symbol: Symbol, here: str) -> str:
    """The sections of the workspace's documents that speak of a symbol, each with a sentence."""
    lines: list[str] = []
    sections: set[tuple[str, str]] = set()
    for usage in folder.index.mentions(symbol.name, _ASKED, here):
        if (usage.path, usage.within) in sections or len(lines) == _MENTIONS:
            continue
        sentence = _sentence(usage)
        if not _is_about(sentence, symbol):
            continue
        sections.add((usage.path, usage.within))
        heading = f" {usage.within}:" if usage.within else ""
        lines.append(f"- {link(folder, usage.path, usage.line)}{heading} {sentence}")
    return "\n".join(["Documentation", *lines]) if lines else ""


def _sentence(usage: Usage) -> str:
    """The sentence of a line of prose that a name stands in."""
    start = 0
    for end in (match.start() for match in _SENTENCE_END.finditer(usage.text)):
        if end > usage.column:
            return usage.text[start:end].strip(" #*->")[:_LONGEST_SENTENCE]
        start = end
    return usage.text[start:].strip(" #*->")[:_LONGEST_SENTENCE]


def _is_about(sentence: str, symbol: Symbol) -> bool:
    """Whether prose means the symbol: of a plain word, only where it is set as code, and of a
    member's only beside its class."""
    if not _is_plain(symbol.name):
        return True
    name, owner = re.escape(symbol.name), symbol.qualified.rpartition(".")[0].rpartition(".")[2]
    is_code = re.search(rf"[`.]{name}\b(?!\.\w)|\b{name}\(", sentence)
    return is_code is not None and owner.lower() in sentence.lower()
