"""Does the shipped embedding find code in packages it never saw, and how fast is it?

    python -m benchmarks.embedding --json benchmarks/results/embedding.json

Two tasks, each within one package at a time, as a search in a workspace is: a docstring finds its
function (which has lost it), and a block of fifteen lines finds the block that follows it. Beside
the shipped vectors: BM25 alone (SQLite FTS5, identifiers whole and split), random vectors for the
same word pieces weighted by rarity (the floor), and BM25 fused with the vectors by reciprocal
ranks, which is what the index does.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import tokenizers
from numpy.typing import NDArray
from tokenizers import Tokenizer

from model.embed import WEIGHTS, Embedder, WordPieces, load_embedder, words
from model.training import retrieval, rules
from model.training.corpus import SourceFile, available
from model.training.fetch import recipe
from model.training.pairs import Pair, pairs_of, unique

Scores = NDArray[np.float32]
System = Callable[[Sequence[str], Sequence[str]], Scores]  # queries, codes -> [queries, codes]

RECIPE = Path("model/training/evaluation.toml")
TASKS = {"docstring": "docstring -> function", "next": "block -> next block"}

_LARGEST_POOL = 500
_SMALLEST_POOL = 50
_FUSION = 60  # the constant of reciprocal rank fusion (Cormack et al. 2009)
_SNIPPET_LINES = 40


@dataclass(frozen=True)
class Pool:
    """The pairs of one package and one task; each query's answer is the code at its place."""

    package: str
    language: str
    task: str
    queries: list[str]
    codes: list[str]


def pools(files: Sequence[SourceFile], package: str, language: str) -> Iterator[Pool]:
    """The pools of a package that has enough pairs."""
    pairs = list(unique(pair for file in files for pair in pairs_of(file)))
    for task in TASKS:
        chosen = sorted((pair for pair in pairs if pair.kind == task), key=_hash)[:_LARGEST_POOL]
        if len(chosen) >= _SMALLEST_POOL:
            queries, codes = [pair.query for pair in chosen], [pair.code for pair in chosen]
            yield Pool(package, language, task, queries, codes)


def _hash(pair: Pair) -> bytes:
    return hashlib.sha256((pair.query + pair.code).encode()).digest()


def written_by_hand(file: SourceFile) -> bool:
    """Whether a file is the package's own code; its being reserved is the point here."""
    return rules.refusal(file.path, file.text) in (None, "reserved")


def by_bm25(queries: Sequence[str], codes: Sequence[str]) -> Scores:
    """BM25 over identifiers, whole and in parts."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE codes USING fts5 (terms, tokenize = 'ascii')")
    database.executemany("INSERT INTO codes VALUES (?)", [(" ".join(_terms(x)),) for x in codes])
    scores = np.zeros((len(queries), len(codes)), np.float32)
    sql = "SELECT rowid - 1, -bm25(codes) FROM codes WHERE codes MATCH ?"
    for row, query in zip(scores, queries, strict=True):
        if terms := dict.fromkeys(_terms(query)):
            match = " OR ".join(f'"{term}"' for term in terms)
            for place, score in database.execute(sql, (match,)):
                row[place] = score
    return scores


def _terms(text: str) -> list[str]:
    whole = re.findall(r"\w+", text)
    parts = (part for part in words(text) if part.isalnum())
    return [term.lower() for term in (*whole, *parts)]


def by_random_vectors(tokenizer: Tokenizer, dimensions: int) -> System:
    """The floor: nothing learned but the vocabulary."""
    random = np.random.default_rng(0)
    table = random.standard_normal((tokenizer.get_vocab_size(), dimensions), np.float32)
    pieces = WordPieces(tokenizer)

    def score(queries: Sequence[str], codes: Sequence[str]) -> Scores:
        counts = [pieces.count(text) for text in codes]
        frequency = Counter(piece for count in counts for piece in count)

        def vector(count: Counter[int]) -> Scores:
            gains = [n**0.5 * np.log(1 + len(codes) / (1 + frequency[i])) for i, n in count.items()]
            found: Scores = np.array(gains, np.float32) @ table[list(count)]
            return found / max(1e-12, float(np.linalg.norm(found)))

        return _cosines([vector(pieces.count(x)) for x in queries], [vector(x) for x in counts])

    return score


def _cosines(queries: Sequence[Scores], codes: Sequence[Scores]) -> Scores:
    result: Scores = np.stack(queries) @ np.stack(codes).T
    return result


def by_vectors(embedder: Embedder) -> System:
    """Cosines of the embedder's vectors."""
    return lambda queries, codes: embedder.embed(queries) @ embedder.embed(codes).T


