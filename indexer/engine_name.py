"""The names of what can keep vectors, apart, so that the command line need not load any."""

from typing import Literal

EngineName = Literal["hnswlib", "faiss", "chroma", "qdrant"]
