"""A teacher's expectations, in the tokens of a student that splits text otherwise."""

from pathlib import Path

import numpy as np
import pytest
import tiny

from model.language_model import load_model
from model.store import path_of
from model.tokenizer import CodeTokenizer
from model.training.corpus import SourceFile
from model.training.examples import lessons
from model.training.teacher import LIKELIEST, Teacher, expectations, expected, spelled


@pytest.fixture(scope="module")
def student() -> CodeTokenizer:
    return CodeTokenizer.load(path_of("nestling") / "tokenizer.json")


def test_tokens_that_begin_alike_give_their_shares_to_the_first_then_to_the_second() -> None:
    chances = [((1, 2), 0.5), ((1, 3), 0.25), ((4,), 0.125)]

    first, second = expectations(chances, [1, 3])

    assert first == {1: 0.75, 4: 0.125}
    assert second == pytest.approx({2: 2 / 3, 3: 1 / 3})


def test_nothing_is_expected_after_a_token_that_the_teacher_did_not_expect() -> None:
    assert len(list(expectations([((1, 2), 0.9)], [7, 2]))) == 1


def test_what_follows_a_short_token_of_the_teacher_is_unknown() -> None:
    _, second = expectations([((1,), 0.5), ((1, 2), 0.5)], [1, 2])

    assert second == {2: 0.5}


def test_a_token_is_spelled_up_to_its_line_break(student: CodeTokenizer) -> None:
    line_break = len(student.bytes_of)

    assert spelled(student, b"):\n\n") == (*student.encode("):"), line_break)
    assert spelled(student, b" return") == tuple(student.encode(" return"))
    assert spelled(student, b"  \n") == ()
    assert spelled(student, "é".encode()[:1]) == ()


def test_a_teacher_that_splits_alike_expects_what_it_would_write(
    student: CodeTokenizer, tmp_path: Path
) -> None:
    teacher = Teacher(load_model("nestling", threads=1), student)
    file = SourceFile("shapes", "MIT", "python", "shapes/area.py", tiny.SHAPES)
    lesson = next(lessons([file], student, count=3, seed=1))

    [targets] = expected(teacher, [lesson], tmp_path / "kept" / "0.npz")

    taught = lesson.weights > 0
    assert targets.ids.shape == (len(lesson.tokens), LIKELIEST)
    assert not targets.shares[~taught].any()
    known = targets.shares.sum(1)[taught]
    assert known.mean() > 0.5 and known.max() < 1.001
    # What stands there is mostly what it expects, as the text is plain.
    first = np.where(targets.ids[:, 0] == len(student.bytes_of), 0, targets.ids[:, 0])
    breaks = [student.bytes_of[token][:1] == b"\n" for token in lesson.tokens]
    hits = np.where(breaks, targets.ids[:, 0] == len(student.bytes_of), first == lesson.tokens)
    assert hits[taught].mean() > 0.4
    # The second time, the file is read.
    [again] = expected(teacher, [lesson], tmp_path / "kept" / "0.npz")
    assert np.array_equal(again.ids, targets.ids)
