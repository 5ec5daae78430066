"""Makes the student's lessons from the corpus: `python -m model.training.examples`.

A lesson is a piece of a file as the engine shows it: excerpts found elsewhere in the package, what
stands below the piece, then the piece itself, which the student learns to write. What stands below
comes first, so that the piece is ordinary text from left to right, every token of which teaches
something; and while a user types downwards, nothing before the cursor changes its place (the
suffix-prefix-middle order of Bavarian et al. 2022).
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.templates import Excerpt, shown_first
from model.tokenizer import CodeTokenizer
from model.training.corpus import CORPUS, SourceFile, load

SHARES = {
    "python": 0.34,
    "typescript": 0.16,
    "javascript": 0.12,
    "go": 0.1,
    "rust": 0.1,
    "java": 0.09,
    "c": 0.09,
}
"""How much of the lessons each language is."""

LAST_LINES_WEIGHT = 3.0
"""How much more a token of the last lines counts: they stand where the gap closes."""

_WINDOW = 20  # lines of an excerpt
_PACKAGE = 500_000  # characters of a package that excerpts are taken from
_QUERY = 12  # lines before the cursor that excerpts are looked for with
_CHARACTERS = 3.3  # a token's, about
_CLOSING = re.compile(r"[)\]}>\"'`,;:]+\Z")


@dataclass(frozen=True)
class Lesson:
    """Token ids, and for each how much predicting it counts (0 for what is only shown)."""

    tokens: NDArray[np.uint16]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class _Window:
    """Some lines of a file, as an excerpt might show them."""

    path: str
    first: int
    text: str
    words: frozenset[str]


class _Package:
    """The files of one package and the excerpts that can be taken from them."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self.files = files
        self._windows: list[_Window] = []
        total = 0
        for file in files:
            if total < _PACKAGE:
                self._windows.extend(_windows(file))
                total += len(file.text)
        self._having: dict[str, list[int]] = defaultdict(list)
        for number, window in enumerate(self._windows):
            for word in window.words:
                self._having[word].append(number)

    def search(self, query: str, path: str, first: int, last: int) -> list[_Window]:
        """Windows that share rare words with `query`, best first; none of lines first to last."""
        scores: dict[int, float] = defaultdict(float)
        for word in _words(query):
            having = self._having.get(word, ())
            rarity = np.log(len(self._windows) / (1 + len(having)))
            if rarity > 1:
                for number in having:
                    scores[number] += float(rarity)
        found = []
        for number, _ in sorted(scores.items(), key=lambda pair: -pair[1])[:12]:
            window = self._windows[number]
            if window.path != path or window.first + _WINDOW < first or window.first > last:
                found.append(window)
        return found[:4]


