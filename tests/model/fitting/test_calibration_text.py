"""The prompts that recipes are fitted to."""

from pathlib import Path

import pytest
import tiny

from model.checkpoint import open_checkpoint
from model.fitting.calibration_text import asked
from model.fitting.sample_text import c_sources, plugin_code
from model.tokenizer import CodeTokenizer, build_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> CodeTokenizer:
    path: Path = tmp_path_factory.mktemp("tiny") / "tiny.gguf"
    source = tiny.write(path, "qwen2", tiny.weights("qwen2"))
    return CodeTokenizer(build_tokenizer(open_checkpoint(source).vocabulary))


def test_they_are_prompts_of_the_template_with_their_answers(tokenizer: CodeTokenizer) -> None:
    parts = [tokenizer.special(f"<|fim_{part}|>") for part in ("prefix", "suffix", "middle")]
    prompts = asked(tokenizer, "qwen-fim", count=4, length=1500)
    assert [len(tokens) for tokens in prompts] == [1500] * 4
    for tokens in prompts:
        assert [token for token in tokens if token in parts] == parts
        assert tokens[0] == parts[0]
        assert tokens.index(parts[2]) < len(tokens) - 1
    assert len({tuple(tokens) for tokens in prompts}) == 4


def test_a_model_that_sees_no_suffix_is_shown_plain_code(tokenizer: CodeTokenizer) -> None:
    special = {tokenizer.special(token) for token in tiny.SPECIAL}
    for tokens in asked(tokenizer, "left-context", count=2, length=300):
        assert len(tokens) == 300
        assert not special.intersection(tokens)


def test_every_second_one_is_of_another_language_than_python(tokenizer: CodeTokenizer) -> None:
    others = plugin_code() | {"C": "\n".join(path.read_text() for path in c_sources())}

    def language(tokens: list[int]) -> str | None:
        prefix = tokens[: tokens.index(tokenizer.special("<|fim_suffix|>"))]
        end = b"".join(tokenizer.bytes_of[token] for token in prefix[-60:]).decode()
        return next((name for name, text in others.items() if end in text), None)

    found = list(map(language, asked(tokenizer, "qwen-fim", count=8, length=1500)))
    assert found[::2] == [None] * 4
    assert found[1::2] == ["typescript.ts", "C", "typescript.ts", "lua.lua"]


def test_they_are_always_the_same(tokenizer: CodeTokenizer) -> None:
    first, again = (asked(tokenizer, "qwen-fim", count=2, length=1500) for _ in range(2))
    assert first == again
