"""The lessons of the student: what is shown, and what is to be written."""

from pathlib import Path

import pytest

from model.store import path_of
from model.tokenizer import CodeTokenizer, join
from model.training.corpus import SourceFile
from model.training.examples import Lesson, lessons, read, write

PIECE = '''def total_of_basket(basket, discount):
    """Sum the prices of a basket, less the discount."""
    subtotal = sum(item.price for item in basket)
    if discount:
        subtotal -= discount.of(subtotal)
    return round(subtotal, 2)
'''


@pytest.fixture(scope="module")
def tokenizer() -> CodeTokenizer:
    return CodeTokenizer.load(path_of("nestling") / "tokenizer.json")


@pytest.fixture(scope="module")
def files() -> list[SourceFile]:
    """Two packages of Python with functions of the same names, one file of which is unlike."""
    return [
        SourceFile(package, "MIT", "python", f"{package}/part{number}.py", PIECE * (number + 2))
        for package in ("basket", "shop")
        for number in range(3)
    ]


@pytest.fixture(scope="module")
def made(files: list[SourceFile], tokenizer: CodeTokenizer) -> list[Lesson]:
    return list(lessons(files, tokenizer, count=120, seed=1))


def _written(lesson: Lesson, tokenizer: CodeTokenizer) -> str:
    taught = lesson.tokens[lesson.weights > 0].tolist()
    return join(tokenizer.bytes_of[index] for index in taught)


def test_a_lesson_teaches_a_piece_of_a_file_and_then_to_stop(
    made: list[Lesson], files: list[SourceFile], tokenizer: CodeTokenizer
) -> None:
    assert len(made) > 30
    for lesson in made:
        assert any(_written(lesson, tokenizer) in file.text for file in files)
        assert lesson.tokens[-1] == tokenizer.special("<|endoftext|>")


def test_what_is_below_is_shown_before_the_piece_and_goes_on_where_it_ends(
    made: list[Lesson], files: list[SourceFile], tokenizer: CodeTokenizer
) -> None:
    for lesson in made:
        shown = lesson.tokens[lesson.weights == 0].tolist()
        start = shown.index(tokenizer.special("<|fim_suffix|>"))
        end = shown.index(tokenizer.special("<|fim_prefix|>"))
        below = join(tokenizer.bytes_of[index] for index in shown[start + 1 : end])
        whole = _written(lesson, tokenizer) + below
        assert any(whole in file.text for file in files)


def test_the_same_seed_makes_the_same_lessons(
    files: list[SourceFile], tokenizer: CodeTokenizer, tmp_path: Path
) -> None:
    for name in ("one.npz", "two.npz"):
        write(tmp_path / name, lessons(files, tokenizer, count=20, seed=3))
    one, two = list(read(tmp_path / "one.npz")), list(read(tmp_path / "two.npz"))
    assert [lesson.tokens.tolist() for lesson in one] == [lesson.tokens.tolist() for lesson in two]
    assert all(lesson.weights[-1] > 0 for lesson in one)
