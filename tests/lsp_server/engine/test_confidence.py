from pathlib import Path

import pytest

from lsp_server.engine import confidence
from lsp_server.engine.confidence import EAGERNESSES, OTHERS, Scale, Scales, load, save, scales_of

SCALE = Scale(1.0, 2.0, quiet=0.7, balanced=0.5, eager=0.05)


def test_the_less_probable_the_less_sure() -> None:
    assert SCALE.confidence(0.0) == pytest.approx(0.731, abs=0.001)
    sure = [SCALE.confidence(each) for each in (0.0, -0.5, -2.0, -9.0)]
    assert sure == sorted(sure, reverse=True)
    assert all(0 < each < 1 for each in sure)


def test_below_some_probability_all_are_as_unlikely() -> None:
    assert SCALE.confidence(-1e6) == SCALE.confidence(-100)


@pytest.mark.parametrize("name", load())
def test_the_more_eager_the_less_sure_a_suggestion_must_be(name: str) -> None:
    for scale in (scales_of(name).line, scales_of(name).beginning):
        quiet, balanced, eager = (scale.least(each) for each in EAGERNESSES)
        assert 1 >= quiet >= balanced >= eager > 0
        assert scale.weight > 0


def test_a_recipe_has_the_scales_of_its_model() -> None:
    assert scales_of("qwen2.5-coder-0.5b-mixed") == load()["qwen2.5-coder-0.5b"]
    assert scales_of("nestling") == load()["nestling"]
    assert scales_of("nestlings") == scales_of("unheard-of") == load()[OTHERS]


def test_what_is_written_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confidence, "_FILE", tmp_path / "confidence.toml")
    written = {"a.b-1": Scales(SCALE, SCALE), OTHERS: Scales(SCALE, SCALE)}
    save(written)
    assert load() == written
