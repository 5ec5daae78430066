"""Gets the model that the settings name: loads it, and first pulls it when that is allowed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from lsp_server.client import Progress
from lsp_server.settings import ModelSettings, Settings
from model.catalog import DEFAULT_MODEL, known_models
from model.language_model import LanguageModel, load_model
from model.store import pull, usable

NO_MODEL = "index"
"""The setting with which suggestions come from the index alone."""

_QUICK_CACHE_BYTES = 32 << 20
"""The quick model's prompts are short, and read again in no time."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What the settings say about the models to load."""

    model: ModelSettings
    quick: bool  # whether there is to be one that answers first where there is much to read


@dataclass(frozen=True)
class Models:
    """What was loaded; both may be the same."""

    main: LanguageModel | None
    quick: LanguageModel | None


NONE = Models(None, None)


def wanted(settings: Settings) -> Wanted:
    """With low power, one thread runs one model."""
    completion, model = settings.completion, settings.model
    if completion.low_power:
        model = replace(model, threads=1)
    return Wanted(model, completion.quick_first and not completion.low_power)


def available(settings: ModelSettings) -> bool:
    """Whether the model can be loaded now."""
    return settings.name in usable()


def obtain(
    wanted: Wanted, progress: Callable[[str], Progress], meanwhile: Callable[[Models], None]
) -> Models:
    """The models; none, with a sentence in the log, when the one is neither there nor to be pulled.

    Takes seconds, or minutes when it downloads. Until then the quick one, which is given to
    `meanwhile` as soon as it is loaded, can answer alone. Raises `StoreError` and `ModelError`.
    """
    settings = wanted.model
    if settings.name == NO_MODEL:
        return NONE
    is_there = available(settings)
    if not is_there and not (settings.allow_download and settings.name in known_models()):
        _log.info(
            "The model %s is not installed, so suggestions come from the index alone: run "
            "`bowerbird model pull %s`, or set model.allow_download.",
            settings.name,
            settings.name,
        )
        return NONE
    threads, quick = settings.threads or None, None
    if wanted.quick and settings.name != DEFAULT_MODEL:
        quick = load_model(DEFAULT_MODEL, threads=threads, cache_bytes=_QUICK_CACHE_BYTES)
        meanwhile(Models(quick, quick))
    if not is_there:
        _pull(settings.name, progress(f"Downloading {settings.name}"))
    main = load_model(settings.name, threads=threads)
    _log.info("Suggestions come from %s.", settings.name)
    return Models(main, quick or (main if wanted.quick else None))


def _pull(name: str, bar: Progress) -> None:
    try:
        pull(name, progress=bar.report)
    finally:
        bar.end()
