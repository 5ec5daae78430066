"""The settings: one frozen tree, from defaults < `bowerbird.toml` < client < environment.

`load` never fails: what it cannot use it leaves out and names in a warning. Each field carries
its explanation; `table` makes the README's table from them.
"""

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from indexer.engine_name import EngineName
from indexer.regular import read_regular
from indexer.vectors.engines import AS_IT_IS, SERVER_KEY
from lsp_server.engine.confidence import Eagerness
from model.catalog import DEFAULT_MODEL

FILE_NAME = "bowerbird.toml"
_LONGEST_FILE = 1 << 18  # bytes


def _setting(
    default: Any, explanation: str, least: int | None = None, choices: tuple[str, ...] = ()
) -> Any:
    metadata = {"explanation": explanation, "least": least, "choices": choices}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class ModelSettings:
    """The model that writes suggestions.

    The user's own choice: `bowerbird.toml` comes with a repository, which may be hostile, and
    must not make this machine download, load or occupy anything.
    """

    name: str = _setting(
        DEFAULT_MODEL,
        "Model that writes suggestions; `bowerbird model list` shows the known ones, and `index` "
        "stands for none.",
    )
    allow_download: bool = _setting(
        False,
        "Download the model when it is not installed. Nothing else uses the network, but for the "
        "server that `index.server` may name.",
    )
    threads: int = _setting(0, "Processor threads of the model; 0 means one a physical core.", 0)


@dataclass(frozen=True)
class CompletionSettings:
    """When and how suggestions are made."""

    enabled: bool = _setting(True, "Suggest code at the cursor.")
    deadline_ms: int = _setting(
        2500,
        "Milliseconds after which a suggestion is shown as far as it has come; 0: no limit.",
        0,
    )
    max_tokens: int = _setting(64, "Longest suggestion, in tokens of the model.", 1)
    eagerness: Eagerness = _setting(
        "balanced",
        "How sure a suggestion must be to be shown: `quiet`, `balanced` or `eager`.",
        choices=get_args(Eagerness),
    )
    quick_first: bool = _setting(
        True,
        "Where reading all that a suggestion is made from takes long, show one from the nearest "
        "lines first. Beside another model, the one that comes with Bowerbird makes it.",
    )
    low_power: bool = _setting(
        False, "Use one thread of the processor, and compute nothing before it is asked for."
    )


@dataclass(frozen=True)
class IndexSettings:
    """What is known of the workspace."""

    enabled: bool = _setting(
        True, "Index the workspace's files; without it only open files are used."
    )
    libraries: bool = _setting(
        True,
        "Index the libraries that the workspace's code imports, too, for hover and the list of "
        "names.",
    )
    engine: str = _setting(
        AS_IT_IS,
        "What keeps vectors: `hnswlib`, `faiss` (very many), `chroma` or `qdrant`; `auto` leaves "
        "an index where it is, and a new one in hnswlib.",
        choices=(AS_IT_IS, *get_args(EngineName)),
    )
    server: str = _setting(
        "",
        "URL of a Chroma or Qdrant server that keeps the vectors; numbers and vectors go there, no "
        f"text. The key it asks for, if any, is in `{SERVER_KEY}`.",
    )


@dataclass(frozen=True)
class Settings:
    """All settings, by section."""

    model: ModelSettings = ModelSettings()
    completion: CompletionSettings = CompletionSettings()
    index: IndexSettings = IndexSettings()


USER_ONLY = frozenset({"model", "index.engine", "index.server"})
"""Sections and settings that a workspace's `bowerbird.toml` cannot set."""


def load(
    root: Path | None, client: object, environment: Mapping[str, str]
) -> tuple[Settings, list[str]]:
    """Settings for a workspace, and a sentence for everything that was left out.

    `root` is the workspace's folder, `client` what the editor sends for the section "bowerbird"
    (any JSON value), `environment` holds variables such as `BOWERBIRD_COMPLETION_DEADLINE_MS`.
    """
    warnings: list[str] = []
    project, client_name = _project_layer(root, warnings), "the editor's settings"
    settings = _applied(Settings(), project, FILE_NAME, warnings)
    settings = _applied(settings, client, client_name, warnings)
    settings = _applied(
        settings, _environment_layer(environment, warnings), "the environment", warnings
    )
    return settings, warnings


