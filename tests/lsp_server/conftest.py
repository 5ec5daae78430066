"""A small workspace, and a client with a real server on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from editor import FILES, Client, connected


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small workspace of Python files."""
    root = tmp_path / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip())
    return root


@pytest.fixture
async def client(project: Path) -> AsyncIterator[Client]:
    """A client whose workspace is indexed, without a model."""
    async with connected(project) as connected_client:
        yield connected_client
