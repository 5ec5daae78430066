"""The student in PyTorch: what ships of it, and what it learns from a teacher."""

import json
from pathlib import Path

import numpy as np
import pytest
import tiny

from model.convert import convert
from model.decoder import Decoder
from model.language_model import load_model
from model.providers import open_session

torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[train]'")

from model.training import ship, teach  # noqa: E402 - torch comes first
from model.training.corpus import SourceFile  # noqa: E402
from model.training.examples import Lesson  # noqa: E402
from model.training.start import cut_student  # noqa: E402
from model.training.student import Student  # noqa: E402
from model.training.teacher import Targets  # noqa: E402

KEPT = list(range(len(tiny.tokens())))
TOKENS = [10, 200, 33, 33, 7, 90]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny decoder, whose vocabulary is kept whole."""
    monkeypatch.setattr(tiny, "FEED_FORWARD", 128)  # whole blocks of columns
    for module in (ship, teach):
        monkeypatch.setattr(module, "student_vocabulary", lambda _: (KEPT, tiny.vocabulary()))
    weights = tiny.weights("llama")
    return tiny.write(tmp_path / "tiny.gguf", "llama", weights, context=4096)


@pytest.fixture
def student(source: Path) -> Student:
    """The tiny decoder at 4 bits."""
    return cut_student(source, KEPT, range(tiny.LAYERS))


def _logits(student: Student) -> np.ndarray:
    with torch.no_grad():
        last = torch.tensor([len(TOKENS) - 1])
        return student(torch.tensor(TOKENS), [len(TOKENS)], last).numpy()[0]


def test_what_ships_says_what_was_trained_and_can_be_trained_on(
    student: Student, source: Path, tmp_path: Path
) -> None:
    trained = _logits(student)
    torch.save({"student": student.state_dict()}, tmp_path / "student.pt")

    ship.ship(source, tmp_path / "student.pt", tmp_path / "shipped")

    model = tmp_path / "shipped" / "model.onnx"
    says = Decoder(open_session(model, threads=1), 64).extend(TOKENS)[-1]
    assert np.corrcoef(says, trained)[0, 1] > 0.99  # its products round the activations
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.zero_()
    student.load_state_dict(ship.shipped(tmp_path / "shipped"))
    assert np.allclose(_logits(student), trained, atol=0.02)


def test_a_teacher_draws_the_student_to_what_it_expects(student: Student) -> None:
    lesson = Lesson(np.array(TOKENS, np.uint16), np.ones(len(TOKENS), np.float32))
    ids = np.zeros((len(TOKENS), 8), np.uint16)
    shares = np.zeros((len(TOKENS), 8), np.float32)
    last, line_breaks = len(TOKENS) - 1, [50, 51]
    ids[last, :2], shares[last, :2] = (77, student.shape.vocabulary), (0.7, 0.3)
    optimizer = torch.optim.Adam(student.parameters(), lr=0.003)
    for _ in range(60):
        value = teach.loss(student, [lesson], [Targets(ids, shares)], line_breaks)
        value.backward()
        optimizer.step()
        optimizer.zero_grad()

    with torch.no_grad():
        logits = student(torch.tensor(TOKENS), [len(TOKENS)], torch.tensor([last - 1]))
    chances = torch.softmax(logits[0], 0)
    # Half of each place's share is the text's, the other half the teacher's.
    assert chances[TOKENS[last]].item() == pytest.approx(0.5, abs=0.1)
    assert chances[77].item() == pytest.approx(0.35, abs=0.1)
    assert chances[line_breaks].sum().item() == pytest.approx(0.15, abs=0.1)


def test_teaching_goes_on_where_it_stopped_and_keeps_what_the_teacher_said(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "teacher").mkdir()
    convert(source, tmp_path / "teacher", "fp32")
    monkeypatch.setattr(
        teach, "load_model", lambda name, threads: load_model(name, folder=tmp_path, threads=1)
    )
    files = [SourceFile("shapes", "MIT", "python", "shapes/area.py", tiny.SHAPES)]
    monkeypatch.setattr(teach, "split", lambda: (files, files))
    monkeypatch.setattr(teach, "LESSONS_AT_ONCE", 24)
    folder = tmp_path / "nestling"

    teach.teach(source, 0.001, decays=False, afresh=True, teacher="teacher", folder=folder)
    teach.teach(source, 0.001, decays=True, teacher="teacher", folder=folder)

    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["updates"] for line in lines if "updates" in line] == [1, 2]
    assert (folder / "student.pt").exists() and (folder / "student-final.pt").exists()
    kept = sorted(path.name for path in (folder / "teacher").iterdir())
    assert kept == ["0.npz", f"{teach.BATCH}.npz"]