def _project_layer(root: Path | None, warnings: list[str]) -> dict[str, object]:
    if root is None or not (path := root / FILE_NAME).is_file():
        return {}
    try:
        values = tomllib.loads(read_regular(path, _LONGEST_FILE).decode("utf-8"))
    except (OSError, ValueError) as error:
        warnings.append(f"{path} is ignored: {error}.")
        return {}
    for name in sorted(USER_ONLY):
        section, _, key = name.partition(".")
        table = values.get(section, {}) if key else values
        if isinstance(table, dict) and table.pop(key or section, None) is not None:
            warnings.append(
                f"{name} in {path} is ignored: only your editor's settings and the environment "
                "choose it, a repository cannot."
            )
    return values


def _environment_layer(
    environment: Mapping[str, str], warnings: list[str]
) -> dict[str, dict[str, object]]:
    layer: dict[str, dict[str, object]] = {}
    for section in dataclasses.fields(Settings):
        start = f"BOWERBIRD_{section.name.upper()}_"
        for variable in sorted(environment):
            if variable.startswith(start):
                key = variable.removeprefix(start).lower()
                layer.setdefault(section.name, {})[key] = _from_text(environment[variable])
    return layer


def _from_text(text: str) -> object:
    """A variable's value as the type it looks like."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if text.removeprefix("-").isdecimal() else text


def _applied(settings: Settings, layer: object, origin: str, warnings: list[str]) -> Settings:
    """`settings` with a layer's valid values laid over them."""
    if not isinstance(layer, Mapping):
        if layer is not None:
            warnings.append(f"Settings from {origin} are ignored: they are not a table.")
        return settings
    sections = {
        section.name: getattr(settings, section.name) for section in dataclasses.fields(Settings)
    }
    for name, values in layer.items():
        if name in sections and isinstance(values, Mapping):
            valid = dict(_valid(name, sections[name], values, origin, warnings))
            sections[name] = dataclasses.replace(sections[name], **valid)
        else:
            warnings.append(_unknown(str(name), sections, origin))
    return Settings(**sections)


def _valid(
    section: str, defaults: Any, values: Mapping[str, object], origin: str, warnings: list[str]
) -> Iterator[tuple[str, object]]:
    """The values that the section knows and that have the right type."""
    known = {item.name: item for item in dataclasses.fields(defaults)}
    for key, value in values.items():
        name = f"{section}.{key}"
        if key not in known:
            warnings.append(_unknown(name, [f"{section}.{each}" for each in known], origin))
            continue
        least, choices = known[key].metadata["least"], known[key].metadata["choices"]
        expected = type(known[key].default)
        if type(value) is not expected:
            warnings.append(
                f"{name} in {origin} is ignored: it must be {_TYPES[expected]}, not {value!r}."
            )
        elif least is not None and isinstance(value, int) and value < least:
            warnings.append(f"{name} in {origin} is ignored: it must be at least {least}.")
        elif choices and value not in choices:
            one_of = " or ".join(choices)
            warnings.append(f"{name} in {origin} is ignored: it must be {one_of}, not {value!r}.")
        else:
            yield key, value


_TYPES: dict[type, str] = {bool: "true or false", int: "a whole number", str: "a text"}


def _unknown(name: str, known: object, origin: str) -> str:
    names = ", ".join(known) if isinstance(known, (list, dict)) else ""
    return f"{name} in {origin} is unknown and ignored; known here: {names}."


def table() -> str:
    """The settings as a Markdown table: name, default, environment variable, explanation."""
    lines = ["| setting | default | environment | |", "|---|---|---|---|"]
    for section in dataclasses.fields(Settings):
        for item in dataclasses.fields(type(section.default)):  # type: ignore[arg-type]
            variable = f"BOWERBIRD_{section.name}_{item.name}".upper()
            default = str(item.default).lower() if isinstance(item.default, bool) else item.default
            shown = f"`{default}`" if default != "" else "none"
            lines.append(
                f"| `{section.name}.{item.name}` | {shown} | `{variable}` "
                f"| {item.metadata['explanation']} |"
            )
    return "\n".join(lines)
