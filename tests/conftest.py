"""Fixtures that several packages' tests share."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model import store

# The benchmarks are not installed. Last, so that of the packages the installed ones are tested.
sys.path.append(str(Path(__file__).parents[1]))

MODELS = Path(__file__).parents[1] / ".work" / "models"
"""Models are pulled here once and kept; git ignores the folder."""


@pytest.fixture(scope="session", autouse=True)
def reading_graphs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the graphs that read prompts, which homes share: each takes seconds to make.

    Servers' homes find it in the environment (`editor.environment`).
    """
    folder = tmp_path_factory.mktemp("reading")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("READING_GRAPHS", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def bowerbird_home(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    reading_graphs: Path,
) -> Path:
    """A home of its own for each test, so that none reads or writes the user's.

    There is no model in it; a test that asks for one has it through BOWERBIRD_MODELS. Servers index
    no libraries, which takes seconds.
    """
    for variable in [name for name in os.environ if name.startswith("BOWERBIRD_")]:
        monkeypatch.delenv(variable)
    if {"small_model", "qwen_model"} & set(request.fixturenames):
        monkeypatch.setenv("BOWERBIRD_MODELS", str(MODELS))
    home = tmp_path_factory.mktemp("home")
    (home / "reading").symlink_to(reading_graphs)
    monkeypatch.setenv("BOWERBIRD_HOME", str(home))
    monkeypatch.setenv("BOWERBIRD_INDEX_LIBRARIES", "false")
    return home


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only tests marked `network`, and the fixtures that pull models, reach another machine.

    A server in a process of its own is watched in `tests/faults/test_network.py`.
    """
    if request.node.get_closest_marker("network"):
        return
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            raise OSError(f"a test wants to reach {address[0]}")
        connect(self, address)

    def look_up_here(host: Any, *arguments: Any, **options: Any) -> Any:
        if host is not None and not _is_here(host):
            raise socket.gaierror(f"a test wants to reach {host}")
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)


def _is_here(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    return name in ("localhost", "::1", "") or name.startswith("127.")


@pytest.fixture(scope="session")
def small_model() -> Iterator[Path]:
    """Folder of the small default model, installed and found under its name."""
    yield from _installed("smollm2-135m")


@pytest.fixture(scope="session")
def qwen_model() -> Iterator[Path]:
    """Folder of the better model; for slow tests, because it may download 491 MB."""
    yield from _installed("qwen2.5-coder-0.5b")


def _installed(name: str) -> Iterator[Path]:
    folder = store.pull(name, folder=MODELS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOWERBIRD_MODELS", str(MODELS))
        yield folder
