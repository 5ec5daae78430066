"""Every engine that is installed, in turn."""

import pytest
from vector_stores import PERSISTENT, Open, qdrant_client


@pytest.fixture(params=(*PERSISTENT, qdrant_client), ids=lambda engine: engine.__name__)
def open_store(request: pytest.FixtureRequest) -> Open:
    """Opens a store of each engine in turn."""
    return request.param


@pytest.fixture(params=PERSISTENT, ids=lambda engine: engine.__name__)
def open_kept(request: pytest.FixtureRequest) -> Open:
    """Opens a store of each engine that keeps its vectors on this machine."""
    return request.param
