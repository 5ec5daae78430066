"""Trains the token vectors by contrast and exports them: `python -m model.training.embedding`.

A text and its counterpart (`model.training.pairs`) should lie closer than the text and every other
counterpart in the batch (InfoNCE, van den Oord et al. 2018). Batches hold runs of pairs from one
package, since telling a package's own functions apart is what search in a workspace asks for.
"""

import argparse
import json
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from model.embed import WEIGHTS, WordPieces
from model.training import bags, export, pairs, retrieval, vocabulary
from model.training.bags import Bags
from model.training.corpus import CORPUS

log = logging.getLogger(__name__)

CHECKPOINT = CORPUS / "embedding.pt"

# One package in this many is never trained on, to choose settings by.
_HELD_OUT = 25
_DEVELOPMENT_POOL = 500  # pairs of one held-out package and kind

_REPORT_EVERY = 250  # steps; a checkpoint is written then, too

# The share of the pairs of each kind that one pass over the data uses, drawn anew for each pass.
_SHARES = {"docstring": 1.0, "comment": 0.5, "name": 0.25, "signature": 0.5, "next": 0.3}


@dataclass(frozen=True)
class Settings:
    """What a run may vary; the shipped weights use the defaults."""

    dimensions: int = 256
    steps: int = 1200
    batch: int = 1024
    run: int = 128
    """Pairs in a row that come from one package; more make harder batches."""
    learning_rate: float = 0.003
    temperature: float = 0.06
    dropped: float = 0.05
    """Share of pieces hidden from each text, so that no single word decides."""
    seed: int = 0


class StaticEmbedding:
    """Sum of a text's token vectors, each times a learned gain and a power of its count."""

    def __init__(self, rarity: Tensor, dimensions: int):
        table = torch.randn(len(rarity), dimensions) / math.sqrt(dimensions)
        self.table = table.requires_grad_()
        self.log_gain = rarity.log().requires_grad_()
        self.saturation = torch.tensor(0.5, requires_grad=True)

    def parameters(self) -> list[Tensor]:
        """What is learned."""
        return [self.table, self.log_gain, self.saturation]

    def embed(self, batch: Bags, dropped: float = 0.0) -> Tensor:
        """Unit vectors [texts, dimensions], with a share of the pieces hidden."""
        ids = torch.from_numpy(batch.ids.astype(np.int64))
        counts = torch.from_numpy(batch.counts.astype(np.float32))
        # An embedding lookup, since its gradient is far cheaper than that of plain indexing.
        log_gains = functional.embedding(ids, self.log_gain[:, None])[:, 0]
        gains = log_gains.exp() * counts**self.saturation
        if dropped:
            gains = gains * (torch.rand(len(gains)) >= dropped)
        offsets = torch.from_numpy(batch.offsets[:-1])
        sums = functional.embedding_bag(
            ids, self.table, offsets, mode="sum", per_sample_weights=gains
        )
        return functional.normalize(sums)


@dataclass(frozen=True)
class Examples:
    """Pairs as counted pieces, with the kind and package of each."""

    queries: Bags
    codes: Bags
    kinds: NDArray[np.str_]
    packages: NDArray[np.str_]

    def take(self, rows: NDArray[np.int64]) -> "Examples":
        """The pairs `rows`."""
        return Examples(
            self.queries.take(rows), self.codes.take(rows), self.kinds[rows], self.packages[rows]
        )


def examples(tokenizer: Tokenizer, folder: Path = CORPUS) -> Examples:
    """All pairs of the corpus, counted once and kept beside it."""
    stores = [folder / f"{name}.npz" for name in ("queries", "codes", "labels")]
    if not all(store.exists() for store in stores):
        found = list(pairs.read(folder))
        pieces = WordPieces(tokenizer)
        bags.bags_of((pair.query for pair in found), pieces).save(stores[0])
        bags.bags_of((pair.code for pair in found), pieces).save(stores[1])
        kinds, packages = [pair.kind for pair in found], [pair.package for pair in found]
        np.savez(stores[2], kinds=np.array(kinds), packages=np.array(packages))
    with np.load(stores[2]) as labels:
        return Examples(
            bags.load(stores[0]), bags.load(stores[1]), labels["kinds"], labels["packages"]
        )


def rarity(codes: Bags, vocabulary_size: int) -> Tensor:
    """Inverse document frequency of each piece, where the gains start."""
    frequency = np.bincount(codes.ids, minlength=vocabulary_size)
    return torch.from_numpy(np.log(1 + len(codes) / (1 + frequency)).astype(np.float32))


def batches(
    data: Examples, rows: NDArray[np.int64], settings: Settings
) -> Iterator[NDArray[np.int64]]:
    """Endless batches of rows, each of many short runs; a run is of one package and one kind."""
    random = np.random.default_rng(settings.seed)
    groups = np.unique(np.char.add(data.packages[rows], data.kinds[rows]), return_inverse=True)[1]
    while True:
        used = random.random(len(rows)) < np.vectorize(_SHARES.__getitem__)(data.kinds[rows])
        order = random.permutation(len(rows))
        order = order[used[order]]
        order = order[np.argsort(groups[order], kind="stable")]
        runs = [order[i : i + settings.run] for i in range(0, len(order), settings.run)]
        random.shuffle(runs)
        shuffled = rows[np.concatenate(runs)]
        for start in range(0, len(shuffled) - settings.batch + 1, settings.batch):
            yield shuffled[start : start + settings.batch]


