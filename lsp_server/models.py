"""Gets the model that the settings name: loads it, and first pulls it when that is allowed."""

import logging
from collections.abc import Callable

from lsp_server.client import Progress
from lsp_server.settings import ModelSettings
from model.catalog import DEFAULT_MODEL, known_models
from model.language_model import LanguageModel, load_model
from model.store import pull, usable

NO_MODEL = "index"
"""The setting with which suggestions come from the index alone."""

_log = logging.getLogger(__name__)


def available(settings: ModelSettings) -> bool:
    """Whether the model can be loaded now."""
    return settings.name in usable()


def obtain(settings: ModelSettings, progress: Callable[[str], Progress]) -> LanguageModel | None:
    """The model, or None with a sentence in the log when it is neither there nor to be pulled.

    Takes seconds, or minutes when it downloads. Raises `StoreError` and `ModelError`.
    """
    if settings.name == NO_MODEL:
        return None
    if not available(settings):
        if not settings.allow_download or settings.name not in known_models():
            _log.info(
                "The model %s is not installed, so suggestions come from the index alone: run "
                "`bowerbird model pull %s`, or set model.allow_download.",
                settings.name,
                settings.name,
            )
            return None
        _pull(settings.name, progress(f"Downloading {settings.name}"))
    model = load_model(settings.name, threads=settings.threads or None)
    _log.info("Suggestions come from %s.", settings.name)
    return model


def quick_beside(model: LanguageModel, settings: ModelSettings) -> LanguageModel:
    """The model that answers first where the chosen one has much to read: the one that comes along.

    Takes half a second. Raises `StoreError` and `ModelError`.
    """
    if model.name == DEFAULT_MODEL:
        return model
    return load_model(DEFAULT_MODEL, threads=settings.threads or None)


def _pull(name: str, bar: Progress) -> None:
    try:
        pull(name, progress=bar.report)
    finally:
        bar.end()
