"""What of the workspace helps at a cursor: found when the cursor arrives, kept while it is near."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from indexer.index import WorkspaceIndex
from indexer.notebooks import is_notebook
from indexer.results import Hit
from indexer.search import Mode
from indexer.snippets import Snippet
from lsp_server.engine.context import Context
from lsp_server.engine.likeness import Place, distinct, passages, read_place
from lsp_server.engine.recent import OpenDocument, may_be_shown, near, regions

_SNIPPETS = 50  # searched for passages, and whose texts count beside the model
_PASSAGES = 20  # found at most
_QUERY_LINES = 12  # before the cursor

# What is less like the place than this is no help, and the prefix makes better use of its room.
_LEAST_LIKE = 0.5
_LEAST_LIKE_PROSE = 0.25  # where prose is written; lines of it are seldom much alike
_STAYING_LINES = 8  # what was found serves as long as the cursor stays so near
_PLACES = 4  # of each document, for which what was found is kept
_DOCUMENTS = 16

# What was just edited counts as so much more like the place than it is: what the user did there is
# likely to be done here, too.
_EDITED = 2.0
_MUCH_LIKE = 1.0  # what was edited and is half as like


@dataclass(frozen=True)
class Found:
    """What was found for a line of a document, best first."""

    line: int
    hits: tuple[Hit, ...]
    """Passages that are like the code at the cursor."""
    texts: tuple[str, ...]
    """All of other files in which they were looked for."""
    elsewhere: float = 0.0
    """When another document had been edited last."""

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

        Once the user has been at work elsewhere, it is searched again; but the passages stay,
        unless one that was edited is much like the place.
        """
        kept = self._found[context.path] = self._found.pop(context.path, [])
        if len(self._found) > _DOCUMENTS:
            del self._found[next(iter(self._found))]
        serving = [each for each in kept if each.serves(context)]
        last = min(serving, key=lambda each: each.distance(context), default=None)
        if last and last.elsewhere == context.recent.elsewhere:
            return last
        found = self.search(context, shown)
        least = _LEAST_LIKE_PROSE if context.in_prose else _LEAST_LIKE
        like = tuple(hit for hit in found.hits if hit.score >= least)
        if last and not any(hit.score >= _MUCH_LIKE and hit not in last.hits for hit in like):
            kept.remove(last)
            found, like = replace(found, line=last.line), last.hits
        kept.append(replace(found, hits=like))
        del kept[:-_PLACES]
        return kept[-1]

    def latest(self, limit: int) -> Iterator[str]:
        """The texts of so many snippets of each workspace, what was changed last first."""
        for index in self._indexes:
            for snippet in index.latest(limit):
                yield snippet.text

    def search(self, context: Context, shown: tuple[int, int]) -> Found:
        """What is found for the code at the cursor in every workspace, and in what was edited.

        No passage is from what is `shown` of the same file anyway: from where to where, in
        characters.
        """
        if is_notebook(context.path):  # of whose cells most are shown
            shown = (0, sys.maxsize)
        place = read_place(context)
        query = "\n".join([*context.before.splitlines()[-_QUERY_LINES:], context.typed])
        edits, recent = self._recent(context)
        hits: list[Hit] = []
        texts = [*recent]
        rarity: Mapping[str, float] = {}
        for index in self._indexes:
            found = index.search(query, limit=_SNIPPETS, mode=self._mode)
            snippets = [hit.snippet for hit in found]
            rarity = index.rarity(place.closeness.keys())
            hits += _like(place, snippets, rarity, context.path, shown)
            texts += [
                snippet.text
                for snippet in snippets
                if snippet.path != context.path and not any(snippet.text in text for text in recent)
            ]
        rarity = rarity or dict.fromkeys(place.closeness, 1.0)  # nothing is indexed
        for hit in _like(place, edits, rarity, context.path, shown):
            hits.append(replace(hit, score=_EDITED * hit.score))
        best = sorted(hits, key=lambda hit: -hit.score)[: 2 * _PASSAGES]
        distinctly = tuple(distinct(best)[:_PASSAGES])
        return Found(context.line, distinctly, tuple(texts), context.recent.elsewhere)

    def _recent(self, context: Context) -> tuple[list[Snippet], list[str]]:
        """What was just edited, and the texts of that and of what is open, but for this document's.

        Newest first. Passages of what is open and was not edited are found in the index.
        """
        others = [each for each in context.recent.documents if self._may_be_shown(each)]
        edited = [region for document in others for region in regions(document)]
        here = OpenDocument(context.path, context.language, context.text, context.recent.edits)
        texts = [region.text for region in edited] + [near(document) for document in others]
        return [*regions(here), *edited], texts

    def _may_be_shown(self, document: OpenDocument) -> bool:
        """Whether the index would take a document in."""
        is_out = any(index.leaves_out(document.path) for index in self._indexes)
        return not is_out and may_be_shown(document.path, document.text)


def _like(
    place: Place,
    snippets: Iterable[Snippet],
    rarity: Mapping[str, float],
    path: str,
    shown: tuple[int, int],
) -> Iterator[Hit]:
    """The passages of snippets that are like a place in the file at `path`, but what is shown."""
    for snippet in snippets:
        yield from passages(place, snippet, rarity, shown if snippet.path == path else (0, -1))
