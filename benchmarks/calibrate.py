"""Fits how sure a model must be for its suggestions to be shown, in `confidence.toml`.

    python -m benchmarks.calibrate --model nestling --cases 300 \\
        --model qwen2.5-coder-0.5b --cases 120

Asks each model for lines of the draw that is kept for choosing (`cases.tuning_lines`), writes its
weights and thresholds, and prints what each `completion.eagerness` would show of these lines.
Answers are kept as those of `benchmarks.completion` are, so that an interrupted run goes on; they
are asked for again when what they depend on has changed, but not for other filters or weights.
"""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.cases import Case
from benchmarks.completion import PROMPT_TOKENS, ask, tuning_lines
from benchmarks.report import scores_of
from benchmarks.scores import summary
from benchmarks.systems import EngineSystem, Prediction, context_of, decided, state_of
from lsp_server.commands.terminal import fail
from lsp_server.engine.confidence import (
    EAGERNESSES,
    LEAST_LOGARITHM,
    OTHERS,
    Scale,
    Scales,
    load,
    save,
    scales_of,
)
from lsp_server.engine.showing import beginnings, keeps_line, log_probability
from model.download import DownloadError
from model.language_model import ModelError, load_model
from model.store import StoreError, path_of

# As much is shown at each eagerness as is right so often; the eager see nearly all lines. Somewhat
# more than is asked for, since the thresholds are chosen on the answers that they are judged by.
_PRECISION_OF_LINES = {"quiet": 0.8, "balanced": 0.66}
_PRECISION_OF_BEGINNINGS = {"quiet": 0.85, "balanced": 0.72, "eager": 0.65}
_LEAST_OF_EAGER = 0.05

_RIDGE = 1.0  # how much a weight other than 0 costs

Values = NDArray[np.float64]

Rows = Sequence[Sequence[tuple[float, bool]]]
"""Of each answer the confidences of what may be shown, falling, and whether it is right."""


@dataclass(frozen=True)
class Answer:
    """How probable a model found what it wrote on a line, and whether that was right."""

    line: float | None  # the log-probability; None where filters cut it
    is_right: bool
    beginnings: tuple[tuple[float, bool], ...]  # likewise, from the shortest to the longest


def main(
    model: Annotated[list[str], typer.Option(help="An installed model; repeatable.")],
    cases: Annotated[list[int], typer.Option(min=1, help="How many cases, for each model.")],
    threads: Annotated[int, typer.Option(help="Of the model.")] = 2,
) -> None:
    """Writes `lsp_server/engine/confidence.toml` and prints what it leads to."""
    logging.disable()  # the reasons of skipped files are not asked for here
    if len(model) != len(cases):
        fail("Say for each --model how many --cases it is asked.")
    try:
        lines = tuning_lines(max(cases))
        asked = {
            name: (lines[:count], _ask(name, lines[:count], threads))
            for name, count in zip(model, cases, strict=True)
        }
    except (DownloadError, StoreError, ModelError) as error:
        fail(f"{error}".rstrip(".") + ".")
    answers = {name: _answers(*both) for name, both in asked.items()}
    fitted = {name: fit_scales(each) for name, each in answers.items()}
    if len(answers) > 1:
        fitted[OTHERS] = fit_scales([answer for each in answers.values() for answer in each])
    save(load() | fitted)
    scales_of.cache_clear()
    for name, (its, predictions) in asked.items():
        _show(name, its, predictions)


def _ask(name: str, lines: Sequence[Case], threads: int) -> list[Prediction]:
    weights = state_of(path_of(name))
    model = load_model(name, threads=threads)
    system = EngineSystem(model, "lexical", PROMPT_TOKENS, weights, measures_bits=False)
    (predictions,) = ask([system], lines)
    return predictions


def _answers(lines: Sequence[Case], predictions: Sequence[Prediction]) -> list[Answer]:
    """Those that say something."""
    pairs = zip(lines, predictions, strict=True)
    return [_answer(case, prediction) for case, prediction in pairs if prediction.text]


def _answer(case: Case, prediction: Prediction) -> Answer:
    line, wanted = (text.split("\n")[0].rstrip() for text in (prediction.text, case.expected))
    context = context_of(case)
    begun = beginnings(line, prediction.steps, context)
    is_whole = keeps_line(prediction.candidate, prediction.text, context)
    return Answer(
        log_probability(prediction.steps) if is_whole else None,
        line == wanted,
        tuple((probable, wanted.startswith(line[:end])) for end, probable in begun),
    )


