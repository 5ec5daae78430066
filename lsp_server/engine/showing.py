"""Decides what of a candidate is shown: the whole, the sure beginning of its line, or nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from indexer.results import Hit
from lsp_server.engine.candidate import Candidate
from lsp_server.engine.confidence import LEAST_OF_INDEX, Eagerness, scales_of
from lsp_server.engine.context import Context
from lsp_server.engine.postprocess import clean
from lsp_server.engine.suggestion import Source, Step, Suggestion

_SHORTEST = 4  # characters of a beginning; fewer are typed as soon as read

# A line may be left open behind a name, the bracket of its call, an argument's comma and brackets
# that close.
_BOUNDARY = re.compile(r"(?<=\w)(?!\w)|(?<=\w\()|(?<=[)\]},])")

_STRING = re.compile(r"([\"'`])(?:\\.|(?!\1)[^\\])*\1")
_QUOTE = re.compile(r"[\"'`]")


@dataclass(frozen=True)
class Choice:
    """What is shown, and how sure it is."""

    text: str = ""  # "" when nothing is sure enough
    confidence: float = 0.0  # of the text; where there is none, of the line
    is_beginning: bool = False


def choose(candidate: Candidate, context: Context, eagerness: Eagerness) -> Choice:
    """What of a candidate to show.

    It is as sure as its first line. Where that is not sure enough, or not whole after the filters,
    the longest beginning that is sure may be shown: the rest of the candidate is the proof that it
    can be ended well.
    """
    if candidate.confidence is not None:
        is_sure = candidate.confidence >= LEAST_OF_INDEX[eagerness]
        return Choice(clean(candidate.text, context) if is_sure else "", candidate.confidence)
    scales = scales_of(candidate.model)
    confidence = scales.line.confidence(log_probability(candidate.steps))
    if is_hopeless(candidate, eagerness):
        return Choice("", confidence)
    text = clean(candidate.text, context)
    if confidence >= scales.line.least(eagerness) and keeps_line(candidate.text, text, context):
        return Choice(text, confidence)
    return _sure_beginning(candidate, text, context, eagerness) or Choice("", confidence)


def settled(unfinished: Candidate, context: Context, eagerness: Eagerness) -> Choice | None:
    """What is shown of a candidate that a model is still writing, once that is certain.

    Further tokens only make a line less probable: when it is neither sure enough as a whole nor to
    have a longer beginning, what is sure of it by then is all.
    """
    if _may_grow(unfinished, eagerness):
        return None
    if _written_beginning(unfinished, context, eagerness) is not None:
        return begun(unfinished, context, eagerness)
    scale = scales_of(unfinished.model).line
    return Choice("", scale.confidence(log_probability(unfinished.steps)))


def begun(unfinished: Candidate, context: Context, eagerness: Eagerness) -> Choice | None:
    """The sure beginning of what a model is still writing, if filters leave it as it is.

    If they do not, the rest may change their mind.
    """
    choice = _written_beginning(unfinished, context, eagerness)
    if choice is None:
        return None
    cleaned = clean(unfinished.text, context, is_whole=False)
    return choice if cleaned.startswith(choice.text) else None


def _written_beginning(
    unfinished: Candidate, context: Context, eagerness: Eagerness
) -> Choice | None:
    """The sure beginning before filters; what the last token wrote may be half a word."""
    written = replace(unfinished, steps=unfinished.steps[:-1])
    return _sure_beginning(written, written.text, context, eagerness)


def _sure_beginning(
    candidate: Candidate, text: str, context: Context, eagerness: Eagerness
) -> Choice | None:
    """The longest sure beginning of a text's first line; the text is a candidate's, or cleaned."""
    scale, line = scales_of(candidate.model).beginning, text.partition("\n")[0]
    for end, probable in reversed(list(beginnings(line, candidate.steps, context))):
        if (sure := scale.confidence(probable)) >= scale.least(eagerness):
            return Choice(line[:end], sure, is_beginning=True)
    return None


def _may_grow(candidate: Candidate, eagerness: Eagerness) -> bool:
    """Whether its line may be shown whole, or further than it has come."""
    scales, probable = scales_of(candidate.model), log_probability(candidate.steps)
    may_begin = scales.beginning.confidence(probable) >= scales.beginning.least(eagerness)
    may_stand = scales.line.confidence(probable) >= scales.line.least(eagerness)
    return may_begin or may_stand


def is_hopeless(candidate: Candidate, eagerness: Eagerness) -> bool:
    """Whether nothing of a model's candidate is shown, even if the model is still writing it."""
    scales, probable = scales_of(candidate.model), 0.0
    for end, logarithm in candidate.steps:
        probable += logarithm
        is_sure = scales.beginning.confidence(probable) >= scales.beginning.least(eagerness)
        if is_sure and len(candidate.text[:end].strip()) >= _SHORTEST:
            return False
    return not _may_grow(candidate, eagerness)


def made(candidate: Candidate, choice: Choice, model: str, seconds: float) -> Suggestion:
    """The suggestion that a choice makes of a candidate.

    Of one that no model wrote, `model` says who had the say; `seconds` is what all of it took.
    """
    return Suggestion(
        text=choice.text,
        candidate=candidate.text,
        confidence=choice.confidence,
        is_beginning=choice.is_beginning,
        steps=candidate.steps,
        sources=tuple(_source(hit) for hit in candidate.hits),
        latency_ms=1000 * seconds,
        model=candidate.model or model,
        quick=candidate.quick,
        read_tokens=candidate.read_tokens,
        reused_tokens=candidate.reused_tokens,
        generated_tokens=candidate.generated_tokens,
        passes=candidate.passes,
    )


def _source(hit: Hit) -> Source:
    snippet = hit.snippet
    return Source(snippet.path, snippet.name, snippet.start_line, snippet.end_line, hit.score)


def keeps_line(written: str, text: str, context: Context) -> bool:
    """Whether filters left the first line whole, but for what stands behind the cursor already."""
    before, after = (each.lstrip("\n").partition("\n")[0].rstrip() for each in (written, text))
    return before == after or context.rest.strip() != ""


def log_probability(steps: Sequence[Step]) -> float:
    """That of all tokens together; natural logarithm."""
    return sum(logarithm for _, logarithm in steps)


def beginnings(line: str, steps: Sequence[Step], context: Context) -> Iterator[Step]:
    """Where a line may be left open, shortest first, and the log-probability up to there.

    That is behind what ends a word or closes something, and not in a string that the line opens.
    Within a token it is at least as probable as up to the token's end.
    """
    boundaries = [found.end() for found in _BOUNDARY.finditer(line)]
    probable, reached = 0.0, 0
    for end, logarithm in steps:
        probable += logarithm
        for boundary in boundaries:
            begun = line[:boundary]
            code = begun if context.place == "string" else _STRING.sub("", begun)
            is_long = len(begun.strip()) >= _SHORTEST
            if reached < boundary <= end and is_long and not _QUOTE.search(code):
                yield boundary, probable
        reached = end
