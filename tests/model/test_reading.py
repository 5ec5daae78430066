"""The graph that reads prompts says what the other says, and costs no answer when it cannot be."""

import logging
from pathlib import Path

import numpy as np
import pytest
import tiny

from model import reading
from model.cache import Kind
from model.convert import convert
from model.decoder import READ_AT_ONCE, READ_FROM, Decoder
from model.paths import home
from model.providers import open_session
from model.reading import open_reader

PROMPT = [(7 * place) % 250 for place in range(READ_AT_ONCE)]
ANSWER = [3, 5, 8]


@pytest.fixture(autouse=True)
def own_graphs(bowerbird_home: Path) -> None:
    """The home shares no graphs with other tests'."""
    (bowerbird_home / "reading").unlink()


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return converted(tmp_path, "int4-b32")


def converted(folder: Path, recipe: str, cache: Kind = "fp32") -> Path:
    made = tiny.weights("llama")
    convert(tiny.write(folder / "tiny.gguf", "llama", made), folder, recipe, cache=cache)
    return folder / "model.onnx"


def logits(decoder: Decoder) -> np.ndarray:
    """After a prompt that is read at once and three steps behind it."""
    decoder.extend(PROMPT)
    return np.concatenate([decoder.extend([token]) for token in ANSWER])


@pytest.mark.parametrize("recipe", ["int4-b32", "mixed-large"])  # scales of 16 bits, and of 8
@pytest.mark.parametrize("cache", ["fp32", "int8"])
def test_steps_go_on_from_what_the_second_graph_read(
    tmp_path: Path, recipe: str, cache: Kind
) -> None:
    graph = converted(tmp_path, recipe, cache)
    session = open_session(graph, threads=1)
    reader = open_reader(graph, session, threads=1)
    assert reader is not None
    with_reader = logits(Decoder(session, 64, reader=reader))
    without = logits(Decoder(session, 64))
    assert not np.array_equal(with_reader, without)  # it was read by the other graph
    assert np.corrcoef(with_reader.ravel(), without.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("capacity", [64, READ_AT_ONCE - 1])  # with and without room for company
@pytest.mark.parametrize("count", [READ_FROM - 1, READ_FROM])
def test_the_rest_of_a_prompt_is_read_too(graph: Path, capacity: int, count: int) -> None:
    session = open_session(graph, threads=1)
    decoder = Decoder(session, capacity, reader=open_reader(graph, session, threads=1))
    read, stepped = (each.extend(PROMPT[:count]) for each in (decoder, Decoder(session, capacity)))
    assert decoder.tokens == PROMPT[:count]
    assert np.array_equal(read, stepped) is (count < READ_FROM)
    assert np.corrcoef(read.ravel(), stepped.ravel())[0, 1] > 0.99


def test_what_is_only_read_needs_no_logits(graph: Path) -> None:
    session = open_session(graph, threads=1)
    reader = open_reader(graph, session, threads=1)
    one, other = (Decoder(session, 64, reader=reader) for _ in range(2))
    assert one.extend(PROMPT, logits=0).shape[0] == 0
    other.extend(PROMPT)
    np.testing.assert_array_equal(one.extend(ANSWER), other.extend(ANSWER))


def test_drafted_tokens_do_not_make_a_step_into_reading(graph: Path) -> None:
    session = open_session(graph, threads=1)
    reader = open_reader(graph, session, threads=1)
    tokens = PROMPT[: READ_FROM + 2]
    with_reader = Decoder(session, 64, reader=reader).extend(tokens, logits=8)
    assert np.array_equal(with_reader, Decoder(session, 64).extend(tokens, logits=8))


def test_it_is_made_once_and_anew_for_other_weights(graph: Path) -> None:
    session = open_session(graph, threads=1)
    open_reader(graph, session)
    [first] = (home() / "reading").iterdir()
    made = (first / "model.onnx").stat().st_mtime_ns
    open_reader(graph, session)
    assert (first / "model.onnx").stat().st_mtime_ns == made
    convert(graph.parent / "tiny.gguf", graph.parent, "int4-b32")
    open_reader(graph, open_session(graph, threads=1))
    [second] = (home() / "reading").iterdir()
    assert second != first


def test_one_that_another_process_made_meanwhile_stays(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session(graph, threads=1)
    make = reading.write_reading_graph
    made: list[int] = []

    def also_made_elsewhere(source: Path, path: Path) -> bool:
        monkeypatch.setattr(reading, "write_reading_graph", make)
        assert open_reader(graph, session)
        [folder] = (each.parent for each in (home() / "reading").glob("*/model.onnx"))
        made.append((folder / "model.onnx").stat().st_mtime_ns)
        return make(source, path)

    monkeypatch.setattr(reading, "write_reading_graph", also_made_elsewhere)
    assert open_reader(graph, session)
    [folder] = (home() / "reading").iterdir()
    assert [(folder / "model.onnx").stat().st_mtime_ns] == made


def test_a_damaged_one_is_done_without_and_made_anew(
    graph: Path, caplog: pytest.LogCaptureFixture
) -> None:
    session = open_session(graph, threads=1)
    open_reader(graph, session)
    [folder] = (home() / "reading").iterdir()
    (folder / "model.onnx").write_bytes(b"damaged")
    with caplog.at_level(logging.WARNING):
        assert open_reader(graph, session) is None
    assert "half the speed" in caplog.text
    assert open_reader(graph, session) is not None


def test_a_model_without_blocks_has_none(graph: Path) -> None:
    convert(graph.parent / "tiny.gguf", graph.parent, "fp32")
    assert open_reader(graph, open_session(graph, threads=1)) is None


def test_without_a_place_to_keep_it_the_model_reads_as_it_is(
    graph: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BOWERBIRD_HOME", str(graph))  # a file, not a folder
    with caplog.at_level(logging.WARNING):
        assert open_reader(graph, open_session(graph, threads=1)) is None
    assert "half the speed" in caplog.text


def test_a_provider_that_takes_over_reads_alone(graph: Path) -> None:
    session, spare = open_session(graph, threads=1), open_session(graph, threads=1)
    reader = open_reader(graph, session, threads=1)
    decoder = Decoder(session, 64, lambda failed, error: spare, reader)
    decoder.extend(PROMPT)

    def fails(tokens: object, logits: object) -> object:
        del decoder._run  # type: ignore[method-assign]
        raise RuntimeError("the device is gone")

    decoder._run = fails  # type: ignore[method-assign, assignment]
    answer = np.concatenate([decoder.extend([token]) for token in ANSWER])
    np.testing.assert_array_equal(answer, logits(Decoder(spare, 64)))
