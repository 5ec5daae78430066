"""The student in PyTorch: what ships of it, and what it learns from a teacher."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

from model.checkpoint import open_checkpoint
from model.decoder import Decoder
from model.providers import open_session

torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[train]'")

from model.training import ship, teach  # noqa: E402 - torch comes first
from model.training.examples import Lesson  # noqa: E402
from model.training.student import Layer, Student  # noqa: E402
from model.training.teacher import Targets  # noqa: E402

FEED_FORWARD = 128  # whole blocks of columns, unlike `tiny`
TOKENS = [10, 200, 33, 33, 7, 90]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tiny.write(tmp_path / "tiny.gguf", "llama", tiny.weights("llama"))


@pytest.fixture
def student(source: Path) -> Student:
    """A small student of random weights."""
    torch.manual_seed(1)
    shape = replace(open_checkpoint(source).shape, feed_forward=FEED_FORWARD)
    rows = {
        "attn_q": (shape.heads * shape.head_size, shape.hidden),
        "attn_k": (shape.key_value_heads * shape.head_size, shape.hidden),
        "attn_v": (shape.key_value_heads * shape.head_size, shape.hidden),
        "attn_output": (shape.hidden, shape.hidden),
        "ffn_gate": (FEED_FORWARD, shape.hidden),
        "ffn_up": (FEED_FORWARD, shape.hidden),
        "ffn_down": (shape.hidden, FEED_FORWARD),
    }
    layers = []
    for _ in range(shape.layers):
        weights = {name: torch.randn(size) / size[1] ** 0.5 for name, size in rows.items()}
        norms = {"attn_norm": torch.rand(shape.hidden), "ffn_norm": torch.rand(shape.hidden)}
        layers.append(Layer(shape, weights | norms))
    table = torch.randn(shape.vocabulary, shape.hidden)
    return Student(shape, table, torch.rand(shape.hidden), layers)


def _logits(student: Student) -> np.ndarray:
    with torch.no_grad():
        last = torch.tensor([len(TOKENS) - 1])
        return student(torch.tensor(TOKENS), [len(TOKENS)], last).numpy()[0]


def test_what_ships_says_what_was_trained_and_can_be_trained_on(
    student: Student, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = _logits(student)
    kept = list(range(student.shape.vocabulary))
    monkeypatch.setattr(ship, "student_vocabulary", lambda _: (kept, tiny.vocabulary()))
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
