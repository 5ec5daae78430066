"""Keeps the models that the settings name loaded, however the settings change."""

import asyncio
import logging
import threading
from collections.abc import Callable

from lsp_server import models
from lsp_server.client import Client
from lsp_server.settings import Settings

_log = logging.getLogger(__name__)

_LOOK_AROUND = 2.0  # seconds between two looks for a model that is not installed


class Loading:
    """What models there are, and whether others come. Belongs to the event loop.

    `changed` is called when there are other models, `began` when others begin to be loaded.
    """

    def __init__(self, client: Client, changed: Callable[[], None], began: Callable[[], None]):
        self.models = models.NONE
        self.is_under_way = False
        self._client = client
        self._changed, self._began = changed, began
        self._wanted: models.Wanted | None = None

    def follow(self, settings: Settings) -> None:
        """Load what is wanted now, unless that was wanted before."""
        if models.wanted(settings) != self._wanted:
            self._load(models.wanted(settings))

    def _load(self, wanted: models.Wanted) -> None:
        self._wanted, self.is_under_way = wanted, True
        self._began()
        threading.Thread(target=self._obtain, args=(wanted,), name="model", daemon=True).start()

    def _obtain(self, wanted: models.Wanted) -> None:
        """Runs in a thread of its own: a model takes seconds to load, minutes to download."""
        got, failed = models.NONE, False

        def meanwhile(quick: models.Models) -> None:
            self._client.post(self._use, wanted, quick)

        try:
            got = models.obtain(wanted, self._client.progress, meanwhile)
        except Exception as error:  # noqa: BLE001 - without its model the server still serves
            failed = True
            _log.error("The model %s cannot be used: %s", wanted.model.name, error)
            _log.debug("Getting the model failed", exc_info=True)
        self._client.post(self._loaded, wanted, got, failed)

    def _loaded(self, wanted: models.Wanted, got: models.Models, failed: bool) -> None:
        if wanted == self._wanted:
            self.is_under_way = False
            self._use(wanted, got)
            if got.main is None and not failed and wanted.model.name != models.NO_MODEL:
                self._client.start(self._await(wanted))

    def _use(self, wanted: models.Wanted, got: models.Models) -> None:
        if wanted == self._wanted:  # else the settings changed meanwhile
            self.models = got
            self._changed()

    async def _await(self, wanted: models.Wanted) -> None:
        """Take the model into use once somebody has installed it."""
        while wanted == self._wanted:
            await asyncio.sleep(_LOOK_AROUND)
            if await asyncio.to_thread(models.available, wanted.model):
                self._load(wanted)
                return
