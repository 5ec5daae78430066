"""Fits the weights of `lsp_server.confidence`.

    python -m benchmarks.calibrate --model nestling --cases 300 \\
        --model qwen2.5-coder-0.5b --cases 100

Asks each model for lines that no figure is reported on, those drawn behind the first 200, and
prints the weights, what each is worth, and what each threshold would show. Answers are kept as
those of `benchmarks.completion` are, so that an interrupted run goes on.
"""

import logging
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.cases import draw
from benchmarks.completion import PROMPT_TOKENS, SEED, ask, repositories
from benchmarks.report import scores_of
from benchmarks.scores import Score
from benchmarks.systems import EngineSystem, Prediction, state_of
from lsp_server.commands.terminal import fail
from lsp_server.confidence import BIAS, FEATURES, LEAST, WEIGHTS
from model.download import DownloadError
from model.language_model import ModelError, load_model
from model.store import StoreError, path_of

REPORTED = 200  # cases, the first of all; the others are free to be fitted to

_FOLDS = 10
_RIDGE = 1.0  # how much weights other than 0 cost

Values = NDArray[np.float64]


def main(
    model: Annotated[list[str], typer.Option(help="An installed model; repeatable.")],
    cases: Annotated[list[int], typer.Option(min=1, help="How many cases, for each model.")],
    threads: Annotated[int, typer.Option(help="Of the model.")] = 2,
) -> None:
    """Prints weights for `lsp_server/confidence.py`."""
    logging.disable()  # the reasons of skipped files are not asked for here
    if len(model) != len(cases):
        fail("Say for each --model how many --cases it is asked.")
    try:
        answers = {name: _answers(name, n, threads) for name, n in zip(model, cases, strict=True)}
    except (DownloadError, StoreError, ModelError) as error:
        fail(f"{error}".rstrip(".") + ".")
    evidence = np.concatenate([_evidence(rows) for rows in answers.values()])
    right = np.concatenate([_right(rows) for rows in answers.values()])
    _show_weights(evidence, right)
    for name, rows in answers.items():
        _show_thresholds(name, rows)


Rows = list[tuple[Prediction, Score]]


def _answers(name: str, count: int, threads: int) -> Rows:
    """A model's answers to lines, those of which it has something to say."""
    drawn = draw(repositories(), REPORTED + count, SEED)[REPORTED:]
    lines = [case for case in drawn if not case.is_body]
    system = EngineSystem(
        load_model(name, threads=threads), "lexical", PROMPT_TOKENS, state_of(path_of(name))
    )
    (predictions,) = ask([system], lines)
    return list(zip(predictions, scores_of(lines, predictions), strict=True))


def _evidence(rows: Rows) -> Values:
    """[answers, 1 + features], the first column 1, of the answers that say something."""
    return np.array([[1.0, *prediction.evidence] for prediction, _ in rows if prediction.text])


def _right(rows: Rows) -> Values:
    return np.array([score.first_line_exact for prediction, score in rows if prediction.text])


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


def cross_validated(evidence: Values, right: Values) -> Values:
    """The probability of each answer by weights fitted to the others, in ten folds."""
    fold = np.random.default_rng(0).permutation(len(right)) % _FOLDS
    result = np.zeros(len(right))
    for number in range(_FOLDS):
        held_out = fold == number
        weights = fit(evidence[~held_out], right[~held_out])
        result[held_out] = probabilities(evidence[held_out], weights)
    return result


def area_under_curve(scores: Values, right: Values) -> float:
    """How often a right answer has a higher score than a wrong one; ties count half."""
    good, bad = scores[right == 1][:, None], scores[right == 0][None]
    return float(np.mean((good > bad) + 0.5 * (good == bad)))


def _show_weights(evidence: Values, right: Values) -> None:
    fitted = fit(evidence, right)
    now = np.array([BIAS, *WEIGHTS])
    table = Table("", "weight", "as it is now", "area without it", title="Weights")
    for column, name in enumerate(("bias", *FEATURES)):
        without = ""
        if column:
            rest = np.delete(evidence, column, axis=1)
            without = f"{area_under_curve(cross_validated(rest, right), right):.3f}"
        table.add_row(name, f"{fitted[column]:.3f}", f"{now[column]:.3f}", without)
    console = Console()
    console.print(table)
    area = area_under_curve(cross_validated(evidence, right), right)
    console.print(f"Area under the curve, held out: {area:.3f}, over {len(right)} answers.")


def _show_thresholds(name: str, rows: Rows) -> None:
    table = Table("", "from", "shown", "precision", title=f"{name}, with the weights as they are")
    for eagerness, least in LEAST.items():
        shown = [
            score for prediction, score in rows if prediction.text and score.confidence >= least
        ]
        precision = np.mean([score.first_line_exact for score in shown]) if shown else np.nan
        table.add_row(eagerness, f"{least}", f"{len(shown) / len(rows):.2f}", f"{precision:.2f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
