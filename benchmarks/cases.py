"""Draws the cases of the completion benchmark: real code of which a part is taken out."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from random import Random

from benchmarks.cuts import BODY, LINE_KINDS, Cut, cuts
from indexer.languages import language_of
from indexer.walk import Unreadable, read, walk
from model.training.rules import LARGEST_FILE, is_generated

# One case in six is a body.
_ROUND = 6

# Every file is parsed to be drawn from, and so many of a repository are plenty.
_MOST_FILES = 30

_LANGUAGES = ("python", "javascript", "typescript")

# Folders whose code is no part of the product, and tables written as code.
_LEFT_OUT = {
    *("test", "tests", "testing", "docs", "docs_src", "examples", "benchmarks", "scripts"),
    *("typing-examples", "build", "locales", "_unicode_data"),
}


@dataclass(frozen=True)
class Hole:
    """A part of a file that is taken out, to be written again."""

    root: Path  # of the repository
    path: str  # relative to it, POSIX
    language: str
    text: str  # of the whole file
    start: int  # of the hole, in characters; where the cursor is
    end: int

    @property
    def repository(self) -> str:
        """The repository's name and version."""
        return self.root.name

    @property
    def expected(self) -> str:
        """What stood in the hole."""
        return self.text[self.start : self.end]

    @property
    def document(self) -> str:
        """The file without it, as an editor would have it."""
        return self.text[: self.start] + self.text[self.end :]


@dataclass(frozen=True)
class Case(Hole):
    """A hole that a suggestion is asked for."""

    kind: str  # one of LINE_KINDS, or BODY

    @property
    def name(self) -> str:
        """What tells it from all others."""
        return f"{self.repository}/{self.path}:{self.start}-{self.end}"

    @property
    def is_body(self) -> bool:
        """Whether several lines are wanted."""
        return self.kind == BODY


def draw(repositories: Sequence[Path], count: int, seed: int = 0) -> list[Case]:
    """Cases from repositories, kinds in equal shares and repositories in turn, one body in six.

    The same for the same seed, and fewer are the first of more. May be less than `count` where
    there is not enough code.
    """
    waiting = {root.name: _candidates(root, Random(f"{seed} {root.name}")) for root in repositories}
    turns: Counter[str] = Counter()
    drawn: list[Case] = []
    for number in range(count):
        kind = _kind(number)
        for _ in repositories:
            # Each kind goes through the repositories from another one on.
            turn = (turns[kind] + (*LINE_KINDS, BODY).index(kind)) % len(repositories)
            turns[kind] += 1
            case = _take(waiting[repositories[turn].name], kind, drawn)
            if case:
                drawn.append(case)
                break
    return drawn


def _kind(number: int) -> str:
    if number % _ROUND == _ROUND - 1:
        return BODY
    return LINE_KINDS[(number - number // _ROUND) % len(LINE_KINDS)]


def _take(waiting: dict[str, list[Case]], kind: str, drawn: Sequence[Case]) -> Case | None:
    """The next case of a kind that shares no line with those drawn before."""
    while waiting[kind]:
        case = waiting[kind].pop()
        if not any(share_a_line(case, other) for other in drawn):
            return case
    return None


def share_a_line(one: Case, other: Case) -> bool:
    """Whether a line of a file is in both."""
    if (one.root, one.path) != (other.root, other.path):
        return False
    first, second = ((case.text.rfind("\n", 0, case.start), case.end) for case in (one, other))
    return first[0] < second[1] and second[0] < first[1]


def _candidates(root: Path, chance: Random) -> dict[str, list[Case]]:
    """The cases of a repository by kind, in the reverse order of drawing: from all files in turn.

    In a file where a kind is found more often, the later ones wait until each file had its turn.
    """
    files = [path for path in walk(root) if isinstance(path, Path) and is_product(root, path)]
    chance.shuffle(files)
    by_kind: dict[str, list[tuple[int, Case]]] = defaultdict(list)
    for path in files[:_MOST_FILES]:
        language = language_of(path)
        try:
            text = read(path)
        except Unreadable:
            continue
        if language is None or len(text) > LARGEST_FILE or is_generated(path.name, text):
            continue
        found = cuts(text, language, chance)
        chance.shuffle(found)
        rounds: Counter[str] = Counter()
        for cut in found:
            case = _case(root, path, language.name, text, cut)
            by_kind[cut.kind].append((rounds[cut.kind], case))
            rounds[cut.kind] += 1
    for pairs in by_kind.values():
        chance.shuffle(pairs)
        pairs.sort(key=lambda pair: -pair[0])
    return defaultdict(list, {kind: [case for _, case in by_kind[kind]] for kind in by_kind})


def _case(root: Path, path: Path, language: str, text: str, cut: Cut) -> Case:
    relative = path.relative_to(root).as_posix()
    return Case(root, relative, language, text, cut.start, cut.end, cut.kind)


def is_product(root: Path, path: Path) -> bool:
    """Whether cases are drawn from a file: code of the product, not only its types."""
    language = language_of(path)
    folders = PurePosixPath(path.relative_to(root)).parts[:-1]
    is_stub = path.name.endswith((".pyi", ".d.ts"))
    is_code = language is not None and language.name in _LANGUAGES and not is_stub
    return is_code and not _LEFT_OUT.intersection(folders)
