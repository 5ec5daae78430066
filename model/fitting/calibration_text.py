"""Prompts as the engine asks them, each with the answer that stood there, for fitting recipes to.

A prompt begins with a special token, which all later ones see, and behind it inputs are others than
in plain code: what was fitted to that lost eight times as much there (benchmarks/README.md).
"""

import random
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from model.catalog import Template
from model.fitting.sample_text import c_sources, library_files, own_modules, plugin_code
from model.templates import Excerpt, Prompt, prompt_tokens
from model.tokenizer import CodeTokenizer, heal

_LONGEST_TOKEN = 8  # characters, on average over a text
_SHORTEST_LINE = 8
_SHORTEST_REST = 4
_ANSWER_LINES = (1, 1, 4)  # one in three answers has several lines
_EXCERPT_LINES, _SUFFIX_LINES = 5, (3, 14)


def asked(
    tokenizer: CodeTokenizer, template: Template, *, count: int, length: int
) -> list[list[int]]:
    """`count` prompts with their answers, of `length` tokens each, always the same ones.

    Every second one shows an excerpt of another place. Raises FileNotFoundError where Python has no
    sources of its library.
    """
    return list(islice(_sequences(tokenizer, template, length), count))


def _sequences(tokenizer: CodeTokenizer, template: Template, length: int) -> Iterator[list[int]]:
    """Prompts with their answers, without end, from one text after the other, over and over."""
    chance = random.Random(2)
    for path, text in _texts(chance):
        prompt, answer = _cut(path, text.splitlines(keepends=True), length, chance)
        standing, cut = heal(prompt.typed)
        written = tokenizer.encode(cut + answer)
        tokens = prompt_tokens(tokenizer, template, prompt, standing, length - len(written))
        if len(tokens) + len(written) == length:
            yield tokens + written


def _texts(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Names and texts, without end: of modules every second one, of other languages the others.

    Fitted to Python alone, a recipe costs TypeScript three times as much (benchmarks/README.md).
    """
    sources = library_files("calibration"), own_modules(), c_sources()
    for files in sources:
        chance.shuffle(files)
    library, own, c = map(cycle, sources)
    typescript, lua = plugin_code().items()
    while True:
        yield _read(next(library))
        yield typescript
        yield _read(next(own))
        yield _read(next(c))
        yield _read(next(library))
        yield typescript
        yield _read(next(own))
        yield lua


def _read(file: Path) -> tuple[str, str]:
    return file.name, file.read_text(encoding="utf-8", errors="replace")


def _cut(path: str, lines: list[str], length: int, chance: random.Random) -> tuple[Prompt, str]:
    """A prompt at a random place of the lines of a file, and what stood there."""
    at = chance.randrange(len(lines) // 4, len(lines) * 3 // 4)
    while len(lines[at].strip()) < _SHORTEST_LINE:
        at = (at + 1) % len(lines)
    end = at + chance.choice(_ANSWER_LINES)
    margin = len(lines[at]) - len(lines[at].lstrip())
    cut = chance.randrange(margin, len(lines[at]) - _SHORTEST_REST)
    other = chance.randrange(len(lines))
    shown = "".join(lines[other : other + _EXCERPT_LINES])
    prompt = Prompt(
        excerpts=(Excerpt(path, shown),) if chance.random() < 0.5 else (),
        path=path,
        prefix="".join(lines[:at])[-_LONGEST_TOKEN * length :],
        suffix="\n" + "".join(lines[end : end + chance.randrange(*_SUFFIX_LINES)]),
        typed=lines[at][:cut],
    )
    return prompt, "".join([lines[at][cut:], *lines[at + 1 : end]]).removesuffix("\n")
