"""A small workspace, and a client with a real server on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from editor import Client, connected, write_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small workspace of Python files."""
    return write_project(tmp_path)


@pytest.fixture
async def client(project: Path) -> AsyncIterator[Client]:
    """A client whose workspace is indexed, without a model."""
    async with connected(project) as own_client:
        yield own_client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """The same for all tests of a module, which change no files; a server takes a second to start.

    The tests are marked `pytest.mark.asyncio(loop_scope="module")`.
    """
    async with connected(write_project(tmp_path_factory.mktemp("module"))) as shared_client:
        yield shared_client
