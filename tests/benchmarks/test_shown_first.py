"""What is shown first of answers whose tokens have made-up probabilities."""

import math
from pathlib import Path

import pytest

from benchmarks.cases import Case
from benchmarks.report import results_of, show
from benchmarks.shown_first import figures, shown_first
from benchmarks.systems import Prediction, decided
from lsp_server.engine import showing
from lsp_server.engine.confidence import Scale, Scales

SURE, UNSURE = 0.99, 0.05
SCALE = Scale(2.0, 1.5, quiet=0.8, balanced=0.6, eager=0.1)
TEXT = "total = settings.load(first, second)\nreturn total\n"
LINE = Case(Path("zoo-1"), "a.py", "python", TEXT, 8, TEXT.index("\n"), "after =")


@pytest.fixture(autouse=True)
def scales(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for every model, whatever was fitted last."""
    monkeypatch.setattr(showing, "scales_of", lambda model: Scales(SCALE, SCALE))


def answer(*tokens: tuple[str, float]) -> Prediction:
    """What a model wrote, each token with its probability; "" is the one that ends the line."""
    text, steps = "", []
    for token, probability in tokens:
        text += token
        steps.append((len(text), math.log(probability)))
    return decided(LINE, Prediction(1.0, candidate=text, steps=tuple(steps), model="nestling"))


WHOLE = answer(
    ("settings", SURE), (".load", SURE), ("(first", SURE), (", second", SURE), (")", SURE), ("", 1)
)
OTHER = answer(("settings", SURE), (".save", SURE), ("(first", UNSURE), (")", SURE), ("", SURE))
NOTHING = answer(("values", UNSURE), ("()", SURE), ("", SURE))
UNENDED = answer(("settings.load(", SURE), ("= =", UNSURE), ("", SURE))


def test_a_beginning_comes_as_soon_as_it_is_sure() -> None:
    choice = shown_first(LINE, WHOLE)
    assert (choice.text, choice.is_beginning) == ("settings", True)
    assert WHOLE.shown == "settings.load(first, second)"


def test_nothing_comes_first_where_nothing_is_sure() -> None:
    assert shown_first(LINE, NOTHING).text == ""


def test_what_came_first_is_judged_by_the_line_that_stood_there() -> None:
    found = figures([LINE] * 4, [WHOLE, OTHER, NOTHING, UNENDED])
    values = {name: figure.value for name, figure in found.items() if figure}
    assert values["first_shown"] == 0.75
    assert values["beginning"] == 1
    assert values["right"] == 1  # all go on with `settings`
    assert values["withdrawn"] == pytest.approx(1 / 3)
    assert values["breaks"] == 0  # the true line ends what the model ended badly


def test_a_beginning_that_nothing_ends_breaks_the_parse() -> None:
    unended = answer(("settings.save(", SURE), ("= =", UNSURE), ("", SURE))
    breaks = figures([LINE, LINE], [WHOLE, unended])["breaks"]
    assert breaks is not None and breaks.value == 0.5


def test_it_has_a_table_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    class System:
        model, arm = "nestling", "lexical"

        def predict(self, *_: object) -> Prediction:
            raise NotImplementedError

    show(results_of([LINE], [(System(), [WHOLE])]))
    assert "shown first" in capsys.readouterr().out
