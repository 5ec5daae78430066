"""What a code model is shown at a cursor, and its tokens in the order that the model knows."""

from collections.abc import Sequence
from dataclasses import dataclass

from model.catalog import Template
from model.tokenizer import CodeTokenizer


@dataclass(frozen=True)
class Excerpt:
    """A piece of another place of the workspace, shown to the model."""

    path: str
    text: str


@dataclass(frozen=True)
class Prompt:
    """What the model is shown, in the order of how seldom each part changes."""

    excerpts: tuple[Excerpt, ...]
    path: str
    prefix: str  # up to the start of the cursor's line, or of one a few lines above it
    suffix: str  # from the cursor on
    typed: str  # what stands between the prefix and the cursor
    nearby: tuple[str, ...] = ()
    """Texts that are not shown, but of which the answer may repeat a part, the likeliest last."""


def prompt_tokens(
    tokenizer: CodeTokenizer, template: Template, prompt: Prompt, standing: str, room: int
) -> list[int]:
    """A prompt's tokens in a template, at most `room`: what does not fit is cut from the prefix's
    start.

    `standing`: what of the typed part is not up for healing.
    """
    encode, special = tokenizer.encode, tokenizer.special
    if template == "suffix-first":
        before = shown_first(tokenizer, prompt.excerpts, prompt.suffix, prompt.path)
    else:
        before = encode(_shown_before(prompt))
    if template == "qwen-fim":
        # https://github.com/QwenLM/Qwen2.5-Coder, "Fill in the middle". Excerpts are part of
        # the prefix: behind the template's own <|file_sep|> they helped this model less than
        # none at all (benchmarks/README.md).
        before = [special("<|fim_prefix|>"), *before]
        prefix = encode(prompt.prefix)
        suffix = [special("<|fim_suffix|>"), *encode(prompt.suffix)]
        tail = [*suffix, special("<|fim_middle|>"), *encode(standing)]
    else:
        prefix, tail = encode(prompt.prefix + standing), []
    room -= len(tail)
    if len(before) + len(prefix) > room:
        before = before[: 1 if template == "qwen-fim" else 0]
    return before + prefix[max(0, len(prefix) - room + len(before)) :] + tail


def shown_first(
    tokenizer: CodeTokenizer, excerpts: Sequence[Excerpt], suffix: str, path: str
) -> list[int]:
    """What stands before the prefix in the template "suffix-first", which our student learns.

    The suffix comes before the prefix, so that the answer goes on from the typed text without a
    break, and typing on, even on new lines, leaves everything before the cursor in its place.
    """
    return [
        *tokenizer.encode(_as_text(excerpts)),
        tokenizer.special("<|fim_suffix|>"),
        *tokenizer.encode(suffix),
        tokenizer.special("<|fim_prefix|>"),
        *tokenizer.encode(f"# {path}\n"),
    ]


def _shown_before(prompt: Prompt) -> str:
    """The excerpts, if any, and the name of the file, as what stands before its prefix."""
    return f"{_as_text(prompt.excerpts)}# {prompt.path}\n" if prompt.excerpts else ""


def _as_text(excerpts: Sequence[Excerpt]) -> str:
    return "".join(f"# {excerpt.path}\n{excerpt.text}\n\n" for excerpt in excerpts)
