"""The 5-gram floor as a system of the completion benchmark."""

import time
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.ngram import NestedModel, NGrams, tokens_of
from benchmarks.systems import Prediction, context_of
from indexer.index import WorkspaceIndex
from indexer.languages import language_of
from indexer.walk import Unreadable, read, walk
from lsp_server.postprocess import clean
from lsp_server.stops import stop_rule


class FiveGram:
    """Counts a repository once, and leaves the case's own file out of it."""

    model = "5-gram"
    arm = "repository and file"

    def __init__(self) -> None:
        self._root: Path | None = None
        self._grams = NGrams()

    def predict(self, case: Case, index: WorkspaceIndex) -> Prediction:
        """Cuts and cleans the answer as Bowerbird does."""
        if index.root != self._root:
            self._root, self._grams = index.root, _count(index.root)
        own = tokens_of(case.text)
        self._grams.add(own, -1)
        context = context_of(case)
        started = time.perf_counter()
        before = tokens_of(context.before + context.typed)
        beginning = before.pop() if before and _goes_on(before[-1]) else ""
        model = NestedModel(self._grams, (before, tokens_of(case.document[case.start :])))
        text = clean(model.complete(before, beginning, stop_rule(context)), context)
        latency = (time.perf_counter() - started) * 1000
        bits = model.bits(before, beginning, case.expected)
        self._grams.add(own)
        return Prediction(text, shown=text, confidence=1.0, latency_ms=latency, bits=bits)


def _goes_on(token: str) -> bool:
    """Whether what is typed next may be a part of this token: it ends in a word or a space."""
    return "\n" not in token and (token[-1].isalnum() or token[-1] in "_ \t")


def _count(root: Path) -> NGrams:
    """Of all code in a repository."""
    grams = NGrams()
    for path in walk(root):
        if isinstance(path, Path) and language_of(path) is not None:
            try:
                grams.add(tokens_of(read(path)))
            except Unreadable:
                continue
    return grams
