"""What a larger model expects in the student's lessons, in the student's own tokens.

Teacher and student split text each in its way. Where a token of both begins at the same byte, the
teacher's likeliest tokens are spelled in the student's. Those that begin alike give their shares to
their first token; once that stands, to their second, and so on. So the student learns from a
distribution at each such place (Hinton et al. 2015) and not only from the token that stood there,
and the teacher has to write nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.language_model import LanguageModel
from model.templates import Prompt
from model.tokenizer import CodeTokenizer, join
from model.training.examples import Lesson

LIKELIEST = 8
"""Of the student's tokens, kept at each place."""

_LEAST_CHANCE = 0.002  # of a token of the teacher's
_LEAST_AGREEING = 0.05  # of all its tokens that agree with what stands there
_READ_AT_ONCE = 128  # tokens


@dataclass(frozen=True)
class Targets:
    """For each token of a lesson what the teacher expects in its place.

    `ids` are the student's; the one after its last stands for all that begin with a line break.
    `shares` sum up to at most 1, and to 0 where nothing is known.
    """

    ids: NDArray[np.uint16]  # [tokens, LIKELIEST]
    shares: NDArray[np.float32]  # [tokens, LIKELIEST]


class Teacher:
    """A model that is shown lessons as the engine would show them to it."""

    def __init__(self, model: LanguageModel, student: CodeTokenizer) -> None:
        """`student`: the tokenizer that lessons are made with."""
        self._model, self._student = model, student
        self._end = model.tokenizer.special("<|endoftext|>")
        self._spelled = [spelled(student, token) for token in model.tokenizer.bytes_of]
        self._spelled[self._end] = (student.special("<|endoftext|>"),)

    def targets(self, lesson: Lesson) -> Targets:
        """What the model expects in place of the tokens that the lesson teaches."""
        first = int(np.argmax(lesson.weights > 0))
        written = lesson.tokens[first:].tolist()
        starts = _starts(self._student, written)
        alike = alike_by_line_break(self._student, written)
        shape = len(lesson.tokens), LIKELIEST
        ids, shares = np.zeros(shape, np.uint16), np.zeros(shape, np.float32)
        for start, end, token, chances in self._read(lesson, first):
            place = int(np.searchsorted(starts, start))
            count = max(1, int(np.searchsorted(starts, end)) - place)
            standing = alike[place : place + count]
            if starts[place] != start or self._spelled[token] != tuple(standing):
                continue  # their tokens do not agree
            for expected in expectations(self._in_student(chances), standing):
                best = sorted(expected.items(), key=lambda pair: -pair[1])[:LIKELIEST]
                for column, pair in enumerate(best):
                    ids[first + place, column], shares[first + place, column] = pair
                place += 1
        return Targets(ids, shares)

    def _read(
        self, lesson: Lesson, first: int
    ) -> Iterator[tuple[int, int, int, list[tuple[int, float]]]]:
        """Each of the model's own tokens in what is taught, after its first byte and the one after
        its last, with the likeliest tokens in its place and their chances."""
        own = self._model.tokenizer
        text = _text(self._student, lesson.tokens[first:])
        answer = [*own.encode(text), self._end]
        room = self._model.decoder.capacity - len(answer)
        prompt = self._model.encode(_prompt(self._student, lesson.tokens[:first]), "", room)
        starts = _starts(own, answer)
        for place, row in enumerate(self._rows(prompt, answer)):
            end = starts[place] + len(own.bytes_of[answer[place]])
            yield int(starts[place]), int(end), answer[place], _likeliest(row)

    def _in_student(self, chances: list[tuple[int, float]]) -> list[tuple[tuple[int, ...], float]]:
        pairs = ((self._spelled[token], chance) for token, chance in chances)
        return [(token, chance) for token, chance in pairs if token]

    def _rows(self, prompt: list[int], answer: list[int]) -> Iterator[NDArray[np.float32]]:
        """The logits before each token of the answer, [vocabulary]."""
        decoder, tokens = self._model.decoder, [*prompt, *answer[:-1]]
        decoder.rewind(0)
        silent = len(prompt) - 1
        for start in range(0, silent, _READ_AT_ONCE):
            decoder.extend(tokens[start : min(start + _READ_AT_ONCE, silent)])
        for start in range(silent, len(tokens), _READ_AT_ONCE):
            part = tokens[start : start + _READ_AT_ONCE]
            yield from decoder.extend(part, logits=len(part))


