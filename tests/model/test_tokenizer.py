from pathlib import Path

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from model.checkpoint import open_checkpoint
from model.tokenizer import CodeTokenizer, build_tokenizer, heal, join


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> CodeTokenizer:
    path: Path = tmp_path_factory.mktemp("tiny") / "tiny.gguf"
    tiny.write(path, "llama", tiny.weights("llama"))
    return CodeTokenizer(build_tokenizer(open_checkpoint(path).vocabulary))


@given(st.text())
def test_no_text_is_lost(tokenizer: CodeTokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert join(tokenizer.bytes_of[index] for index in ids) == text


def test_words_are_merged(tokenizer: CodeTokenizer) -> None:
    assert [tokenizer.bytes_of[index] for index in tokenizer.encode("a return")] == [
        b"a",
        b" return",
    ]


def test_the_name_of_a_special_token_in_a_text_is_text(tokenizer: CodeTokenizer) -> None:
    assert tokenizer.special("<|endoftext|>") not in tokenizer.encode("<|endoftext|>")


def test_tokens_that_can_spell_a_beginning(tokenizer: CodeTokenizer) -> None:
    found = {tokenizer.bytes_of[index] for index in tokenizer.beginning_with(b" retu")}
    assert found == {b" ", b" return"}


@given(st.binary(min_size=1, max_size=6))
def test_every_beginning_can_be_spelled(tokenizer: CodeTokenizer, text: bytes) -> None:
    found = [tokenizer.bytes_of[index] for index in tokenizer.beginning_with(text)]
    assert found
    assert all(piece.startswith(text) or text.startswith(piece) for piece in found)


@pytest.mark.parametrize(
    ("typed", "standing", "cut"),
    [
        ("    return se", "    return", " se"),
        ("self.ge", "self.", "ge"),
        ("f(a, ", "f(a,", " "),
        ("f(", "f", "("),
        ("    ", "", "    "),
        ("    ret", "", "    ret"),
        ("", "", ""),
    ],
)
def test_the_cut_token_is_taken_back(typed: str, standing: str, cut: str) -> None:
    assert heal(typed) == (standing, cut)


@given(st.text())
def test_healing_loses_nothing(typed: str) -> None:
    assert "".join(heal(typed)) == typed


@pytest.mark.timeout(10)
def test_healing_bears_a_line_of_data() -> None:
    line = "a" * 300_000 + ";"
    assert heal(line) == (line[:-1], ";")
    assert heal(";" + line[:-1]) == (";", line[:-1])
