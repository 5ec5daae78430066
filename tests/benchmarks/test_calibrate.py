from pathlib import Path

import numpy as np
import pytest

from benchmarks.calibrate import (
    Answer,
    fit,
    fit_scales,
    probabilities,
    threshold,
)
from benchmarks.cases import Case
from benchmarks.syntax import breaks_parse


def test_the_weights_that_made_the_answers_are_found_again() -> None:
    random = np.random.default_rng(1)
    evidence = np.column_stack([np.ones(4000), random.normal(size=(4000, 2))])
    true = np.array([0.5, 2.0, 0.0])
    right = (random.random(4000) < probabilities(evidence, true)).astype(float)
    assert fit(evidence, right) == pytest.approx(true, abs=0.2)


def test_a_threshold_shows_as_much_as_is_right_often_enough() -> None:
    rows = [[(0.1 * number, number > 3)] for number in range(1, 10)]
    assert threshold(rows, 0.8) == pytest.approx(0.4)  # six right ones, and one of each added
    assert threshold(rows, 0.7) == pytest.approx(0.2)
    assert threshold(rows, 0.95) == 1.0  # so few could be right by chance


def test_of_beginnings_the_longest_counts_that_is_sure_enough() -> None:
    rows = [[(0.9, True), (0.5, False)]] * 8
    assert threshold(rows, 0.8) == 0.9
    assert threshold(rows, 0.1) == 0.5


def test_scales_tell_a_model_that_knows_what_it_knows() -> None:
    """Its lines are right as often as it says, and their beginnings more often."""
    random = np.random.default_rng(1)
    answers = []
    for probable in random.uniform(0.01, 1, 3000):
        right, begun = random.random(2) < (probable, probable**0.5)
        answers.append(
            Answer(np.log(probable), bool(right), ((np.log(probable) / 2, bool(begun)),))
        )
    scales = fit_scales(answers)
    assert scales.line.confidence(np.log(0.5)) == pytest.approx(0.5, abs=0.1)
    shown = [each for each in answers if scales.line.confidence(each.line) >= scales.line.balanced]
    assert np.mean([each.is_right for each in shown]) == pytest.approx(0.66, abs=0.06)
    assert 0.3 < len(shown) / len(answers) < 0.9


def test_a_suggestion_breaks_only_what_parses(tmp_path: Path) -> None:
    text = "x = f(1)\n"
    case = Case(tmp_path, "a.py", "python", text, 4, 8, "after =")
    assert breaks_parse(case, "f(1")
    assert not breaks_parse(case, "g")
    assert not breaks_parse(case, "")
    broken = Case(tmp_path, "a.py", "python", text + "y = (", 4, 8, "after =")
    assert not breaks_parse(broken, "f(1")
