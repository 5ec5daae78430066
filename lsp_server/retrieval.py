"""What of the workspace helps at a cursor: found when the cursor arrives, kept while it is near."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from indexer.index import WorkspaceIndex
from indexer.notebooks import is_notebook
from indexer.results import Hit
from indexer.search import Mode
from lsp_server.context import Context
from lsp_server.likeness import distinct, passages, read_place

_SNIPPETS = 50  # searched for passages, and whose texts count beside the model
_PASSAGES = 20  # found at most
_QUERY_LINES = 12  # before the cursor

# What is less like the place than this is no help, and the prefix makes better use of its room.
_LEAST_LIKE = 0.5
_LEAST_LIKE_PROSE = 0.25  # where prose is written; lines of it are seldom much alike
_STAYING_LINES = 8  # what was found serves as long as the cursor stays so near
_PLACES = 4  # of each document, for which what was found is kept
_DOCUMENTS = 16


@dataclass(frozen=True)
class Found:
    """What was found for a line of a document, best first."""

    line: int
    hits: tuple[Hit, ...]
    """Passages that are like the code at the cursor."""
    texts: tuple[str, ...]
    """All snippets of other files in which they were looked for."""

    def serves(self, context: Context) -> bool:
        """Whether the cursor is near enough; where no passage was found, on the same line."""
        return abs(self.line - context.line) <= (_STAYING_LINES if self.hits else 0)

    def distance(self, context: Context) -> tuple[bool, int]:
        """How far from the cursor it was found; what was found above it is nearer."""
        return self.line > context.line, abs(self.line - context.line)


class Retriever:
    """Searches the workspace's indexes for what helps at a cursor; one thread uses it at a time.

    `mode` is how they are searched for snippets, of which passages are then taken: by words alone,
    unless told otherwise, since what comes next shares names with what stands here, and search by
    meaning, which takes longer, brings no more of the lines that are wanted.
    """

    def __init__(self, indexes: Sequence[WorkspaceIndex], mode: Mode = "lexical") -> None:
        self._indexes = tuple(indexes)
        self._mode: Mode = mode
        self._found: dict[str, list[Found]] = {}  # of each document, the newest last

    def near(self, context: Context, shown: tuple[int, int]) -> Found:
        """What was found here before, while the cursor stays near; else what is found now.

        Other passages would mean reading the whole prompt again; so what was found ahead, for the
        line below, changes nothing on this one. What is little like the place is left out.
        """
        kept = self._found[context.path] = self._found.pop(context.path, [])
        if len(self._found) > _DOCUMENTS:
            del self._found[next(iter(self._found))]
        serving = [each for each in kept if each.serves(context)]
        if serving:
            return min(serving, key=lambda each: each.distance(context))
        found = self.search(context, shown)
        least = _LEAST_LIKE_PROSE if context.in_prose else _LEAST_LIKE
        like = tuple(hit for hit in found.hits if hit.score >= least)
        kept.append(replace(found, hits=like))
        del kept[:-_PLACES]
        return kept[-1]

    def latest(self, limit: int) -> Iterator[str]:
        """The texts of so many snippets of each workspace, what was changed last first."""
        for index in self._indexes:
            for snippet in index.latest(limit):
                yield snippet.text

    def search(self, context: Context, shown: tuple[int, int]) -> Found:
        """What is found for the code at the cursor in every workspace.

        No passage is from what is `shown` of the same file anyway: from where to where, in
        characters.
        """
        if is_notebook(context.path):  # of whose cells most are shown
            shown = (0, sys.maxsize)
        place = read_place(context)
        query = "\n".join([*context.before.splitlines()[-_QUERY_LINES:], context.typed])
        hits: list[Hit] = []
        texts: list[str] = []
        for index in self._indexes:
            found = index.search(query, limit=_SNIPPETS, mode=self._mode)
            snippets = [hit.snippet for hit in found]
            rarity = index.rarity(place.closeness.keys())
            for snippet in snippets:
                hidden = shown if snippet.path == context.path else (0, -1)
                hits += passages(place, snippet, rarity, hidden)
            texts += [each.text for each in snippets if each.path != context.path]
        best = sorted(hits, key=lambda hit: -hit.score)[: 2 * _PASSAGES]
        return Found(context.line, tuple(distinct(best)[:_PASSAGES]), tuple(texts))
