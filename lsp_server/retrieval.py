"""What of the workspace helps at a cursor: found when the cursor arrives, kept while it is near."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.index import WorkspaceIndex
from indexer.results import Hit
from indexer.search import Mode
from lsp_server.context import Context
from lsp_server.likeness import Place, distinct, passages, read_place

_SNIPPETS = 30  # searched for passages
_PASSAGES = 20  # found at most
_QUERY_LINES = 12  # before the cursor

# What is less like the place than this is no help, and the prefix makes better use of its room.
_LEAST_LIKE = 0.5
_STAYING_LINES = 8  # what was found serves as long as the cursor stays so near
_PLACES = 4  # of each document, for which what was found is kept


@dataclass(frozen=True)
class _Found:
    """What was found for a line of a document."""

    line: int
    hits: tuple[Hit, ...]

    def serves(self, context: Context) -> bool:
        """Whether the cursor is near enough; where nothing was found, on the same line."""
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
        self._found: dict[str, list[_Found]] = {}  # of each document, the newest last

    def near(self, context: Context, shown: tuple[int, int]) -> tuple[Hit, ...]:
        """What was found here before, while the cursor stays near; else what is found now.

        Other passages would mean reading the whole prompt again; so what was found ahead, for the
        line below, changes nothing on this one. What is little like the place is left out.
        """
        found = self._found.setdefault(context.path, [])
        serving = [each for each in found if each.serves(context)]
        if serving:
            return min(serving, key=lambda each: each.distance(context)).hits
        hits = self.search(context, shown)
        found.append(_Found(context.line, tuple(hit for hit in hits if hit.score >= _LEAST_LIKE)))
        del found[:-_PLACES]
        return found[-1].hits

    def search(self, context: Context, shown: tuple[int, int]) -> tuple[Hit, ...]:
        """Passages like the code at the cursor, from every workspace, best first.

        Left out are those of the same file that overlap what is `shown` of it anyway: from where
        to where, in characters.
        """
        place = read_place(context)
        query = "\n".join([*context.before.splitlines()[-_QUERY_LINES:], context.typed])
        hits = [
            hit
            for index in self._indexes
            for hit in _search(index, query, self._mode, place, context.path, shown)
        ]
        return tuple(
            distinct(sorted(hits, key=lambda hit: -hit.score)[: 2 * _PASSAGES])[:_PASSAGES]
        )


def _search(
    index: WorkspaceIndex,
    query: str,
    mode: Mode,
    place: Place,
    path: str,
    shown: tuple[int, int],
) -> Iterator[Hit]:
    """The passages of one index, in no order."""
    rarity = index.rarity(place.closeness.keys())
    for hit in index.search(query, limit=_SNIPPETS, mode=mode):
        hidden = shown if hit.snippet.path == path else (0, -1)
        yield from passages(place, hit.snippet, rarity, hidden)