def contrast(queries: Tensor, codes: Tensor, temperature: float) -> Tensor:
    """InfoNCE in both directions over a batch of pairs."""
    scores = queries @ codes.T / temperature
    right = torch.arange(len(scores))
    return (functional.cross_entropy(scores, right) + functional.cross_entropy(scores.T, right)) / 2


def split(data: Examples) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to train on and rows of held-out packages."""
    names = np.unique(data.packages)
    held_out = np.isin(data.packages, names[::_HELD_OUT])
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def development_score(
    model: StaticEmbedding, data: Examples, rows: NDArray[np.int64]
) -> dict[str, retrieval.Retrieval]:
    """Retrieval within each held-out package, by kind."""
    results: dict[str, list[retrieval.Retrieval]] = {kind: [] for kind in _SHARES}
    for package in np.unique(data.packages[rows]):
        for kind, found in results.items():
            here = rows[(data.packages[rows] == package) & (data.kinds[rows] == kind)]
            pool = data.take(here[:_DEVELOPMENT_POOL])
            if len(pool.codes) >= 50:
                with torch.no_grad():
                    scores = model.embed(pool.queries) @ model.embed(pool.codes).T
                found.append(retrieval.of_scores(scores.numpy()))
    return {kind: retrieval.mean(found) for kind, found in results.items() if found}


def train(data: Examples, vocabulary_size: int, settings: Settings) -> StaticEmbedding:
    """Trains from random vectors, or goes on from the checkpoint if there is one."""
    torch.manual_seed(settings.seed)
    training, held_out = split(data)
    model = StaticEmbedding(rarity(data.codes, vocabulary_size), settings.dimensions)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate, fused=True)
    schedule = OneCycleLR(
        optimizer, settings.learning_rate, settings.steps, pct_start=0.05, anneal_strategy="linear"
    )
    log.info("untrained: %s", _table(development_score(model, data, held_out)))
    first = _resume(model, optimizer, schedule)
    started, losses = time.monotonic(), []
    order = islice(batches(data, training, settings), settings.steps)
    for step, rows in enumerate(order, start=1):
        if step <= first:
            continue  # so a resumed run goes on with the batches that it has not seen
        batch = data.take(rows)
        queries, codes = (model.embed(x, settings.dropped) for x in (batch.queries, batch.codes))
        loss = contrast(queries, codes, settings.temperature)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % _REPORT_EVERY == 0 or step == settings.steps:
            score = _table(development_score(model, data, held_out))
            seconds, recent = time.monotonic() - started, np.mean(losses[-_REPORT_EVERY:])
            log.info("step %d, %.0f s, loss %.3f: %s", step, seconds, recent, score)
            _save(step, model, optimizer, schedule)
    return model


def _table(scores: dict[str, retrieval.Retrieval]) -> str:
    return ", ".join(f"{kind} {score.mrr_at_10:.3f}" for kind, score in scores.items())


def _save(step: int, model: StaticEmbedding, optimizer: Optimizer, schedule: LRScheduler) -> None:
    states = {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    torch.save({"step": step, "parameters": model.parameters(), **states}, CHECKPOINT)


def _resume(model: StaticEmbedding, optimizer: Optimizer, schedule: LRScheduler) -> int:
    """Goes back to the last checkpoint; returns its step, 0 without one."""
    if not CHECKPOINT.exists():
        return 0
    checkpoint = torch.load(CHECKPOINT, weights_only=True)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), checkpoint["parameters"], strict=True):
            parameter.copy_(value)
    optimizer.load_state_dict(checkpoint["optimizer"])
    schedule.load_state_dict(checkpoint["schedule"])
    return int(checkpoint["step"])


def token_vectors(model: StaticEmbedding) -> export.TokenVectors:
    """What the graph needs of a trained model."""
    table = model.table * model.log_gain.exp()[:, None]
    return export.TokenVectors(table.detach().numpy(), float(model.saturation.detach()))


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder for the weights")
    out: Path = parser.parse_args().out
    tokenizer = Tokenizer.from_file(str(vocabulary.path()))
    data = examples(tokenizer)
    log.info("%d pairs", len(data.codes))
    model = train(data, tokenizer.get_vocab_size(), Settings())
    facts = json.loads((CORPUS / "report.json").read_text(encoding="utf-8"))
    name = export.write(out, "twig", token_vectors(model), tokenizer, _card(facts["sha256"]))
    print(name)


def _card(corpus_hash: str) -> dict[str, object]:
    return {
        "licence": "Apache-2.0",
        "origin": "trained from random vectors by model/training on model/training/corpus.toml",
        "corpus_sha256": corpus_hash,
    }


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    _main()
