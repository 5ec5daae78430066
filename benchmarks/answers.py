"""Keeps what systems answered, so that an interrupted run goes on and a longer one only adds."""

import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.systems import EngineSystem, Prediction, System

WORK = Path(__file__).parents[1] / ".work" / "completion"

# The packages and modules that an answer depends on, by the module of the system.
_PRODUCT = ("lsp_server", "indexer", "model")
_CODE = {
    "benchmarks.systems": (*_PRODUCT, "benchmarks.systems", "benchmarks.likelihood"),
    "benchmarks.floor": (*_PRODUCT, "benchmarks.systems", "benchmarks.floor", "benchmarks.ngram"),
    # Its requests take long, and nothing of the product but this composes them.
    "benchmarks.llama_vim": (
        "benchmarks.llama_vim",
        "lsp_server.engine.context",
        "lsp_server.engine.syntax",
        "indexer.walk",
        "indexer.languages",
    ),
}

# Of the engine's, what makes something else of an answer that is kept (`systems.decided`).
_DECIDES = (
    "lsp_server.engine.postprocess",
    "lsp_server.engine.confidence",
    "lsp_server.engine.showing",
)


class Answers:
    """The answers of one system, under the code and weights as they are now.

    Without a folder they are kept for this run alone.
    """

    def __init__(self, system: System, folder: Path | None) -> None:
        name = f"{system.model} {system.arm} {_state(system)}.jsonl"
        self._path = folder / name if folder else None
        self._known: dict[str, Prediction] = {}
        if self._path and self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                case, prediction = json.loads(line)
                prediction["steps"] = tuple(map(tuple, prediction["steps"]))  # JSON has lists only
                self._known[case] = Prediction(**prediction)

    def get(self, case: Case) -> Prediction | None:
        """The answer to a case, if it was ever asked."""
        return self._known.get(case.name)

    def __getitem__(self, case: Case) -> Prediction:
        return self._known[case.name]

    def put(self, case: Case, prediction: Prediction) -> None:
        """Keeps an answer, on disk at once."""
        self._known[case.name] = prediction
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([case.name, asdict(prediction)]) + "\n")


def _state(system: System) -> str:
    """A hash of what an answer depends on: code that is loaded, the prompt's length, weights."""
    digest = hashlib.sha256()
    code = _CODE.get(type(system).__module__, _PRODUCT)
    for name, module in sorted(sys.modules.items()):
        counts = any(name == each or name.startswith(f"{each}.") for each in code)
        if counts and not name.startswith(_DECIDES) and getattr(module, "__file__", None):
            digest.update(Path(str(module.__file__)).read_bytes())
    if isinstance(system, EngineSystem):
        digest.update(f"{system.prompt_tokens} {system.weights} {system.measures_bits}".encode())
    return digest.hexdigest()[:12]
