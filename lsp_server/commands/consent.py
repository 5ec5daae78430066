"""Asks a person on a terminal whether the default model may be downloaded."""

import typer

from lsp_server.commands.model import install
from lsp_server.commands.terminal import megabytes, on_terminal
from model import store
from model.catalog import DEFAULT_MODEL, known_models


def offer_default_model(yes: bool = False) -> None:
    """Offer to install the default model when no model is installed and a person is there.

    Nothing is downloaded without a yes, be it given beforehand; without a model the index alone
    makes suggestions.
    """
    if store.installed():
        return
    if yes:
        install(DEFAULT_MODEL)
    if yes or not on_terminal():
        return
    size = megabytes(known_models()[DEFAULT_MODEL].sources[0].size)
    question = (
        f"No model is installed. Download {DEFAULT_MODEL} ({size}, once)? "
        "Without it, suggestions come from the index alone."
    )
    if typer.confirm(question, default=True, err=True):
        install(DEFAULT_MODEL)
