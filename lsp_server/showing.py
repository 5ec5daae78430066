"""Decides what of a candidate is shown: the whole, the sure beginning of its line, or nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_server.candidate import Candidate
from lsp_server.confidence import LEAST_OF_INDEX, Eagerness, scales_of
from lsp_server.context import Context
from lsp_server.postprocess import clean
from lsp_server.suggestion import Step

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
    line, least = text.partition("\n")[0], scales.beginning.least(eagerness)
    for end, probable in reversed(list(beginnings(line, candidate.steps, context))):
        if (sure := scales.beginning.confidence(probable)) >= least:
            return Choice(line[:end], sure, is_beginning=True)
    return Choice("", confidence)


def is_hopeless(candidate: Candidate, eagerness: Eagerness) -> bool:
    """Whether nothing of a model's candidate is shown, even if the model is still writing it.

    Further tokens only make a line less probable.
    """
    scales, probable = scales_of(candidate.model), 0.0
    for end, logarithm in candidate.steps:
        probable += logarithm
        is_sure = scales.beginning.confidence(probable) >= scales.beginning.least(eagerness)
        if is_sure and len(candidate.text[:end].strip()) >= _SHORTEST:
            return False
    may_begin = scales.beginning.confidence(probable) >= scales.beginning.least(eagerness)
    may_stand = scales.line.confidence(probable) >= scales.line.least(eagerness)
    return not (may_begin or may_stand)


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
