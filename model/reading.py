"""Opens a decoder's second graph, which reads prompts (`reading_graph.py`).

It is made when a model is first loaded, and kept in Bowerbird's home.
"""

import logging
import shutil
import tempfile
from pathlib import Path

import onnxruntime as ort

from model.paths import home
from model.providers import CPU, session_options
from model.reading_graph import write_reading_graph

_FORM = 2
"""Of the graphs that are kept: another number has them made anew."""

_log = logging.getLogger(__name__)


def open_reader(
    path: Path, session: ort.InferenceSession, threads: int | None = None
) -> ort.InferenceSession | None:
    """A session of the second graph of the model at `path`, which `session` runs.

    None on another device than the processor, where there is no gain, or no place to keep it.
    """
    if session.get_providers()[0] != CPU:
        return None
    try:
        graph = _kept_graph(path)
    except OSError as error:
        _log.warning("Prompts are read at half the speed, as a graph cannot be kept: %s.", error)
        return None
    if graph is None:
        return None
    try:
        return ort.InferenceSession(str(graph), session_options(threads), providers=[CPU])
    except Exception as error:  # noqa: BLE001 - ONNX Runtime may raise anything; do without
        shutil.rmtree(graph.parent, ignore_errors=True)
        _log.warning("Prompts are read at half the speed until the next start: %s.", error)
        return None


def _kept_graph(path: Path) -> Path | None:
    """The second graph's file, which is written unless it is there; raises OSError."""
    data = Path(f"{path}.data").stat()
    version = f"{data.st_size}-{data.st_mtime_ns}-{_FORM}"
    folder = home() / "reading" / f"{path.parent.name}-{version}"
    graph = folder / path.name
    if graph.exists():
        return graph
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Written under another name first, so that the graph is either there whole or not at all.
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        made = Path(work) / "made"
        made.mkdir()
        if not write_reading_graph(path, made / path.name):
            return None
        for old in folder.parent.glob(f"{path.parent.name}-*"):
            if old != folder:  # which another process may have made meanwhile
                shutil.rmtree(old, ignore_errors=True)
        if not folder.exists():
            made.rename(folder)
    return graph
