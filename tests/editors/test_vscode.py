"""The VS Code extension offers the settings that the server has, with the same defaults."""

import dataclasses
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lsp_server.settings import USER_ONLY, Settings

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"
PACKAGE = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
OFFERED: dict[str, Any] = PACKAGE["contributes"]["configuration"]["properties"]


def test_every_setting_of_the_server_is_offered() -> None:
    for section in dataclasses.fields(Settings):
        for item in dataclasses.fields(section.default):  # type: ignore[arg-type]
            offered = OFFERED[f"bowerbird.{section.name}.{item.name}"]
            assert offered["default"] == item.default
            assert offered["markdownDescription"] == item.metadata["explanation"]
            assert offered.get("minimum") == item.metadata["least"]


def test_a_workspace_cannot_set_what_is_the_users_alone() -> None:
    for name, offered in OFFERED.items():
        setting = name.removeprefix("bowerbird.")
        is_users = not {setting, setting.split(".")[0]}.isdisjoint(USER_ONLY | {"server"})
        assert (offered.get("scope") == "machine") == is_users


def test_the_extension_has_the_servers_version() -> None:
    assert PACKAGE["version"] == version("bowerbird")
