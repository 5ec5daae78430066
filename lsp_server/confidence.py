"""How likely a suggestion's first line is what the user would write, and from when on it is shown.

A logistic regression on what the model thought of its line and on whether its names are known. It
is fitted to cases of the completion benchmark that no figure is reported on:
`python -m benchmarks.calibrate` asks the models and prints the weights below. All is measured in
the same units for every model, so one set of weights serves them all.
"""

import math
import re
from collections.abc import Sequence
from typing import Literal

from lsp_server.context import Context

Eagerness = Literal["quiet", "balanced", "eager"]

LEAST: dict[Eagerness, float] = {"quiet": 0.6, "balanced": 0.45, "eager": 0.05}
"""The confidence from which on a suggestion is shown."""

FEATURES = ("line", "first token", "known names")

# Fitted to 100 lines by Qwen2.5-Coder-0.5B and 150 by nestling. The probability of the whole line
# tells nearly all: alone it ranks lines as well as all three do (benchmarks/README.md).
BIAS = 1.258
WEIGHTS = (1.171, 0.746, 0.216)

_LEAST_OF_LINE, _LEAST_OF_TOKEN = -12.0, -5.0  # below, one is as unlikely as the other

_NAME = re.compile(r"[^\W\d]\w*")


def evidence(
    text: str, log_probabilities: Sequence[float], context: Context, excerpts: Sequence[str]
) -> tuple[float, ...]:
    """What speaks for a suggestion, in the order of FEATURES.

    The log-probability of its first line (natural logarithms of its tokens, summed) and of the
    first token, and the share of its names that stand in the document or the excerpts.
    """
    first = text.lstrip("\n").partition("\n")[0]
    word = re.search(r"\w*\Z", context.typed)
    names = _NAME.findall((word[0] if word else "") + first)
    known = {name for source in (context.text, *excerpts) for name in _NAME.findall(source)}
    share = sum(name in known for name in names) / len(names) if names else 1.0
    return (*_of_model(log_probabilities), share)


def _of_model(log_probabilities: Sequence[float]) -> tuple[float, float]:
    return (
        max(sum(log_probabilities), _LEAST_OF_LINE),
        max(next(iter(log_probabilities), 0.0), _LEAST_OF_TOKEN),
    )


def highest(log_probabilities: Sequence[float]) -> float:
    """The confidence that a line may still come to, which begins with tokens of these logarithms.

    Further tokens can only make it less likely.
    """
    return confidence((*_of_model(log_probabilities), 1.0))


def confidence(evidence: Sequence[float]) -> float:
    """The probability, 0 to 1, that the first line is right."""
    total = BIAS + sum(w * x for w, x in zip(WEIGHTS, evidence, strict=True))
    return 1 / (1 + math.exp(-total))
