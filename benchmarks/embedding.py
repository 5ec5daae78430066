"""Does the shipped embedding find code in packages it never saw, and how fast is it?

    python -m benchmarks.embedding --json benchmarks/results/embedding.json

Two tasks, each within one package at a time, as a search in a workspace is: a docstring finds its
function (which has lost it), and a block of fifteen lines finds the block that follows it. Beside
the shipped vectors: BM25 alone (SQLite FTS5, identifiers whole and split), all-MiniLM-L6-v2 (its
vectors take most of the time, a quarter of an hour for pools of a hundred on one core, and are kept
in `.work`), random vectors for the same word pieces weighted by rarity (the floor), and BM25 fused
with the vectors by the index's own function. Intervals are 95 %, by bootstrap over the packages.

    python -m benchmarks.embedding --speed

measures only how fast it is, alone.
"""

import argparse
import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import tokenizers
from tokenizers import Tokenizer

from benchmarks import minilm, retrievers
from model.embed import WEIGHTS, load_embedder
from model.training import retrieval, rules
from model.training.corpus import SourceFile, available
from model.training.fetch import Package, recipe
from model.training.pairs import Pair, pairs_of, unique

RECIPE = Path("model/training/evaluation.toml")
TASKS = {"docstring": "docstring -> function", "next": "block -> next block"}

_LARGEST_POOL = 100
_SMALLEST_POOL = 50
_SNIPPET_LINES = 40
_SNIPPETS = 5000
_SNIPPETS_OF_PEER = 200  # a hundredth of our speed is measured well enough on these


@dataclass(frozen=True)
class Pool:
    """The pairs of one package and one task; each query's answer is the code at its place."""

    package: str
    language: str
    task: str
    queries: list[str]
    codes: list[str]


def pools(
    files: Sequence[SourceFile], package: str, language: str, largest: int = _LARGEST_POOL
) -> Iterator[Pool]:
    """The pools of a package that has enough pairs, each of at most `largest`."""
    pairs = list(unique(pair for file in files for pair in pairs_of(file)))
    for task in TASKS:
        chosen = sorted((pair for pair in pairs if pair.kind == task), key=_hash)[:largest]
        if len(chosen) >= _SMALLEST_POOL:
            queries, codes = [pair.query for pair in chosen], [pair.code for pair in chosen]
            yield Pool(package, language, task, queries, codes)


def _hash(pair: Pair) -> bytes:
    return hashlib.sha256((pair.query + pair.code).encode()).digest()


def packages() -> Iterator[tuple[Package, list[SourceFile]]]:
    """The unseen packages, each with the files of it that were written by hand."""
    for package, found in available(recipe(RECIPE)):
        yield package, [file for file in found if written_by_hand(file)]


def written_by_hand(file: SourceFile) -> bool:
    """Whether a file is the package's own code; its being reserved is the point here."""
    return rules.refusal(file.path, file.text) in (None, "reserved")


def speed(embed: Callable[[Sequence[str]], object], texts: Sequence[str]) -> dict[str, float]:
    """Snippets embedded in a second, the median of five runs, and the time of one alone."""
    runs = [_seconds(partial(embed, texts)) for _ in range(5)]
    alone = [_seconds(partial(embed, [text])) for text in texts[:200]]
    return {
        "snippets": len(texts),
        "snippets_per_second": len(texts) / float(np.median(runs)),
        "first_run_snippets_per_second": len(texts) / runs[0],
        "mean_characters": float(np.mean([len(text) for text in texts])),
        "one_snippet_ms": 1000 * float(np.median(alone)),
    }


def _snippets() -> Iterator[str]:
    """Pieces of forty lines of the unseen packages."""
    for _, files in packages():
        for file in files:
            lines = file.text.splitlines()
            for start in range(0, len(lines), _SNIPPET_LINES):
                yield "\n".join(lines[start : start + _SNIPPET_LINES])


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


Found = dict[tuple[str, str], list[tuple[Pool, retrieval.Retrieval]]]
"""What each system found in each task, by (task, system)."""


