"""The systems of the completion benchmark: the real engine, and what is kept of its answers."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks.answers import Answers
from benchmarks.cases import Case
from benchmarks.completion import ask
from benchmarks.floor import FiveGram
from benchmarks.likelihood import bits_of
from benchmarks.systems import EngineSystem, Prediction, open_index
from indexer.index import WorkspaceIndex
from model.language_model import LanguageModel, load_model
from model.templates import Prompt

ZEBRA = "def feed_zebra(keeper):\n    return keeper.distribute_hay_bales(stable=7)\n"
OPEN = "def feed_okapi(keeper):\n    return keeper.distribute_hay_bales(stable=7)\n"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """The end of a line that stands in another file, too."""
    root = tmp_path / "zoo-1"
    root.mkdir()
    (root / "zebra.py").write_text(ZEBRA)
    (root / "okapi.py").write_text(OPEN)
    start = OPEN.index("distribute")
    return Case(root, "okapi.py", "python", OPEN, start, len(OPEN) - 1, "after .")


@pytest.fixture
def index(case: Case, tmp_path: Path) -> Iterator[WorkspaceIndex]:
    opened = open_index(case.root, tmp_path / "indexes")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def model(small_model: Path) -> LanguageModel:
    return load_model(small_model.name, folder=small_model.parent)


def test_retrieval_finds_what_stands_elsewhere_and_makes_it_likelier(
    case: Case, model: LanguageModel
) -> None:
    systems = [EngineSystem(model, arm, 512) for arm in ("none", "lexical", "vectors", "hybrid")]
    (without,), *found = ask(systems, [case], keep=None)
    assert without.text != case.expected
    for (prediction,) in found:
        assert prediction.text == case.expected
        assert prediction.bits is not None and without.bits is not None
        assert prediction.bits < without.bits / 2
        assert prediction.latency_ms > 0


def test_the_floor_knows_the_other_files_but_not_the_answer(
    case: Case, index: WorkspaceIndex
) -> None:
    floor = FiveGram()
    bits = floor.predict(case, index).bits
    assert floor.predict(case, index).bits == bits
    (case.root / "zebra.py").unlink()
    without = FiveGram().predict(case, index)
    assert "hay" not in without.text
    assert bits and without.bits and bits < without.bits / 2


def test_bits_are_those_of_the_answer_that_generation_would_give(model: LanguageModel) -> None:
    """The most probable text costs least, and a healed word is not paid for twice."""
    prompt = Prompt(
        (), "numbers.py", "for number in range(10):\n    print(number)\n" * 4, "", "for num"
    )
    likely = bits_of(model, prompt, "ber in range(10):")
    unlikely = bits_of(model, prompt, "pty zebra bales(7)")
    assert 0 <= likely < 5 < unlikely < math.inf


@dataclass
class Parrot:
    """A system that counts how often it is asked."""

    model: str = "parrot"
    arm: str = "cage"
    asked: list[str] = field(default_factory=list)

    def predict(self, case: Case, index: WorkspaceIndex) -> Prediction:
        self.asked.append(case.name)
        return Prediction(1.0, case.path, confidence=0.5, bits=2.0)


def test_what_was_answered_is_not_asked_again(case: Case, tmp_path: Path) -> None:
    later = Case(case.root, "zebra.py", "python", ZEBRA, ZEBRA.index("dist"), 70, "after .")
    parrot = Parrot()
    first = ask([parrot], [case], keep=tmp_path / "kept")
    both = ask([parrot], [later, case], keep=tmp_path / "kept")
    assert parrot.asked == [case.name, later.name]
    assert [answer.text for answer in both[0]] == ["zebra.py", "okapi.py"]
    assert both[0][1] == first[0][0]


def test_other_weights_of_the_same_name_are_asked_anew(
    case: Case, model: LanguageModel, tmp_path: Path
) -> None:
    systems = [EngineSystem(model, "none", 512, weights) for weights in ("int4", "int8")]
    Answers(systems[0], tmp_path).put(case, Prediction(1.0, "x", "x"))
    kept: Sequence[Prediction | None] = [Answers(each, tmp_path).get(case) for each in systems]
    assert kept[0] is not None and kept[1] is None
