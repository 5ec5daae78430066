"""How likely a suggestion is what the user would write, and from when on it is shown.

A logistic regression on the log-probability that the model gave to its line, or to the beginning of
it, for each model by itself: how sure a model sounds and how often it is right differ. The weights
are in `confidence.toml`, which `python -m benchmarks.calibrate` writes; they are fitted to cases of
the completion benchmark that no figure is reported on.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Eagerness = Literal["quiet", "balanced", "eager"]

LEAST_OF_INDEX: dict[Eagerness, float] = {"quiet": 0.6, "balanced": 0.45, "eager": 0.05}
"""The confidence from which on a line that was found in the index, without a model, is shown."""

_FILE = Path(__file__).with_suffix(".toml")

LEAST_LOGARITHM = -12.0  # below, one line is as unlikely as the other

EAGERNESSES: tuple[Eagerness, ...] = get_args(Eagerness)

OTHERS = "others"
"""The name of the scales of models that nothing was fitted to."""


@dataclass(frozen=True)
class Scale:
    """The confidence for a log-probability, and the one from which on something is shown."""

    bias: float
    weight: float
    quiet: float
    balanced: float
    eager: float

    def confidence(self, log_probability: float) -> float:
        """The probability, 0 to 1, that what the model finds so probable is right."""
        total = self.bias + self.weight * max(log_probability, LEAST_LOGARITHM)
        return 1 / (1 + math.exp(-total))

    def least(self, eagerness: Eagerness) -> float:
        """The confidence from which on it is shown."""
        least: float = getattr(self, eagerness)
        return least


@dataclass(frozen=True)
class Scales:
    """A model's scales: for whole lines, and for beginnings of lines that are not sure enough."""

    line: Scale
    beginning: Scale


@cache
def scales_of(model: str) -> Scales:
    """A model's scales; a recipe of a model (NAME-RECIPE) has those of NAME."""
    known = load()
    fitting = [name for name in known if f"{model}-".startswith(f"{name}-")]
    return known[max(fitting, key=len, default=OTHERS)]


def load() -> dict[str, Scales]:
    """The scales by the model's name, and those of OTHERS."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        name: Scales(Scale(**parts["line"]), Scale(**parts["beginning"]))
        for name, parts in tables.items()
    }


def save(scales: Mapping[str, Scales]) -> None:
    """Writes what `load` reads."""
    lines = ["# Written by `python -m benchmarks.calibrate`; confidence.py says what it means."]
    for name, both in scales.items():
        for part, scale in asdict(both).items():
            values = (f"{key} = {round(value, 3)}" for key, value in scale.items())
            lines += ["", f'["{name}".{part}]', *values]
    _FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