def measure(weights: Path, largest: int) -> dict[str, Any]:
    """All figures of one run, with pools of at most `largest` pairs."""
    embedder, peer = load_embedder(weights), minilm.MiniLM()
    tokenizer = Tokenizer.from_file(str(weights / "embedding.tokenizer.json"))
    vectors = retrievers.by_vectors(embedder)
    fusion = f"BM25 + {embedder.name}"
    systems: dict[str, retrievers.System] = {
        "random vectors": retrievers.by_random_vectors(tokenizer, embedder.dimensions),
        "BM25": retrievers.by_bm25,
        minilm.NAME: retrievers.by_minilm(peer),
        embedder.name: vectors,
        fusion: retrievers.fused(vectors, retrievers.by_bm25),
    }
    results: Found = {}
    for package, files in packages():
        for pool in pools(files, package.pin, package.language, largest):
            for name, system in systems.items():
                result = retrieval.of_scores(system(pool.queries, pool.codes))
                results.setdefault((pool.task, name), []).append((pool, result))
    texts = list(islice(_snippets(), _SNIPPETS))
    return {
        "largest_pool": largest,
        "tasks": [_row(task, name, found) for (task, name), found in results.items()],
        "leads": [
            lead
            for task in TASKS
            for ahead, behind in ((embedder.name, ("BM25", minilm.NAME)), (fusion, systems))
            for lead in _leads(results, task, ahead, behind)
        ],
        "speed_of_peer": speed(peer.embed, texts[:: len(texts) // _SNIPPETS_OF_PEER]),
        **measure_speed(weights),
    }


def measure_speed(weights: Path) -> dict[str, Any]:
    """How fast the shipped embedding is, and how large its files are."""
    return {
        "speed": speed(load_embedder(weights).embed, list(islice(_snippets(), _SNIPPETS))),
        "megabytes": sum(path.stat().st_size for path in weights.glob("embedding*")) / 1e6,
        "machine": _machine(),
    }


def _leads(
    results: Found, task: str, ahead: str, behind: Iterable[str]
) -> Iterator[dict[str, object]]:
    """By how much one system finds more than each of the others, in the same packages."""
    own = [result.mrr_at_10 for _, result in results[task, ahead]]
    for other in behind:
        if other != ahead:
            theirs = [result.mrr_at_10 for _, result in results[task, other]]
            differences = np.subtract(own, theirs)
            yield {
                "task": TASKS[task],
                "system": ahead,
                "before": other,
                "mrr_at_10": float(differences.mean()),
                "interval": retrieval.interval(differences),
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
        "mrr_at_10_interval": retrieval.interval([x.mrr_at_10 for _, x in found]),
        "recall_at_10_interval": retrieval.interval([x.recall_at_10 for _, x in found]),
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
    parser.add_argument(
        "--largest-pool", type=int, default=_LARGEST_POOL, help="pairs of a package and task"
    )
    parser.add_argument("--speed", action="store_true", help="measure only how fast it is")
    options = parser.parse_args()
    if options.speed:
        report = measure_speed(options.weights)
    else:
        report = measure(options.weights, options.largest_pool)
    show(report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def show(report: dict[str, Any]) -> None:
    """The figures, a line each."""
    for row in report.get("tasks", ()):
        print(
            "{task:24} {system:24} MRR@10 {mrr_at_10:.3f}  recall@10 {recall_at_10:.3f}".format(
                **row
            )
        )
    for lead in report.get("leads", ()):
        low, high = lead["interval"]
        print(
            "{task:24} {system} before {before}: {mrr_at_10:+.3f}".format(**lead),
            f"({low:+.3f} to {high:+.3f})",
        )
    for whose in ("speed", "speed_of_peer"):
        if whose in report:
            print(
                whose.replace("_", " "),
                "{snippets_per_second:.0f} snippets/s, one in {one_snippet_ms:.2f} ms".format(
                    **report[whose]
                ),
            )
    print(f"{report['megabytes']:.1f} MB")


if __name__ == "__main__":
    main()
