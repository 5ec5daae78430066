"""A run is ended from another thread."""

import threading

import numpy as np
import pytest

from model.decoder import READ_AT_ONCE, Decoder, Interrupted
from model.language_model import load_model

TEXT = "".join(f"value_{number} = {number}\n" for number in range(200))


def interrupt_until(done: threading.Event, decoder: Decoder) -> None:
    """Again and again: whenever it comes between two runs, it has no effect."""
    while not done.wait(0.001):
        decoder.interrupt()


def test_an_interrupted_run_leaves_the_sequence_as_it_was() -> None:
    model = load_model("nestling", threads=1)
    tokens = model.tokenizer.encode(TEXT)[:640]
    decoder = model.decoder
    decoder.extend(tokens[:64])
    done = threading.Event()
    other = threading.Thread(target=interrupt_until, args=(done, decoder))
    other.start()
    try:
        with pytest.raises(Interrupted):
            for start in range(64, 640, 16):
                decoder.extend(tokens[start : start + 16])
    finally:
        done.set()
        other.join()
    assert decoder.tokens == tokens[: len(decoder.tokens)]
    assert len(decoder.tokens) % 16 == 0
    after = decoder.extend(tokens[len(decoder.tokens) : len(decoder.tokens) + 16])
    length = len(decoder.tokens)
    decoder.rewind(64)
    for start in range(64, length, 16):
        undisturbed = decoder.extend(tokens[start : start + 16])
    np.testing.assert_array_equal(after, undisturbed)


def test_a_run_that_reads_a_prompt_is_not_ended() -> None:
    model = load_model("nestling", threads=1)
    tokens = model.tokenizer.encode(TEXT)[:256]
    done = threading.Event()
    other = threading.Thread(target=interrupt_until, args=(done, model.decoder))
    other.start()
    try:
        for start in range(0, 256, READ_AT_ONCE):
            model.decoder.extend(tokens[start : start + READ_AT_ONCE])
    finally:
        done.set()
        other.join()
    assert model.decoder.tokens == tokens
