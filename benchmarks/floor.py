"""The 5-gram floor as a system of the completion benchmark."""

import time
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.ngram import NGrams, tokens_of
from benchmarks.systems import Prediction, context_of
from indexer.index import WorkspaceIndex
from indexer.languages import language_of
from indexer.walk import Unreadable, read, walk
from lsp_server.engine.postprocess import clean
from lsp_server.engine.stops import stop_rule

# The open document tells more of what comes next in it than as much code from elsewhere.
_CACHE_TIMES = 3


class FiveGram:
    """Counts a repository once; at each case, the open document instead of the file as it is."""

    model = "5-gram"
    arm = "repository and file"

    def __init__(self) -> None:
        self._root: Path | None = None
        self._grams = NGrams()

    def predict(self, case: Case, index: WorkspaceIndex) -> Prediction:
        """Cuts and cleans the answer as Bowerbird does."""
        if index.root != self._root:
            self._root, self._grams = index.root, _grams_of(index.root)
        context = context_of(case)
        before, file = tokens_of(context.before + context.typed), tokens_of(case.text)
        beginning = before.pop() if before and _goes_on(before[-1]) else ""
        after = tokens_of(case.document[case.start :])
        self._count((file, -1), (before, _CACHE_TIMES), (after, _CACHE_TIMES))
        started = time.perf_counter()
        text = clean(self._grams.complete(before, beginning, stop_rule(context)), context)
        latency = (time.perf_counter() - started) * 1000
        bits = self._grams.bits(before, beginning, case.expected)
        self._count((file, 1), (before, -_CACHE_TIMES), (after, -_CACHE_TIMES))
        return Prediction(latency, text, shown=text, bits=bits)

    def _count(self, *texts: tuple[list[str], int]) -> None:
        for tokens, times in texts:
            self._grams.add(tokens, times)


def _goes_on(token: str) -> bool:
    """Whether what is typed next may be a part of this token: it ends in a word or a space."""
    return "\n" not in token and (token[-1].isalnum() or token[-1] in "_ \t")


def _grams_of(root: Path) -> NGrams:
    """Of all code in a repository."""
    grams = NGrams()
    for path in walk(root):
        if isinstance(path, Path) and language_of(path) is not None:
            try:
                grams.add(tokens_of(read(path)))
            except Unreadable:
                continue
    return grams
