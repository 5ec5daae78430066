"""Where Bowerbird keeps what it downloads and what it indexes."""

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """Folder of everything Bowerbird stores; `BOWERBIRD_HOME` overrides the system's default.

    Removing this folder removes every trace of Bowerbird but the package itself.
    """
    override = os.environ.get("BOWERBIRD_HOME")
    return Path(override) if override else platformdirs.user_data_path("bowerbird", appauthor=False)


def models_folder() -> Path:
    """Folder with one folder for each installed model; `BOWERBIRD_MODELS` overrides it."""
    override = os.environ.get("BOWERBIRD_MODELS")
    return Path(override) if override else home() / "models"


def indexes_folder() -> Path:
    """Folder with one folder for each indexed workspace."""
    return home() / "indexes"
