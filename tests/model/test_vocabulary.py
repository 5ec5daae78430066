"""A vocabulary cut to what code uses still spells every text."""

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from model.checkpoint import UnsupportedModel, Vocabulary
from model.tokenizer import CodeTokenizer, build_tokenizer, join
from model.vocabulary import kept_tokens, pruned, tokens_by_use

_VOCABULARY = tiny.vocabulary()


def _cut(size: int) -> tuple[Vocabulary, CodeTokenizer]:
    order = range(len(_VOCABULARY.tokens) - 1, -1, -1)
    cut = pruned(_VOCABULARY, kept_tokens(_VOCABULARY, order, size))
    return cut, CodeTokenizer(build_tokenizer(cut))


@given(text=st.text(max_size=60), extra=st.integers(0, 30))
def test_nothing_is_lost(text: str, extra: int) -> None:
    _, tokenizer = _cut(256 + len(_VOCABULARY.special) + extra)
    ids = tokenizer.encode(text)
    assert join(tokenizer.bytes_of[index] for index in ids) == text


def test_special_tokens_stay_special() -> None:
    cut, tokenizer = _cut(256 + len(_VOCABULARY.special))
    for index in _VOCABULARY.special:
        name = _VOCABULARY.tokens[index]
        assert cut.tokens[tokenizer.special(name)] == name


def test_a_kept_token_is_still_reached() -> None:
    whole = CodeTokenizer(build_tokenizer(_VOCABULARY))
    longest = max(
        (index for index, text in enumerate(whole.bytes_of) if text.isascii()),
        key=lambda index: len(whole.bytes_of[index]),
    )
    text = whole.bytes_of[longest].decode()
    assert whole.encode(text) == [longest]
    size = 256 + len(_VOCABULARY.special) + len(text)
    cut = pruned(_VOCABULARY, kept_tokens(_VOCABULARY, [longest], size))
    assert len(CodeTokenizer(build_tokenizer(cut)).encode(text)) == 1


def test_an_unknown_vocabulary_is_named() -> None:
    unknown = Vocabulary(_VOCABULARY.tokens, _VOCABULARY.special, _VOCABULARY.merges, "unheard-of")
    with pytest.raises(UnsupportedModel, match="unheard-of"):
        tokens_by_use(unknown)
