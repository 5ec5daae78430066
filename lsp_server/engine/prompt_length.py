"""How much a model is shown, from the speed at which this machine was seen to read."""

import math

from model.decoder import CHUNK, READ_AT_ONCE
from model.language_model import LanguageModel

CHARACTERS_PER_TOKEN = 3  # of code, on the low side
LONGEST = 2048  # tokens

# What the whole prompt may cost to read when nothing of it is cached. With a quick answer before it
# and a line written behind, the suggestion is there in 1.5.
_WHOLE_SECONDS = 1.2
_SHORTEST = 256  # tokens

# Where reading what is unread takes longer, the first answer is from what is read in less.
_COLD_SECONDS, _QUICK_SECONDS = 0.15, 0.08
_SHORTEST_QUICK = 48  # tokens

_RUN_SECONDS = 0.1  # that a key may wait for what is read before anybody asks


def whole(model: LanguageModel) -> int:
    """Tokens of a prompt that this machine reads in the time set for it.

    In half powers of two, so that the same machine shows the model the same from day to day.
    """
    tokens = round(2 ** (round(2 * math.log2(model.prefill_speed * _WHOLE_SECONDS)) / 2))
    return min(max(tokens, _SHORTEST), model.longest_prompt, LONGEST)


def at_once(model: LanguageModel) -> int:
    """Tokens of one run that reads ahead of any question: more are faster, but do not give way."""
    tokens = int(_RUN_SECONDS * model.prefill_speed) // 16 * 16
    return min(max(tokens, READ_AT_ONCE), CHUNK)


def quick(model: LanguageModel) -> int:
    """Tokens of a prompt that the user hardly waits for."""
    return max(_SHORTEST_QUICK, int(_QUICK_SECONDS * model.prefill_speed))


def takes_long(tokens: int, model: LanguageModel) -> bool:
    """Whether the user would wait for so many tokens to be read."""
    return tokens > _COLD_SECONDS * model.prefill_speed
