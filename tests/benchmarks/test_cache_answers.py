"""How the benchmark of the cache compares answers, on the shipped student and on made-up scores."""

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np

from benchmarks.cache_answers import compare, margin_between, opened
from model.store import path_of
from model.templates import Prompt

PROMPT = Prompt((), "shop/cart.py", "import os\n\nfor name in names:\n", "\n", "    path = os.pa")
OTHERS = [replace(PROMPT, typed=typed) for typed in ("    if name.star", "    total = len(")]


def scores(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_margin_is_that_of_the_first_difference() -> None:
    ours = [scores(-1, -2), scores(-0.5, -0.75), scores(-9, 0)]
    assert margin_between(ours, ours) is None
    assert margin_between(ours, [scores(-1, -2), scores(-0.7, -0.6), scores(0, -9)]) == 0.25


def test_a_model_answers_as_itself_and_not_as_one_that_is_spoilt(tmp_path: Path) -> None:
    folder = path_of("nestling")
    spoilt = copytree(folder, tmp_path / "spoilt")
    weights = spoilt / "model.onnx.data"
    data = np.fromfile(weights, np.uint8)
    data[: data.size // 4] ^= 0x11
    data.tofile(weights)
    others = {"same": opened(folder), "spoilt": opened(spoilt)}
    *_, found = compare(opened(folder), others, [PROMPT, *OTHERS])
    assert (found["same"].same_tokens, found["same"].same_text) == (3, 3)
    assert found["same"].margins == []
    assert found["spoilt"].same_tokens < 3
    assert len(found["spoilt"].margins) == 3 - found["spoilt"].same_tokens
    assert min(found["spoilt"].margins) >= 0
