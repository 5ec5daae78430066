"""Turns text into unit vectors with static token vectors: the weighted mean of a text's words.

There is no context between tokens, so a text is only a bag of word pieces with counts. That makes
the vectors cheap (microseconds a snippet), which is what indexing a whole workspace on a laptop
needs. A piece counts by the line it stands in: a snippet says first what it is, and code that is
still being written says last what it needs. Splitting and counting happen here; everything learned
is in the ONNX graph.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, repeat
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

WEIGHTS = Path(__file__).with_name("weights")

# Longer texts are cut: what a snippet is about stands in its first eighty lines or so.
LONGEST_TEXT = 3000

# A snippet's first line counts so often, and each further line less than the one above it. A query
# counts by its end, each line above that less. `model/training/README.md` has the figures.
_FIRST_LINE = 8.0
_LINE_BELOW = 0.9
_LINE_ABOVE = 0.8

# Texts in one run of the graph: large enough to pay for the call, small enough for the CPU's cache.
_BATCH = 32

# A word piece is never wider than an identifier's part: HTTPServer_v2 -> HTTP, Server, v, 2.
# Everything beyond ASCII counts as a lower-case letter. Punctuation stands alone.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z\x80-\U0010ffff]+|[0-9]+|[^\w\s]")

# Words whose pieces are remembered; code repeats itself, so almost every word is found here.
_REMEMBERED_WORDS = 100_000


def words(text: str) -> list[str]:
    """The words and punctuation of a text, with identifiers split at their humps."""
    return _WORD.findall(text)


class WordPieces:
    """Counts the word pieces of texts under a vocabulary (a `tokenizers` file)."""

    def __init__(self, tokenizer: Tokenizer):
        self._tokenizer = tokenizer
        self._known: dict[str, tuple[int, ...]] = {}

    def count(self, text: str, weights: Iterable[float] = repeat(1)) -> dict[int, float]:
        """How often each piece occurs in `text`, each time as much as its line weighs.

        `weights` has a number for each line, at least as many as there are.
        """
        counts: defaultdict[int, float] = defaultdict(float)
        known = self._known
        for line, weight in zip(text.split("\n"), weights, strict=False):
            for word in words(line):
                pieces = known.get(word)
                for piece in self._pieces(word) if pieces is None else pieces:
                    counts[piece] += weight
        return counts

    def _pieces(self, word: str) -> tuple[int, ...]:
        """The pieces of a word that is new, which is remembered."""
        if len(self._known) >= _REMEMBERED_WORDS:
            self._known.clear()
        pieces = self._known[word] = tuple(self._tokenizer.encode(word).ids)
        return pieces


class Embedder:
    """A static code embedding, ready to run. `load_embedder` makes one."""

    def __init__(
        self, name: str, dimensions: int, pieces: WordPieces, session: ort.InferenceSession
    ):
        self.name = name
        """Identity: vectors of embedders with different names must not be mixed."""
        self.dimensions = dimensions
        self._pieces = pieces
        self._session = session

    def embed(self, snippets: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, [len(snippets), dimensions]; a text without words has a zero vector.

        The first line counts most, so it should say what the snippet is. May be called from several
        threads at once, as `embed_queries` may.
        """
        return self._embed(
            [self._pieces.count(each.lstrip()[:LONGEST_TEXT], _from_top()) for each in snippets]
        )

    def embed_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """As `embed`, of what snippets are to be found for: words, or the code above a cursor."""
        texts = [query.rstrip()[-LONGEST_TEXT:] for query in queries]
        return self._embed(
            [self._pieces.count(text, _towards_end(text.count("\n"))) for text in texts]
        )

    def _embed(self, counts: Sequence[Mapping[int, float]]) -> NDArray[np.float32]:
        vectors = np.zeros((len(counts), self.dimensions), np.float32)
        # Texts of like length go together, so that little of a batch is padding.
        order = sorted(range(len(counts)), key=lambda number: len(counts[number]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            vectors[rows] = self._run([counts[row] for row in rows])
        return vectors

    def _run(self, counts: Sequence[Mapping[int, float]]) -> NDArray[np.float32]:
        ids, numbers = padded(counts)
        (vectors,) = self._session.run(None, {"ids": ids, "counts": numbers})
        result: NDArray[np.float32] = vectors
        return result


def _from_top() -> Iterator[float]:
    """What each line of a snippet weighs, without end."""
    return chain([_FIRST_LINE], (_LINE_BELOW**line for line in count(1)))


def _towards_end(last_line: int) -> Iterator[float]:
    """What each line of a query weighs, the last of which is the `last_line`-th from zero."""
    return (_LINE_ABOVE**distance for distance in range(last_line, -1, -1))


def padded(counts: Sequence[Mapping[int, float]]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Piece ids and their counts, both [len(counts), most pieces of any]; padding counts zero."""
    width = max(1, max(map(len, counts), default=0))
    ids = np.zeros((len(counts), width), np.int32)
    numbers = np.zeros((len(counts), width), np.float32)
    for row, bag in enumerate(counts):
        ids[row, : len(bag)] = np.fromiter(bag.keys(), np.int32, len(bag))
        numbers[row, : len(bag)] = np.fromiter(bag.values(), np.float32, len(bag))
    return ids, numbers


def load_embedder(folder: Path | None = None) -> Embedder:
    """The embedder in `folder`, by default the one that is shipped with Bowerbird."""
    folder = folder or WEIGHTS
    card = json.loads((folder / "embedding.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_file(str(folder / "embedding.tokenizer.json"))
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # a batch is over in a millisecond; waking threads costs more
    session = ort.InferenceSession(
        folder / "embedding.onnx", options, providers=["CPUExecutionProvider"]
    )
    return Embedder(card["name"], card["dimensions"], WordPieces(tokenizer), session)
