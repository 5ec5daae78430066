"""The installed models that benchmarks are asked to measure."""

from pathlib import Path

from lsp_server.commands.terminal import fail
from model.store import StoreError, path_of


def folder_of(name: str) -> Path:
    """Where a model is installed; ends the program with a sentence where it is not."""
    try:
        return path_of(name)
    except StoreError as error:
        fail(str(error))
