"""What who types is shown first, while the model still writes: replayed from answers' tokens.

`benchmarks.typing` and `benchmarks.opening` see it happen; here it is judged on many lines.
"""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.cases import Case
from benchmarks.scores import Interval, interval, mean, share
from benchmarks.syntax import breaks_parse
from benchmarks.systems import Prediction, context_of
from lsp_server.engine.candidate import Candidate
from lsp_server.engine.confidence import Eagerness
from lsp_server.engine.showing import Choice, begun, choose, settled


def shown_first(case: Case, prediction: Prediction, eagerness: Eagerness = "balanced") -> Choice:
    """What the engine shows at the first token that lets it, once an answer has taken a moment.

    Looked at after each token, as where no draft is right; if none does, it is the whole answer's.
    """
    context = context_of(case)
    whole = Candidate(prediction.candidate, prediction.steps, model=prediction.model)
    for count, (end, _) in enumerate(whole.steps, start=1):
        unfinished = replace(whole, text=whole.text[:end], steps=whole.steps[:count])
        choice = settled(unfinished, context, eagerness) or begun(unfinished, context, eagerness)
        if choice is not None:
            return choice
    return choose(whole, context, eagerness)


def figures(lines: Sequence[Case], predictions: Sequence[Prediction]) -> dict[str, Interval | None]:
    """Of single lines and a model's answers: how many show something first, and how good it is.

    right: the true line goes on so, or is that; withdrawn: of the whole answer something else is
    shown, or nothing; breaks: neither what the model wrote next ends the line without an error, nor
    does the true line begin so.
    """
    rows = [
        _judged(case, prediction, choice)
        for case, prediction in zip(lines, predictions, strict=True)
        if (choice := shown_first(case, prediction)).text
    ]
    shown = [[0.0]] * (len(lines) - len(rows)) + [[1.0]] * len(rows)
    names = ("beginning", "right", "withdrawn", "breaks")
    shares = {
        name: interval([[row[column], 1.0] for row in rows], share)
        for column, name in enumerate(names)
    }
    return {"first_shown": interval(shown, mean)} | shares


def _judged(case: Case, prediction: Prediction, choice: Choice) -> tuple[float, ...]:
    """Whether it is a beginning, is right, is withdrawn and breaks the parse."""
    wanted, first = case.expected.split("\n")[0].rstrip(), choice.text.split("\n")[0].rstrip()
    is_right = wanted.startswith(first) if choice.is_beginning else first == wanted
    ends = [
        text
        for text in (prediction.text, prediction.candidate, case.expected)
        if text.startswith(choice.text) and choice.is_beginning
    ]
    breaks = all(breaks_parse(case, text) for text in ends or [choice.text])
    is_withdrawn = not prediction.shown.startswith(choice.text)
    return float(choice.is_beginning), float(is_right), float(is_withdrawn), float(breaks)