def fused(*systems: System) -> System:
    """Reciprocal rank fusion of systems."""

    def score(queries: Sequence[str], codes: Sequence[str]) -> Scores:
        ranks = [(-system(queries, codes)).argsort(axis=1).argsort(axis=1) for system in systems]
        total: Scores = (1 / (_FUSION + 1 + np.stack(ranks))).sum(axis=0, dtype=np.float32)
        return total

    return score


def speed(embedder: Embedder, files: Sequence[SourceFile]) -> dict[str, float]:
    """Snippets of forty lines embedded in a second, the median of five runs, and of one query."""
    lines = [file.text.splitlines() for file in files]
    texts = ["\n".join(x[i : i + _SNIPPET_LINES]) for x in lines for i in range(0, len(x), 40)]
    texts = texts[:5000]
    runs = [_seconds(partial(embedder.embed, texts)) for _ in range(5)]
    queries = [_seconds(partial(embedder.embed, [text])) for text in texts[:200]]
    return {
        "snippets_per_second": len(texts) / float(np.median(runs)),
        "first_run_snippets_per_second": len(texts) / runs[0],
        "mean_characters": float(np.mean([len(text) for text in texts])),
        "one_snippet_ms": 1000 * float(np.median(queries)),
    }


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def measure(weights: Path) -> dict[str, Any]:
    """All figures of one run."""
    embedder = load_embedder(weights)
    tokenizer = Tokenizer.from_file(str(weights / "embedding.tokenizer.json"))
    vectors = by_vectors(embedder)
    systems: dict[str, System] = {
        "random vectors": by_random_vectors(tokenizer, embedder.dimensions),
        "BM25": by_bm25,
        embedder.name: vectors,
        f"BM25 + {embedder.name}": fused(by_bm25, vectors),
    }
    results: dict[tuple[str, str], list[tuple[Pool, retrieval.Retrieval]]] = {}
    everything: list[SourceFile] = []
    for package, found in available(recipe(RECIPE)):
        files = [file for file in found if written_by_hand(file)]
        everything += files
        for pool in pools(files, package.pin, package.language):
            for name, system in systems.items():
                result = retrieval.of_scores(system(pool.queries, pool.codes))
                results.setdefault((pool.task, name), []).append((pool, result))
    return {
        "tasks": [_row(task, name, found) for (task, name), found in results.items()],
        "speed": speed(embedder, everything),
        "megabytes": sum(path.stat().st_size for path in weights.glob("embedding*")) / 1e6,
        "machine": _machine(),
    }


def _row(task: str, name: str, found: list[tuple[Pool, retrieval.Retrieval]]) -> dict[str, object]:
    by_language: dict[str, list[retrieval.Retrieval]] = {}
    for pool, result in found:
        by_language.setdefault(pool.language, []).append(result)
    return {
        "task": TASKS[task],
        "system": name,
        "packages": len(found),
        **asdict(retrieval.mean([result for _, result in found])),
        "mrr_at_10_by_language": {
            language: retrieval.mean(group).mrr_at_10 for language, group in by_language.items()
        },
    }


def _machine() -> dict[str, object]:
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "tokenizers": tokenizers.__version__,
    }


def main() -> None:
    """Prints the table; `--json` also writes every figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the embedding")
    options = parser.parse_args()
    report = measure(options.weights)
    for row in report["tasks"]:
        print(
            "{task:24} {system:24} MRR@10 {mrr_at_10:.3f}  recall@10 {recall_at_10:.3f}".format(
                **row
            )
        )
    print(
        "{snippets_per_second:.0f} snippets/s, one in {one_snippet_ms:.2f} ms".format(
            **report["speed"]
        )
    )
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
