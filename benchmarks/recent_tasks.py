"""Places to complete at, with what the user has open there and has just edited."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import log, sqrt
from pathlib import Path
from random import Random

from benchmarks.cases import Case, is_product
from indexer.languages import language_of
from indexer.walk import Unreadable, read, walk
from lsp_server.engine.recent import Edit, OpenDocument, Recent
from lsp_server.engine.suggestion import CompletionRequest

LINE, NAME, ARGUMENT = "a line, related files open", "another name", "an argument more"
"""The kinds of tasks."""

_OPEN = 4  # files
_EDITED = 3  # places at most, before the one that is asked about

_WORD = re.compile(r"[A-Za-z_]\w{3,}")
_DEFINITION = re.compile(r"^ *(?:def|class) +(\w{4,})", re.MULTILINE)
_CALL = re.compile(r"(?<!def )(?<!class )\b(?P<name>[A-Za-z_]\w{3,})\([^()\n]+(?P<end>\))")
_PROSE = "#\"'`"  # no code stands behind these on a line

_VERBS = ("gather", "settle", "render", "assign", "derive", "locate", "submit", "expand")
_NOUNS = ("ledger", "parcel", "voyage", "garden", "bridge", "ticket", "signal", "budget")
_ARGUMENTS = (
    *("strict=True", "timeout=deadline", "logger=self._logger", "on_error=report_failure"),
    *("retries=max_retries", "origin=__name__", "context=request.context", "dry_run=False"),
)
_TYPED = 2  # letters of a name


@dataclass(frozen=True)
class Task:
    """A place that is asked about after what the user did; edits are from the time 0 and before."""

    kind: str
    root: Path
    request: CompletionRequest
    expected: str


def with_related_open(case: Case) -> Task:
    """A cut line, with the files open that have most of its file's rarer names.

    Three lines of each count as edited, wherever they are.
    """
    files = _files(case.root, case.language)
    related = _related(case.document, {path: files[path] for path in files if path != case.path})
    documents = []
    for path in related:
        line = Random(path).randrange(files[path].count("\n") + 1)
        edits = (Edit(line, line + 3, 0.0),)
        documents.append(OpenDocument(path, case.language, files[path], edits, line))
    recent = Recent(tuple(documents))
    request = CompletionRequest(case.path, case.language, case.document, case.start, recent=recent)
    return Task(LINE, case.root, request, case.expected)


def _related(text: str, files: Mapping[str, str]) -> list[str]:
    words = {path: set(_WORD.findall(other)) for path, other in files.items()}
    holding = Counter(word for some in words.values() for word in some)
    wanted = set(_WORD.findall(text))

    def likeness(path: str) -> float:
        common = sum(log(len(files) / holding[word]) for word in wanted & words[path])
        return common / sqrt(10 + len(words[path]))

    return sorted(files, key=likeness, reverse=True)[:_OPEN]


def repeated_edits(root: Path, count: int, seed: int) -> Iterator[Task]:
    """So many calls of each kind in a repository's Python code that are to be edited as others
    just were."""
    files = _files(root, "python")
    defined = {name for text in files.values() for name in _DEFINITION.findall(text)}
    calls = defaultdict(list)
    for path, text in sorted(files.items()):
        for call in _CALL.finditer(text):
            line = text[text.rfind("\n", 0, call.start()) + 1 : call.start()]
            if call["name"] in defined - {"__init__"} and not any(mark in line for mark in _PROSE):
                calls[call["name"]].append((path, call))
    for kind in (NAME, ARGUMENT):
        chance = Random(f"{seed} {root.name} {kind}")
        often = [some for _, some in sorted(calls.items()) if len({path for path, _ in some}) > 1]
        for some in chance.sample(often, min(count, len(often))):
            chosen = chance.sample(some, min(len(some), 1 + chance.randint(1, _EDITED)))
            yield _repeated(root, kind, files, chosen, chance)


def _repeated(
    root: Path,
    kind: str,
    files: Mapping[str, str],
    calls: Sequence[tuple[str, re.Match[str]]],
    chance: Random,
) -> Task:
    """All calls but the first were edited, and at that one the cursor is now."""
    new = ", " + chance.choice(_ARGUMENTS) if kind == ARGUMENT else _new_name(chance)
    path, call = calls[0]
    spans: dict[str, list[tuple[int, int]]] = {path: []}
    for other, edited in calls[1:]:
        spans.setdefault(other, []).append(_span(edited, kind))
    texts = {each: _replaced(files[each], some, new) for each, some in spans.items()}
    text, edits = texts.pop(path)
    start, end = _span(call, kind)
    cursor = start + sum(len(new) - (till - at) for at, till in spans[path] if at < start)
    expected = new
    if kind == NAME:  # the user has typed its first letters, and the rest of the line is gone
        line_end = text.find("\n", cursor)
        expected = new[_TYPED:] + text[cursor + end - start : line_end]
        text = text[:cursor] + new[:_TYPED] + text[line_end:]
        cursor += _TYPED
    documents = tuple(
        OpenDocument(each, "python", other, made, made[0].first)
        for each, (other, made) in texts.items()
    )
    recent = Recent(documents, edits)
    request = CompletionRequest(path, "python", text, cursor, recent=recent)
    return Task(kind, root, request, expected)


def _new_name(chance: Random) -> str:
    return f"{chance.choice(_VERBS)}_{chance.choice(_NOUNS)}"


def _span(call: re.Match[str], kind: str) -> tuple[int, int]:
    """What of a call is replaced: its name, or nothing in front of its closing bracket."""
    return call.span("name") if kind == NAME else (call.start("end"), call.start("end"))


def _replaced(
    text: str, spans: Sequence[tuple[int, int]], new: str
) -> tuple[str, tuple[Edit, ...]]:
    """A text with something new in some places, and these as edits, the last of them newest."""
    edits = []
    for start, end in sorted(spans, reverse=True):  # so that those before stay where they are
        text = text[:start] + new + text[end:]
        line = text.count("\n", 0, start)
        edits.append(Edit(line, line + 1, -float(len(edits))))
    return text, tuple(edits)


def since(now: float, recent: Recent) -> Recent:
    """The same with the last edits made now."""

    def moved(edits: Sequence[Edit]) -> tuple[Edit, ...]:
        return tuple(replace(edit, time=now + edit.time) for edit in edits)

    documents = tuple(replace(each, edits=moved(each.edits)) for each in recent.documents)
    return Recent(documents, moved(recent.edits))


@cache
def _files(root: Path, language: str) -> dict[str, str]:
    """The product's files in a language, by path."""
    found = {}
    for path in walk(root):
        known = language_of(path) if isinstance(path, Path) and is_product(root, path) else None
        if known is not None and known.name == language:
            try:
                found[path.relative_to(root).as_posix()] = read(path)
            except Unreadable:
                continue
    return found
