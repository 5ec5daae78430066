"""Quantizing an installed model, and the card of what comes out, with the tiny decoder."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from model import store
from model.convert import convert
from model.language_model import load_model
from model.measuring import card, evaluation
from model.recipes import RECIPES
from model.store import StoreError


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the tiny decoder installed; its context is too short for the usual texts."""
    folder = tmp_path / "models" / "bird"
    folder.mkdir(parents=True)
    tiny.write(folder / store.SOURCE, "qwen2", tiny.weights("qwen2"))
    convert(folder / store.SOURCE, folder, "fp32")
    monkeypatch.setattr(evaluation, "LENGTH", 64)
    monkeypatch.setattr(evaluation, "_LINES_BEFORE", 2)
    monkeypatch.setattr(evaluation, "_LINES_AFTER", 1)
    monkeypatch.setattr(card, "LINES", 2)
    monkeypatch.setattr("model.measuring.speed.PROMPT", 256)
    monkeypatch.setattr("model.measuring.speed.CAPACITY", 288)
    # Its context alone takes a tenth of what `mixed` may: give it room for parts at 8 bits.
    monkeypatch.setitem(RECIPES, "mixed", replace(RECIPES["mixed"], share=0.6))
    return tmp_path / "models"


def test_a_model_is_made_beside_the_other_and_used_by_its_name(models: Path) -> None:
    steps: set[str] = set()
    folder = store.quantize(
        "bird", "mixed", folder=models, progress=lambda done, total, what: steps.add(what)
    )
    assert folder == models / "bird-mixed"
    assert store.installed(models) == ["bird", "bird-mixed"]
    assert load_model("bird-mixed", folder=models).name == "bird-mixed"
    assert {"measuring the layers", "calibrating", "completing lines"} <= steps
    kept = json.loads((models / "bird" / "sensitivity.json").read_text())
    assert set(kept) == {str(len(tiny.tokens()))}


def test_what_was_measured_of_the_layers_is_not_measured_again(models: Path) -> None:
    steps: list[str] = []
    for _ in range(2):
        steps.clear()
        store.quantize(
            "bird", "mixed", folder=models, progress=lambda done, total, what: steps.append(what)
        )
    assert "measuring the layers" not in steps


def test_the_card_of_fp32_says_that_it_is_the_source(models: Path) -> None:
    found = card.read(store.quantize("bird", "fp32", folder=models))
    assert found.agreement > 0.99
    assert found.bits_per_byte == pytest.approx(found.bits_per_byte_fp32, abs=1e-3)
    assert found.bits_per_weight > 32
    assert (found.made_from, found.recipe, found.finer_parts) == ("bird", "fp32", [])
    assert found.prefill > 0 < found.decode


def test_the_card_of_4_bits_is_smaller_and_says_what_it_cost(models: Path) -> None:
    folder = store.quantize("bird", "int4", folder=models)
    found = card.read(folder)
    assert found.bytes == (folder / "model.onnx.data").stat().st_size
    assert 0.2 < found.agreement < 1
    text = (folder / "README.md").read_text()
    assert text.startswith("# bird-int4\n")
    for figure in (f"{found.agreement:.1%}", f"{found.bits_per_byte:.4f}", "`int4`"):
        assert figure in text


def test_without_its_source_a_model_cannot_be_quantized(models: Path) -> None:
    (models / "bird" / store.SOURCE).unlink()
    with pytest.raises(StoreError, match=r"bird has no source\.gguf"):
        store.quantize("bird", "int4", folder=models)


def test_recipes_are_known_by_the_names_in_the_documentation() -> None:
    names = ["fp32", "fp16", "int8", "int4", "int4-b32", "int4-gptq", "mixed", "mixed-large"]
    assert list(RECIPES) == names


def test_lines_are_cut_inside_and_always_the_same() -> None:
    first = evaluation.lines(5)
    assert first == evaluation.lines(5)
    for line in first:
        assert line.rest.strip()
        assert line.prompt.typed == line.prompt.typed.lstrip() or line.prompt.prefix
