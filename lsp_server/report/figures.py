"""The figures of the report, from the log of suggestions and the contents of an index."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from indexer.results import FileContents
from lsp_server.metrics import Request

_DEEPEST = 3  # parts of a folder's name
_FEW = 4  # as many folders or fewer say little about where the code lies


@dataclass(frozen=True)
class Outcome:
    """What became of some requests."""

    name: str
    requests: int
    shown: int
    accepted: int
    median_ms: float | None
    """Of the requests that were not answered along the suggestion before."""
    slow_ms: float | None
    """Nine of ten of them took less."""

    @property
    def share(self) -> float | None:
        """Accepted of shown."""
        return self.accepted / self.shown if self.shown else None


def outcome(name: str, requests: Sequence[Request]) -> Outcome:
    """What became of these requests."""
    times = sorted(request.latency_ms for request in requests if not request.along)
    return Outcome(
        name=name,
        requests=len(requests),
        shown=sum(request.characters > 0 for request in requests),
        accepted=sum(request.accepted for request in requests),
        median_ms=median(times) if times else None,
        slow_ms=times[int(len(times) * 0.9)] if times else None,
    )


def outcomes(requests: Iterable[Request], key: Callable[[Request], str]) -> list[Outcome]:
    """What became of requests, grouped by `key`; the largest group first."""
    groups: dict[str, list[Request]] = {}
    for request in requests:
        groups.setdefault(key(request), []).append(request)
    found = [outcome(name, group) for name, group in groups.items()]
    return sorted(found, key=lambda each: -each.requests)


def day(request: Request) -> str:
    """The day of a request, in the time of this machine."""
    return date.fromtimestamp(request.at).isoformat()


def origin(request: Request) -> str:
    """Where an answer came from."""
    if request.along:
        return "the suggestion before, typed along"
    if request.model == "index":
        return "the index alone"
    return "the model, with snippets" if request.snippets else "the model alone"


def without_model(requests: Sequence[Request]) -> float | None:
    """The share of requests that were answered with the rest of the suggestion before."""
    return sum(request.along for request in requests) / len(requests) if requests else None


def from_cache(requests: Iterable[Request]) -> float | None:
    """The share of prompt tokens that were in the model's cache."""
    read = reused = 0
    for request in requests:
        read, reused = read + request.read_tokens, reused + request.reused_tokens
    return reused / (read + reused) if read + reused else None


def by_language(contents: Iterable[FileContents]) -> Counter[str]:
    """Snippets of each language."""
    counts: Counter[str] = Counter()
    for file in contents:
        counts[file.language] += file.snippets
    return counts


def by_folder(contents: Sequence[FileContents]) -> Counter[str]:
    """Snippets of each folder; as deep as it takes to tell some folders apart."""
    counts: Counter[str] = Counter()
    for depth in range(1, _DEEPEST + 1):
        counts = Counter()
        for file in contents:
            parts = file.path.split("/")[:-1][:depth]
            counts["/".join(parts) or "."] += file.snippets
        if len(counts) > _FEW:
            break
    return counts