def lessons(
    files: Sequence[SourceFile], tokenizer: CodeTokenizer, count: int, seed: int
) -> Iterator[Lesson]:
    """Makes `count` lessons, languages by `SHARES`, packages of a language alike."""
    random = np.random.default_rng(seed)
    by_language: dict[str, dict[str, list[SourceFile]]] = defaultdict(lambda: defaultdict(list))
    for file in files:
        by_language[file.language][file.package].append(file)
    for language, share in SHARES.items():
        packages = list(by_language[language].values())
        if not packages:
            continue
        each = -(-round(count * share) // len(packages))
        for members in packages:
            package = _Package(members)
            for _ in range(each):
                file = members[int(random.integers(len(members)))]
                lesson = _lesson(package, file, tokenizer, random)
                if lesson is not None:
                    yield lesson


def _lesson(
    package: _Package, file: SourceFile, tokenizer: CodeTokenizer, random: np.random.Generator
) -> Lesson | None:
    lines = file.text.split("\n")
    if len(lines) < 6 or max(map(len, lines)) > 400:
        return None
    end = int(random.integers(3, len(lines)))  # the piece's last line is the one before
    room = int(random.integers(400, 1300))
    start = end
    while start > 0 and room > 0:
        start -= 1
        room -= len(lines[start]) + 1
    piece, rest = "\n".join(lines[start:end]), ""
    kind = random.random()
    closing = _CLOSING.search(piece)
    if kind < 0.2 and closing:
        piece, rest = piece[: closing.start()], piece[closing.start() :]
    elif kind < 0.3:
        cut = len(piece) - int(random.integers(0, len(lines[end - 1]) + 1))
        piece, rest = piece[:cut], piece[cut:]
    below = f"{rest}\n" + "\n".join(lines[end:])
    below = below[: int(random.integers(0, 420)) if random.random() < 0.85 else 0]
    excerpts: tuple[Excerpt, ...] = ()
    if random.random() < 0.7:
        query = "\n".join(lines[max(start, end - _QUERY) : end - 1])
        found = package.search(query, file.path, start, end + 12)
        excerpts = _fitting(found, int(random.integers(150, 900)))
    last = piece.rfind("\n")
    for _ in range(int(random.integers(0, 4))):
        last = piece.rfind("\n", 0, max(last, 0))
    return _encode(tokenizer, excerpts, below, file.path, piece, last + 1)


def _encode(
    tokenizer: CodeTokenizer,
    excerpts: Sequence[Excerpt],
    below: str,
    path: str,
    piece: str,
    last: int,
) -> Lesson:
    """Lays a lesson out; `last`: where in the piece the last lines begin."""
    shown = shown_first(tokenizer, excerpts, below, path)
    early, late = tokenizer.encode(piece[:last]), tokenizer.encode(piece[last:])
    tokens = [*shown, *early, *late, tokenizer.special("<|endoftext|>")]
    weights = [0.0] * len(shown) + [1.0] * len(early) + [LAST_LINES_WEIGHT] * (len(late) + 1)
    return Lesson(np.array(tokens, np.uint16), np.array(weights, np.float32))


def _fitting(windows: Sequence[_Window], budget: int) -> tuple[Excerpt, ...]:
    """As many windows as fit `budget` characters, the best last, the last of them cut to fit."""
    chosen = []
    for window in windows:
        text = window.text[:budget]
        if len(text) < len(window.text):
            text = text[: text.rfind("\n") + 1].rstrip("\n")
        if len(text) < 80:
            break
        chosen.append(Excerpt(window.path, text))
        budget -= len(text)
    return tuple(reversed(chosen))


def _windows(file: SourceFile) -> Iterator[_Window]:
    lines = file.text.split("\n")
    for first in range(0, len(lines), _WINDOW):
        text = "\n".join(lines[first : first + _WINDOW]).strip("\n")
        if text.strip():
            yield _Window(file.path, first, text, frozenset(_words(text)))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w{2,}", text))


def write(path: Path, made: Iterator[Lesson]) -> int:
    """Stores lessons as one file of tokens, weights and lengths, shuffled; returns their tokens."""
    found = list(made)
    np.random.default_rng(0).shuffle(found)
    tokens = np.concatenate([lesson.tokens for lesson in found])
    weights = np.concatenate([lesson.weights for lesson in found]).astype(np.float16)
    lengths = np.array([len(lesson.tokens) for lesson in found], np.int32)
    np.savez(path, tokens=tokens, weights=weights, lengths=lengths)
    return len(tokens)


def read(path: Path) -> Iterator[Lesson]:
    """The lessons that `write` stored."""
    with np.load(path) as file:
        tokens, weights = file["tokens"], file["weights"].astype(np.float32)
        ends = np.cumsum(file["lengths"])
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        yield Lesson(tokens[start:end], weights[start:end])


HELD_OUT = 40
"""Every 40th package is never trained on; loss is measured on it."""


def split(folder: Path = CORPUS) -> tuple[list[SourceFile], list[SourceFile]]:
    """The corpus's files to train on, and those of the packages held out."""
    files = list(load(folder))
    packages = sorted({file.package for file in files})
    held_out = set(packages[::HELD_OUT])
    return (
        [file for file in files if file.package not in held_out],
        [file for file in files if file.package in held_out],
    )
