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


def make_private(folder: Path) -> None:
    """Make a folder, and what is missing of those it lies in, for its user's eyes only."""
    for each in reversed([folder, *folder.parents]):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)


def models_folder() -> Path:
    """Folder with one folder for each installed model; `BOWERBIRD_MODELS` overrides it."""
    override = os.environ.get("BOWERBIRD_MODELS")
    return Path(override) if override else home() / "models"


def indexes_folder() -> Path:
    """Folder with one folder for each indexed workspace."""
    return home() / "indexes"


def libraries_folder() -> Path:
    """Folder with one file for each indexed library."""
    return home() / "libraries"
