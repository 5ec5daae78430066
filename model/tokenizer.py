"""Text to token ids and back, and the healing of a cut token."""

import json
import re
from bisect import bisect_left
from collections.abc import Iterable
from heapq import merge
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

from model.checkpoint import UnsupportedModel, Vocabulary

# The splitting rules by the names that GGUF files use.
_PRE_TOKENIZERS = {
    "smollm": pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    ),
    "qwen2": pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(
                Regex(
                    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
                    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
                ),
                behavior="isolated",
            ),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    ),
}


def build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """The tokenizer of a checkpoint.

    Raises UnsupportedModel for an unknown splitting rule.
    """
    if vocabulary.pre_tokenizer not in _PRE_TOKENIZERS:
        known = " and ".join(_PRE_TOKENIZERS)
        raise UnsupportedModel(
            f"Text can be split as {known} split it, not as {vocabulary.pre_tokenizer} does."
        )
    pairs = (merge.partition(" ") for merge in vocabulary.merges)
    merges = [(left, right) for left, _, right in pairs]
    ids = {token: index for index, token in enumerate(vocabulary.tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=merges))
    tokenizer.pre_tokenizer = _PRE_TOKENIZERS[vocabulary.pre_tokenizer]
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [
            AddedToken(vocabulary.tokens[index], special=True, normalized=False)
            for index in sorted(vocabulary.special)
        ]
    )
    return tokenizer


def pre_tokenizer_name(described: dict[str, Any] | None) -> str:
    """llama.cpp's name of the splitting rule that a tokenizer.json has as `pre_tokenizer`.

    Raises UnsupportedModel for an unknown one.
    """
    for name, known in _PRE_TOKENIZERS.items():
        if _rule(json.loads(known.__getstate__())) == _rule(described):
            return name
    known_names = " and ".join(_PRE_TOKENIZERS)
    raise UnsupportedModel(f"Text can be split as {known_names} split it, not as {described}.")


def _rule(described: Any) -> Any:
    """A pre-tokenizer's description without what has no influence on the tokens."""
    if isinstance(described, dict):
        return {key: _rule(value) for key, value in described.items() if key != "trim_offsets"}
    return [_rule(value) for value in described] if isinstance(described, list) else described


class CodeTokenizer:
    """A tokenizer that knows the bytes of each token."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # Text that happens to spell a special token must stay text.
        tokenizer.encode_special_tokens = True
        self.bytes_of = _bytes_of(tokenizer)
        """The bytes of each token, by id; of a special token, none."""
        self._sorted = _sorted_by_bytes(self.bytes_of)
        self._ids = dict(self._sorted)

    @classmethod
    def load(cls, path: Path) -> "CodeTokenizer":
        """Reads a tokenizer.json."""
        return cls(Tokenizer.from_file(str(path)))

    def encode(self, text: str) -> list[int]:
        """The ids of a text, in which names of special tokens are plain text."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def special(self, name: str) -> int:
        """The id of a special token; raises KeyError where there is none of that name."""
        index = self._tokenizer.token_to_id(name)
        if index is None:
            raise KeyError(name)
        return int(index)

    def beginning_with(self, text: bytes) -> list[int]:
        """Ids of the tokens that can come next where the output has to begin with `text`.

        They are those that begin with it, and those that are a beginning of it.
        """
        if not text:
            raise ValueError("Every token can come next where nothing is required.")
        low = bisect_left(self._sorted, (text, 0))
        high = bisect_left(self._sorted, (_after(text), 0))
        longer = [index for _, index in self._sorted[low:high]]
        cuts = (text[:end] for end in range(1, len(text)))
        return longer + [self._ids[cut] for cut in cuts if cut in self._ids]


def heal(typed: str) -> tuple[str, str]:
    """Splits what is typed into what stands and what the model has to spell again.

    Taken back is the last run of word characters, of spaces or of punctuation, and with a word
    the spaces before it, since tokens of code begin with their space.
    """
    # From the end: a search for what ends there would try each place of a long run before it.
    tail = re.match(r"\w+[ \t]*|[ \t]+|[^\w\s]+", typed[::-1])
    cut = len(typed) - (tail.end() if tail else 0)
    return typed[:cut], typed[cut:]


def join(pieces: Iterable[bytes]) -> str:
    """The text of some tokens; a character whose last bytes are missing is left out."""
    return b"".join(pieces).decode("utf-8", errors="ignore")


def _bytes_of(tokenizer: Tokenizer) -> list[bytes]:
    special = tokenizer.get_added_tokens_decoder()
    count = tokenizer.get_vocab_size(with_added_tokens=True)
    alphabet = _byte_alphabet()
    return [
        b""
        if index in special
        else bytes(alphabet[letter] for letter in tokenizer.id_to_token(index) or "")
        for index in range(count)
    ]


def _sorted_by_bytes(bytes_of: list[bytes]) -> list[tuple[bytes, int]]:
    """The bytes and ids of all tokens that have any, in the order of the bytes.

    Sorted in pieces: in one, it would hold the interpreter, and so the server, for 0.3 s.
    """
    tokens = [(text, index) for index, text in enumerate(bytes_of) if text]
    pieces = [sorted(tokens[start : start + 2000]) for start in range(0, len(tokens), 2000)]
    return list(merge(*pieces))


def _after(text: bytes) -> bytes:
    """The least byte string that sorts after everything that begins with `text`."""
    stripped = text.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else b"\xff" * (len(text) + 1)


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's printable letter for each byte (Radford et al. 2019), inverted."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): byte for byte in printable}
    return letters | {chr(256 + place): byte for place, byte in enumerate(others)}
