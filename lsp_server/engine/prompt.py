"""Lays out what the model is shown, so that the next keystroke finds most of it in the cache."""

import re
from collections.abc import Sequence
from dataclasses import replace

from indexer.results import Hit
from lsp_server.engine.context import Context
from model.templates import Excerpt, Prompt

# Shares of the budget, at most; the prefix gets the rest.
_EXCERPTS_SHARE = 0.3
_SUFFIX_SHARE = 0.15
_IMPORTS_SHARE = 0.1

# What says where names come from, in most languages: a line, or what stands in its brackets too.
_IMPORT = re.compile(
    r"^(?:from|import|use) [^\n]*[({][^)}]*[)}].*\n"
    r"|^(?:from|import|use|using|package|require\w*|#include)\b.*\n",
    re.MULTILINE,
)

ANCHOR_LINES = 32
"""The prefix's start moves in steps of so many lines, since the cache is lost when it moves."""

# So many lines typed below a prompt's prefix are shown behind its suffix before the prefix grows.
_TYPED_LINES = 8

# What editors write behind the cursor when its partner is typed.
_CLOSERS = ")]}>\"'`"

# So many characters of the document on each side of the cursor count as nearby.
_NEARBY = 16_000

_DOCUMENTS = 16  # whose last prompts are followed

_SHORTEST_EXCERPT = 120  # characters; less than a few lines says nothing


def surroundings(
    context: Context, budget: int, excerpts: int = 0, step: int = ANCHOR_LINES
) -> tuple[int, int]:
    """What of the document a prompt of about `budget` characters shows, from where to where.

    Typing on the cursor's line does not move the start, which is at a line whose number is a
    multiple of `step`, if it can. The prefix has all the room that is not taken by excerpts of so
    many characters.
    """
    room = budget - excerpts - int(budget * (_SUFFIX_SHARE + _IMPORTS_SHARE))
    start = anchor(context.before, room, step)
    below = context.text[context.offset :]
    return start, context.offset + len(_cut_at_line(below, int(budget * _SUFFIX_SHARE)))


def build_prompt(
    context: Context,
    hits: Sequence[Hit],
    budget: int,
    texts: Sequence[str] = (),
    step: int = ANCHOR_LINES,
) -> Prompt:
    """The prompt for a context, of at most about `budget` characters.

    `hits`: what was found elsewhere, best first. The best is placed last, nearest the cursor.
    `texts`: what else was found, best first; with what stands around the cursor, they are the
    prompt's nearby texts, none of which changes while the user types on a line. `step`: in lines,
    see `surroundings`.
    Where the prefix starts below the document's imports, these stand before it.
    """
    excerpts = choose_excerpts(hits, int(budget * _EXCERPTS_SHARE))
    start, end = surroundings(context, budget, sum(len(each.text) for each in excerpts), step)
    imports = "".join(_IMPORT.findall(context.before, 0, start))
    imports = imports[: imports.rfind("\n", 0, int(budget * _IMPORTS_SHARE)) + 1]
    return Prompt(
        excerpts=excerpts,
        path=context.path,
        prefix=imports + context.before[start:],
        suffix=context.text[context.offset : end],
        typed=context.typed,
        nearby=(*reversed(texts), context.after[:_NEARBY], context.before[-_NEARBY:]),
    )


def follow(prompt: Prompt, last: Prompt) -> Prompt:
    """The same prompt with its prefix ending where the last one's did, if it may.

    A model that reads the suffix between the prefix and what is typed would have to read it again
    with each new line. So new lines count as typed until they are many, as long as nothing else
    changed: what they were typed below, what stands under the cursor, and the excerpts. Nor does a
    bracket count that the editor closed at the cursor.
    """
    text = prompt.prefix + prompt.typed
    typed = text[len(last.prefix) :]
    same = (prompt.path, prompt.excerpts) == (last.path, last.excerpts)
    same = same and text.startswith(last.prefix) and _only_closed(prompt.suffix, last.suffix)
    if not same or typed.count("\n") > _TYPED_LINES:
        return prompt
    return replace(prompt, prefix=last.prefix, suffix=last.suffix, typed=typed)


def _only_closed(suffix: str, last: str) -> bool:
    """Whether a suffix is the last one, or has only what an editor writes for what was opened.

    The model writes that itself where it is not shown, and a filter takes it away.
    """
    added = len(suffix) - len(suffix.lstrip(_CLOSERS))
    rests = (suffix[count:] for count in range(1, added + 1))
    # For the room that it takes, the last line may be missing.
    return suffix == last or any(
        last.startswith(rest) and last.count("\n", len(rest)) <= 1 for rest in rests
    )


class Followed:
    """The last prompt of each document that was completed in, for the next ones to follow."""

    def __init__(self) -> None:
        self._last: dict[str, Prompt] = {}

    def next(self, prompt: Prompt) -> Prompt:
        """The prompt as it follows the last one of its document."""
        if last := self._last.pop(prompt.path, None):
            prompt = follow(prompt, last)
        self._last[prompt.path] = prompt
        if len(self._last) > _DOCUMENTS:
            del self._last[next(iter(self._last))]
        return prompt


def choose_excerpts(hits: Sequence[Hit], budget: int) -> tuple[Excerpt, ...]:
    """The texts of as many hits as fit `budget` characters, the best one last."""
    excerpts = []
    for hit in hits:
        text = _cut_at_line(hit.snippet.text.rstrip(), budget)
        if len(text) < min(_SHORTEST_EXCERPT, len(hit.snippet.text.rstrip())):
            break
        excerpts.append(Excerpt(hit.snippet.path, text))
        budget -= len(text)
    return tuple(reversed(excerpts))


def anchor(before: str, budget: int, step: int = ANCHOR_LINES) -> int:
    """Where the prefix starts: the first of the places it may start from that fits the budget.

    Those are the starts of every `step`th line, and so the start stays while the cursor moves on.
    """
    if len(before) <= budget:
        return 0
    line = 0
    start = latest = 0
    while (end := before.find("\n", start)) >= 0:
        if line % step == 0:
            if len(before) - start <= budget:
                return start
            latest = start
        line, start = line + 1, end + 1
    # Even from the latest of them on it is too long: start at any line that fits.
    end = before.find("\n", max(latest, len(before) - budget - 1))
    return end + 1 if end >= 0 else len(before)


def _cut_at_line(text: str, budget: int) -> str:
    """The whole lines at the start of a text that fit; of a first line too long, a part."""
    if len(text) <= budget:
        return text
    return text[: text.rfind("\n", 0, budget + 1) if "\n" in text[: budget + 1] else budget]
