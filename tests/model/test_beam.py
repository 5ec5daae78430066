"""Several continuations, on a tiny random model whose texts are nonsense, and on the real one."""

import pytest
import tiny

from model.beam import alternatives
from model.decoder import Decoder
from model.generate import Generation, Limits, Rules, generate
from model.language_model import LanguageModel, load_model
from model.templates import Prompt
from model.tokenizer import CodeTokenizer, join

PROMPT = [10, 200, 33, 33, 7]
LIMITS = Limits(tokens=6)


def both(
    model: tuple[Decoder, CodeTokenizer], beginning: str = "", limits: Limits = LIMITS
) -> tuple[Generation, list[Generation]]:
    """The greedy answer and three others."""
    decoder, tokenizer = model
    rules = Rules(beginning)
    first = generate(decoder, tokenizer, PROMPT, rules, limits=LIMITS)
    others = alternatives(decoder, tokenizer, PROMPT, first, rules, count=3, limits=limits)
    return first, list(others)


def test_the_others_differ_and_are_as_long(model: tuple[Decoder, CodeTokenizer]) -> None:
    first, others = both(model)
    assert len(others) == 3
    assert len({first.text, *(each.text for each in others)}) == 4
    assert all(each.tokens == first.tokens for each in others)


def test_each_goes_on_with_the_most_probable_token(model: tuple[Decoder, CodeTokenizer]) -> None:
    decoder, tokenizer = model
    _, others = both(model)
    made = decoder.tokens[len(PROMPT) :]  # of the last one, but for its last token
    assert others[-1].text.startswith(join(tokenizer.bytes_of[token] for token in made))
    logits = tiny.reference_logits(tiny.weights("llama"), [*PROMPT, *made[:-1]])
    assert logits[-1].argmax() == made[-1]


def test_all_spell_what_is_typed(model: tuple[Decoder, CodeTokenizer]) -> None:
    decoder, tokenizer = model
    _, others = both(model, beginning=" re")
    assert others
    written = join(tokenizer.bytes_of[token] for token in decoder.tokens[len(PROMPT) :])
    assert written.startswith(" re")


def test_what_is_cancelled_is_left_out(model: tuple[Decoder, CodeTokenizer]) -> None:
    _, others = both(model, limits=Limits(tokens=6, cancelled=lambda: True))
    assert others == []


@pytest.fixture(scope="module")
def nestling() -> LanguageModel:
    return load_model("nestling")


def test_a_line_has_several_ends(nestling: LanguageModel) -> None:
    prompt = Prompt((), "a.py", "def area(width, height):\n", "\n", "    return wid")

    def line_end(text: str) -> int | None:
        return text.find("\n") if "\n" in text else None

    limits = Limits(tokens=24)
    found = list(nestling.alternatives(prompt, 2, stop=line_end, limits=limits))
    assert found[0].text == nestling.complete(prompt, stop=line_end, limits=limits).text
    assert len({each.text for each in found}) == 3
    assert all("\n" not in each.text for each in found)


def test_words_are_ranked_by_what_the_model_expects(nestling: LanguageModel) -> None:
    prefix = "def area(width, height):\n    return width * height\n\n\ndef half(width, height):\n"
    prompt = Prompt((), "a.py", prefix, "\n", "    return width * h")
    words = ["horse", "height", "heighten_contrast"]
    assert nestling.word_log_probabilities(prompt, words, most=8) is None  # not read yet
    assert nestling.read(prompt, Limits())
    scores = nestling.word_log_probabilities(prompt, words, most=8)
    assert scores is not None
    assert max(scores) == scores[1] > scores[0]
    assert all(score < 0 for score in scores)


def test_words_that_stand_nearby_are_ranked_first(nestling: LanguageModel) -> None:
    """The model alone expects another one."""
    prefix, typed = "import codec\n\n\ndef load(path):\n", "    return codec.re"
    words = ["read", "restore"]
    text = "def store(path):\n    return codec.restore(path)\n"
    best = []
    for nearby in ((), (text * 3,)):
        prompt = Prompt((), "a.py", prefix, "\n", typed, nearby)
        assert nestling.read(prompt, Limits())
        scores = nestling.word_log_probabilities(prompt, words, most=8)
        assert scores is not None
        best.append(words[scores.index(max(scores))])
    assert best == words