def expected(teacher: Teacher, batch: Sequence[Lesson], path: Path) -> list[Targets]:
    """The targets of some lessons, kept in the file `path` from when they were first asked for."""
    if not path.exists():
        made = [teacher.targets(lesson) for lesson in batch]
        path.parent.mkdir(parents=True, exist_ok=True)
        ids, shares = ([getattr(each, part) for each in made] for part in ("ids", "shares"))
        np.savez_compressed(
            path, ids=np.concatenate(ids), shares=np.concatenate(shares).astype(np.float16)
        )
    with np.load(path) as file:
        ids, shares = file["ids"], file["shares"].astype(np.float32)
    ends = np.cumsum([len(lesson.tokens) for lesson in batch])[:-1]
    return [
        Targets(*both) for both in zip(np.split(ids, ends), np.split(shares, ends), strict=True)
    ]


def line_break_tokens(student: CodeTokenizer) -> list[int]:
    """Ids of the tokens that begin with a line break."""
    return [index for index, text in enumerate(student.bytes_of) if text[:1] == b"\n"]


def spelled(student: CodeTokenizer, text: bytes) -> tuple[int, ...]:
    """A token of another model in the student's; none where that depends on what follows.

    So it is from a line break on, since the student's token goes on with the next line's spaces.
    """
    line, line_break, _ = text.partition(b"\n")
    if line_break and line[-1:].isspace():
        return ()
    try:
        ids = student.encode(line.decode())
    except UnicodeDecodeError:
        return ()
    return (*ids, len(student.bytes_of)) if line_break else tuple(ids)


def alike_by_line_break(student: CodeTokenizer, tokens: Sequence[int]) -> list[int]:
    """The tokens, those that begin with a line break as the one id that stands for all of them."""
    return [
        len(student.bytes_of) if student.bytes_of[token][:1] == b"\n" else token for token in tokens
    ]


def expectations(
    chances: Sequence[tuple[tuple[int, ...], float]], written: Sequence[int]
) -> Iterator[dict[int, float]]:
    """The shares of the student's tokens in place of each one written, given those before it.

    `chances`: what the teacher may write from the first place on, in the student's tokens.
    """
    for place in range(len(written)):
        agreeing, shares = 0.0, defaultdict[int, float](float)
        for token, chance in chances:
            if token[:place] == tuple(written[:place]):
                agreeing += chance
                if len(token) > place:  # else it is unknown what comes
                    shares[token[place]] += chance
        if agreeing < _LEAST_AGREEING:
            return
        whole = agreeing if place else 1.0  # at the first place the unlikely tokens count, too
        yield {token: share / whole for token, share in shares.items()}


def _likeliest(row: NDArray[np.float32]) -> list[tuple[int, float]]:
    chances = np.exp(row - row.max())
    total = float(chances.sum())
    found = np.flatnonzero(chances > _LEAST_CHANCE * total)
    return list(zip(found.tolist(), (chances[found] / total).tolist(), strict=True))


def _prompt(student: CodeTokenizer, shown: NDArray[np.uint16]) -> Prompt:
    """What stands before the piece that a lesson teaches (`examples`), for the teacher."""
    tokens = shown.tolist()
    suffix = tokens.index(student.special("<|fim_suffix|>"))
    prefix = tokens.index(student.special("<|fim_prefix|>"))
    before = _text(student, [*tokens[:suffix], *tokens[prefix + 1 :]])
    return Prompt((), "", before, _text(student, tokens[suffix + 1 : prefix]), "")


def _text(tokenizer: CodeTokenizer, tokens: Sequence[int] | NDArray[np.uint16]) -> str:
    return join(tokenizer.bytes_of[token] for token in tokens)


def _starts(tokenizer: CodeTokenizer, tokens: Sequence[int]) -> NDArray[np.int64]:
    """The byte at which each token begins."""
    ends = np.cumsum([len(tokenizer.bytes_of[token]) for token in tokens])
    return np.concatenate([[0], ends[:-1]])
