"""Examines what of Bowerbird works on this machine and how fast, and says what to do where not."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnxruntime as ort

from lsp_server import machine
from model.decoder import CHUNK, Decoder
from model.embed import load_embedder
from model.language_model import ModelError, load_model
from model.paths import home, indexes_folder
from model.providers import PREFERRED, physical_cores, short_name
from model.store import StoreError, usable

State = Literal["good", "missing", "broken"]

PREFILL_TOKENS = 512
DECODE_TOKENS = 32

Speeds = dict[str, float]


@dataclass(frozen=True)
class Finding:
    """One thing that was examined."""

    topic: str
    state: State
    """`missing` is something optional that is not there; `broken` needs to be mended."""
    text: str
    advice: str = ""
    speeds: Speeds | None = None
    """Measured figures by name, with the unit in the name."""


def examine() -> Iterator[Finding]:
    """Findings one after the other, as each is ready; measuring takes some seconds a model."""
    yield _processor()
    yield _providers()
    yield _storage()
    yield _indexes()
    yield _embedding()
    yield from map(_model, usable())


def _processor() -> Finding:
    sets = machine.instruction_sets()
    text = f"{machine.cpu_name()}, {physical_cores()} threads, {' '.join(sets)}"
    return Finding("processor", "good", text)


def _providers() -> Finding:
    available = ort.get_available_providers()
    here = [short_name(name) for name in PREFERRED if name in available]
    lacking = [short_name(name) for name in PREFERRED if name not in available]
    text = f"{', '.join(here)}; not in this build of ONNX Runtime: {', '.join(lacking) or 'none'}"
    if len(here) > 1:
        return Finding("providers", "good", text)
    advice = "with a GPU: pip install 'bowerbird[cuda]' (NVIDIA) or 'bowerbird[directml]' (Windows)"
    return Finding("providers", "good", text, advice)


def _storage() -> Finding:
    folder = home()
    used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    return Finding("storage", "good", f"{folder}: {used / 1e6:,.0f} MB, {free / 1e9:,.0f} GB free")


def _indexes() -> Finding:
    databases = sorted(indexes_folder().glob("*/index.sqlite"))
    damaged = [str(database.parent) for database in databases if not _is_whole(database)]
    if damaged:
        advice = f"remove {' and '.join(damaged)}: what is needed is made anew from the code"
        return Finding("indexes", "broken", f"damaged: {len(damaged)} of {len(databases)}", advice)
    if not databases:
        return Finding("indexes", "missing", "none", "bowerbird index PATH, or open an editor")
    return Finding("indexes", "good", f"{len(databases)}, none of them damaged")


def _is_whole(database: Path) -> bool:
    try:
        with closing(sqlite3.connect(database)) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.DatabaseError:
        return False


def _embedding() -> Finding:
    """Speed over this program's own source, cut to the size of a function."""
    try:
        embedder = load_embedder()
    except (OSError, ValueError, RuntimeError) as error:
        return Finding("embedding", "broken", str(error), "install bowerbird again")
    source = Path(machine.__file__).read_text(encoding="utf-8")
    texts = [source[start : start + 800] for start in range(0, len(source), 10)]
    start = time.perf_counter()
    embedder.embed(texts)
    speed = len(texts) / (time.perf_counter() - start)
    text = f"{embedder.name}, {embedder.dimensions} dimensions, {speed:,.0f} snippets/s"
    return Finding("embedding", "good", text, speeds={"snippets_per_second": round(speed, 1)})


def _model(name: str) -> Finding:
    try:
        start = time.perf_counter()
        decoder = load_model(name).decoder
        load_seconds = time.perf_counter() - start
    except (StoreError, ModelError) as error:
        advice = f"bowerbird model remove {name}, then bowerbird model pull {name}"
        return Finding("model", "broken", str(error), advice)
    speeds = _speeds(decoder) | {"load_seconds": round(load_seconds, 2)}
    text = (
        f"{name}: reads {speeds['prefill_tokens_per_second']:,.0f} tokens/s, "
        f"writes {speeds['decode_tokens_per_second']:,.0f} tokens/s, "
        f"is loaded in {load_seconds:.1f} s"
    )
    return Finding("model", "good", text, speeds=speeds)


def _speeds(decoder: Decoder) -> Speeds:
    """Tokens a second in reading a prompt, and in writing one token after the other behind it."""
    tokens = list(range(1, PREFILL_TOKENS + 1))  # which tokens they are makes no difference
    start = time.perf_counter()
    for first in range(0, len(tokens), CHUNK):
        decoder.extend(tokens[first : first + CHUNK])
    read = time.perf_counter()
    for token in tokens[:DECODE_TOKENS]:
        decoder.extend([token])
    written = time.perf_counter()
    return {
        "prefill_tokens_per_second": round(PREFILL_TOKENS / (read - start), 1),
        "decode_tokens_per_second": round(DECODE_TOKENS / (written - read), 1),
    }
