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
    speed = speed_of(int8_faster)
    recipe, reason = choose(MILLIONS, ["avx512_vnni"], FREE, speed, reads_at_8_bits=False)
    assert recipe == best
    assert reason.startswith(f"{best}, since")
    assert "188 ms" in reason
    assert "444 ms" in reason


def test_prompts_that_are_read_at_8_bits_anyway_are_no_reason_to_write_at_8_bits() -> None:
    def measured(precision: Precision) -> Speed:
        return Speed(1e-6, 2e-5) if precision == INT8_CHANNELS else Speed(3e-6, 1e-5)

    for apart, best in ((True, "int4"), (False, "int8")):
        recipe, _ = choose(MILLIONS, ["avx512_vnni"], FREE, measured, reads_at_8_bits=apart)
        assert recipe == best


def test_without_exact_products_8_bits_are_not_taken() -> None:
    recipe, reason = choose(MILLIONS, ["avx2"], FREE, unmeasured, reads_at_8_bits=True)
    assert (recipe, reason) == ("int4", reason)
    assert "no exact product" in reason


def test_little_memory_asks_for_the_smallest() -> None:
    free, sets = 1_500_000_000, ["avx512_vnni"]
    recipe, reason = choose(MILLIONS, sets, free, unmeasured, reads_at_8_bits=True)
    assert recipe == "mixed"
    assert "1.5 GB" in reason


@pytest.mark.parametrize("precision", [INT4, INT8_CHANNELS])
def test_a_product_is_really_measured(precision: Precision) -> None:
    speed = speed_here(precision)
    assert 0 < speed.reading < 1
    assert 0 < speed.writing < 1
