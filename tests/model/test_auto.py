import pytest

from model.auto import Speed, choose, speed_here
from model.recipes import INT4, INT8_CHANNELS, Precision

MILLIONS = 500_000_000
FREE = 8_000_000_000


def speed_of(int8_faster: bool):
    def measured(precision: Precision) -> Speed:
        fast = (precision == INT8_CHANNELS) == int8_faster
        return Speed(1e-6 if fast else 3e-6, 1e-5)

    return measured


def unmeasured(precision: Precision) -> Speed:
    raise AssertionError("Nothing had to be measured.")


@pytest.mark.parametrize(("int8_faster", "best"), [(True, "int8"), (False, "int4")])
def test_the_faster_recipe_is_chosen_and_the_times_are_told(int8_faster: bool, best: str) -> None:
    recipe, reason = choose(MILLIONS, ["avx2", "avx512_vnni"], FREE, speed_of(int8_faster))
    assert recipe == best
    assert reason.startswith(f"{best}, since")
    assert "188 ms" in reason
    assert "444 ms" in reason


def test_without_exact_products_8_bits_are_not_taken() -> None:
    recipe, reason = choose(MILLIONS, ["avx2"], FREE, unmeasured)
    assert (recipe, reason) == ("int4", reason)
    assert "no exact product" in reason


def test_little_memory_asks_for_the_smallest() -> None:
    recipe, reason = choose(MILLIONS, ["avx512_vnni"], 1_500_000_000, unmeasured)
    assert recipe == "mixed"
    assert "1.5 GB" in reason


@pytest.mark.parametrize("precision", [INT4, INT8_CHANNELS])
def test_a_product_is_really_measured(precision: Precision) -> None:
    speed = speed_here(precision)
    assert 0 < speed.reading < 1
    assert 0 < speed.writing < 1
