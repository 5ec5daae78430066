"""Builds the training corpus that `corpus.toml` describes: `python -m model.training.corpus`.

Writes `.work/corpus/files.jsonl` (package, licence, language, path and text of each file) and
`report.json` (what was kept and why the rest was not), and ends with the corpus's hash.
"""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from model.training import rules
from model.training.fetch import WORK, FetchError, Package, fetch, files, recipe

log = logging.getLogger(__name__)

CORPUS = WORK / "corpus"

_HERE = Path(__file__).parent

# No package may drown the others: characters of one package, and of one language in all.
_LARGEST_PACKAGE = 1_500_000
_LARGEST_LANGUAGE = 60_000_000

# A file is a copy if this share of its telling lines was seen before, and a copy of reserved code
# if this share stands in the evaluation packages.
_COPY = 0.6
_RESERVED_COPY = 0.3


@dataclass(frozen=True)
class SourceFile:
    """One file of the corpus."""

    package: str
    licence: str
    language: str
    path: str
    text: str


class RecipeError(Exception):
    """The recipe names a package that may not be trained on."""


def check(packages: Iterable[Package]) -> None:
    """Raises RecipeError if a package is reserved for evaluation or not permissive."""
    for package in packages:
        if rules.is_reserved_package(package.name):
            raise RecipeError(f"{package.name} is reserved for evaluation; take it out.")
        if not rules.is_permissive(package.licence):
            raise RecipeError(f"{package.name} is under {package.licence}; take it out.")


def read(package: Package) -> Iterator[SourceFile]:
    """The package's files in a language that is trained on, and in UTF-8."""
    for archive in fetch(package):
        for path, data in files(archive, rules.LARGEST_FILE):
            language = rules.LANGUAGES.get(PurePosixPath(path).suffix)
            if language is None:
                continue
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                continue
            yield SourceFile(package.pin, package.licence, language, path, text)


class Selection:
    """Decides file by file what is kept, and counts why not."""

    def __init__(self, reserved: rules.SeenLines) -> None:
        self.counts: Counter[str] = Counter()
        self.characters: Counter[str] = Counter()
        self._reserved = reserved
        self._seen = rules.SeenLines()

    def keep(self, file: SourceFile) -> bool:
        """Whether `file` is taken; it is remembered, so the same file is never taken twice."""
        reason = self._refusal(file)
        self.counts[reason or "kept"] += 1
        if reason is None:
            self._seen.add(file.text)
            self.characters.update({file.language: len(file.text), file.package: len(file.text)})
        return reason is None

    def _refusal(self, file: SourceFile) -> str | None:
        if (reason := rules.refusal(file.path, file.text)) is not None:
            return reason
        if self._reserved.share(file.text) > _RESERVED_COPY:
            return "copy of reserved"
        if self._seen.share(file.text) > _COPY:
            return "copy"
        if self.characters[file.package] > _LARGEST_PACKAGE:
            return "package is large"
        if self.characters[file.language] > _LARGEST_LANGUAGE:
            return "language is large"
        return None


def available(packages: Iterable[Package]) -> Iterator[tuple[Package, list[SourceFile]]]:
    """Each package with its files; one that cannot be had is named in the log and left out."""
    for package in packages:
        try:
            found = list(read(package))
        except FetchError as error:
            log.warning("left out %s: %s", package.pin, error)
            continue
        # By hash, so that the first part of a large package is a fair sample of it.
        yield package, sorted(found, key=lambda x: hashlib.sha256(x.path.encode()).digest())


def reserved_lines() -> rules.SeenLines:
    """The lines of the packages that the models are evaluated on.

    Raises `FetchError` where one of them cannot be had: copies of it would be trained on.
    """
    seen = rules.SeenLines()
    for package in recipe(_HERE / "evaluation.toml"):
        for file in read(package):
            seen.add(file.text)
    return seen


def collect(packages: Iterable[Package], selection: Selection) -> Iterator[SourceFile]:
    """The files to train on."""
    for package, found in available(packages):
        yield from filter(selection.keep, found)
        log.info("%s: %.1f MB", package.pin, selection.characters[package.pin] / 1e6)


def build(folder: Path = CORPUS) -> str:
    """Builds the corpus in `folder` and returns its hash (SHA-256 of files.jsonl).

    Raises `FetchError` where a package of the evaluation cannot be had.
    """
    packages = recipe(_HERE / "corpus.toml")
    check(packages)
    folder.mkdir(parents=True, exist_ok=True)
    selection = Selection(reserved_lines())
    digest = hashlib.sha256()
    with (folder / "files.jsonl").open("wb") as output:
        for file in collect(packages, selection):
            line = (json.dumps(asdict(file), ensure_ascii=False) + "\n").encode()
            digest.update(line)
            output.write(line)
    report = {
        "sha256": digest.hexdigest(),
        "files": dict(selection.counts.most_common()),
        "characters": dict(selection.characters.most_common()),
    }
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return digest.hexdigest()


def load(folder: Path = CORPUS) -> Iterator[SourceFile]:
    """The files of a corpus that was built in `folder`."""
    with (folder / "files.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield SourceFile(**json.loads(line))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        print(build())
    except FetchError as error:
        raise SystemExit(f"Nothing was built, since evaluation needs it: {error}") from error
