"""Where the names of a line stand that a case asks for: what a workspace could help with."""

import re
from functools import cache
from pathlib import Path

from benchmarks.cases import Case
from indexer.walk import Unreadable, read, walk

IN_DOCUMENT, ELSEWHERE, NOWHERE = "all in the document", "some elsewhere", "some nowhere"

_NAME = re.compile(r"[^\W\d]\w\w+")


def where_names_are(case: Case) -> str:
    """Whether all words of the first line stand in the document, too, some only in other files of
    the repository, or some nowhere.

    A word that the cut parts is what stands behind the cut.
    """
    wanted = set(_NAME.findall(case.expected.split("\n")[0]))
    missing = wanted - set(_NAME.findall(case.document))
    if not missing:
        return IN_DOCUMENT
    others = (names for path, names in _names(case.root).items() if path != case.path)
    return ELSEWHERE if any(missing & names for names in others) else NOWHERE


@cache
def _names(root: Path) -> dict[str, frozenset[str]]:
    """The words of each file of a repository that is indexed."""
    found = {}
    for path in walk(root):
        if isinstance(path, Path):
            try:
                text = read(path)
            except Unreadable:
                continue
            found[path.relative_to(root).as_posix()] = frozenset(_NAME.findall(text))
    return found
