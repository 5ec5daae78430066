"""Many texts as counted word pieces in three flat arrays, quick to store and to take batches of."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.embed import LONGEST_TEXT, WordPieces


@dataclass(frozen=True)
class Bags:
    """Text i has the pieces `ids[offsets[i]:offsets[i + 1]]`, each `counts[...]` times."""

    ids: NDArray[np.int32]
    counts: NDArray[np.uint8]
    """Capped at 255."""
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, rows: NDArray[np.int64]) -> "Bags":
        """The texts `rows`, in that order."""
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        # Each piece's place: its text's start plus its place within the text.
        places = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Bags(self.ids[places], self.counts[places], offsets)

    def save(self, path: Path) -> None:
        """Writes the arrays to an .npz file."""
        np.savez(path, ids=self.ids, counts=self.counts, offsets=self.offsets)


def load(path: Path) -> Bags:
    """Reads what `Bags.save` wrote."""
    with np.load(path) as arrays:
        return Bags(arrays["ids"], arrays["counts"], arrays["offsets"])


def bags_of(texts: Iterable[str], pieces: WordPieces) -> Bags:
    """Counts the pieces of texts."""
    ids: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
    counts: list[NDArray[np.uint8]] = [np.empty(0, np.uint8)]
    for text in texts:
        bag = pieces.count(text[:LONGEST_TEXT])
        ids.append(np.fromiter(bag.keys(), np.int32, len(bag)))
        counts.append(np.fromiter((min(int(n), 255) for n in bag.values()), np.uint8, len(bag)))
    offsets = np.cumsum([len(x) for x in ids], dtype=np.int64)
    return Bags(np.concatenate(ids), np.concatenate(counts), offsets)
