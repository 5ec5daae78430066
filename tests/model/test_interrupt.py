"""A run is ended from another thread."""

import threading

import numpy as np
import pytest

from model.decoder import Decoder, Interrupted
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
            for start in range(64, 640, 64):
                decoder.extend(tokens[start : start + 64])
    finally:
        done.set()
        other.join()
    assert decoder.tokens == tokens[: len(decoder.tokens)]
    assert len(decoder.tokens) % 64 == 0
    after = decoder.extend(tokens[len(decoder.tokens) : len(decoder.tokens) + 64])
    length = len(decoder.tokens)
    decoder.rewind(0)
    for start in range(0, length, 64):
        undisturbed = decoder.extend(tokens[start : start + 64])
    np.testing.assert_array_equal(after, undisturbed)
