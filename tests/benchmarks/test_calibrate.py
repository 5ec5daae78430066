from pathlib import Path

import numpy as np
import pytest

from benchmarks.calibrate import area_under_curve, cross_validated, fit, probabilities
from benchmarks.cases import Case
from benchmarks.syntax import breaks_parse


def test_the_weights_that_made_the_answers_are_found_again() -> None:
    random = np.random.default_rng(1)
    evidence = np.column_stack([np.ones(4000), random.normal(size=(4000, 2))])
    true = np.array([0.5, 2.0, 0.0])
    right = (random.random(4000) < probabilities(evidence, true)).astype(float)
    assert fit(evidence, right) == pytest.approx(true, abs=0.2)
    held_out = area_under_curve(cross_validated(evidence, right), right)
    assert held_out == pytest.approx(area_under_curve(evidence @ true, right), abs=0.01)


def test_the_area_is_one_half_where_scores_say_nothing() -> None:
    assert area_under_curve(np.array([1.0, 1.0, 1.0]), np.array([1.0, 0.0, 1.0])) == 0.5
    assert area_under_curve(np.array([2.0, 1.0, 3.0]), np.array([1.0, 0.0, 1.0])) == 1.0


def test_a_suggestion_breaks_only_what_parses(tmp_path: Path) -> None:
    text = "x = f(1)\n"
    case = Case(tmp_path, "a.py", "python", "after =", text, 4, 8)
    assert breaks_parse(case, "f(1")
    assert not breaks_parse(case, "g")
    assert not breaks_parse(case, "")
    broken = Case(tmp_path, "a.py", "python", "after =", text + "y = (", 4, 8)
    assert not breaks_parse(broken, "f(1")