def fit_scales(answers: Sequence[Answer]) -> Scales:
    """The scales that fit a model's answers."""
    whole = [(answer.line, answer.is_right) for answer in answers if answer.line is not None]
    line = _fit_scale(whole)
    rows = [[(line.confidence(probable), is_right)] for probable, is_right in whole]
    line = replace(line, **_thresholds(rows, _PRECISION_OF_LINES), eager=_LEAST_OF_EAGER)
    beginning = _fit_scale([begun for answer in answers for begun in answer.beginnings])
    rows = [
        [(beginning.confidence(probable), is_right) for probable, is_right in answer.beginnings]
        for answer in answers
        if answer.line is None or line.confidence(answer.line) < line.balanced
    ]
    return Scales(line, replace(beginning, **_thresholds(rows, _PRECISION_OF_BEGINNINGS)))


def _thresholds(rows: Rows, precisions: Mapping[str, float]) -> dict[str, float]:
    return {eagerness: threshold(rows, precision) for eagerness, precision in precisions.items()}


def _fit_scale(pairs: Sequence[tuple[float, bool]]) -> Scale:
    """Without thresholds yet."""
    logarithms = np.maximum([probable for probable, _ in pairs], LEAST_LOGARITHM)
    right = np.array([is_right for _, is_right in pairs], np.float64)
    bias, weight = fit(np.column_stack([np.ones(len(pairs)), logarithms]), right)
    return Scale(float(bias), float(weight), quiet=1, balanced=1, eager=1)


def threshold(rows: Rows, precision: float) -> float:
    """The lowest confidence from which on so many are right that are shown; 1 if there is none.

    Of each row the last one is shown that is so sure. A right one and a wrong one are added, since
    of few answers all may be right by chance.
    """
    spans = np.array([span for row in rows for span in _shown_between(row)]).reshape(-1, 3)
    for least in sorted({sure for row in rows for sure, _ in row}):
        shown = spans[(spans[:, 0] < least) & (least <= spans[:, 1]), 2]
        if (shown.sum() + 1) / (len(shown) + 2) >= precision:
            return least
    return 1.0


def _shown_between(row: Sequence[tuple[float, bool]]) -> Iterator[tuple[float, float, bool]]:
    """For each of a row that some threshold shows: above which one, up to which one, if right."""
    highest = -math.inf
    for sure, right in reversed(row):
        if sure > highest:
            yield highest, sure, right
            highest = sure


def fit(evidence: Values, right: Values) -> Values:
    """Weights of a logistic regression with a ridge penalty, by Newton's method.

    `evidence`: [answers, weights], the first column 1; its weight costs nothing.
    """
    ridge = _RIDGE * np.eye(evidence.shape[1])
    ridge[0, 0] = 1e-6
    weights = np.zeros(evidence.shape[1])
    for _ in range(50):
        probable = probabilities(evidence, weights)
        slope = evidence.T @ (probable - right) + ridge @ weights
        curvature = evidence.T @ (evidence * (probable * (1 - probable))[:, None]) + ridge
        weights -= np.linalg.solve(curvature, slope)
    return weights


def probabilities(evidence: Values, weights: Values) -> Values:
    """How probable it is that each answer is right."""
    result: Values = 1 / (1 + np.exp(-evidence @ weights))
    return result


def _show(name: str, lines: Sequence[Case], predictions: Sequence[Prediction]) -> None:
    """What each eagerness shows of the lines that the scales were fitted to."""
    columns = {
        "shown whole": "shown",
        "precision": "precision",
        "beginnings": "begun",
        "right": "begun_precision",
        "characters": "begun_characters",
    }
    table = Table("", *columns, title=f"{name}, {len(lines)} lines")
    for eagerness in EAGERNESSES:
        pairs = zip(lines, predictions, strict=True)
        now = [decided(case, prediction, eagerness) for case, prediction in pairs]
        figures = summary(scores_of(lines, now))
        cells = [figures[key] for key in columns.values()]
        table.add_row(eagerness, *(f"{cell.value:.2f}" if cell else "-" for cell in cells))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
