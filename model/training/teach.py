"""Teaches the student: `python -m model.training.teach SOURCE.gguf --hours H`.

Lessons are taken in their order, at a constant rate after a short warm-up, and a checkpoint is
written on the way, so that training goes on where it stopped, for as long as it pays. `--decay`
ends it: the rate falls to zero over that many hours from the last checkpoint on, which is kept
(warm-up, stable, decay; Hu et al. 2024). What is written is `WORK/nestling/student.pt`.
"""

import argparse
import json
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model.checkpoint import open_checkpoint
from model.tokenizer import CodeTokenizer, build_tokenizer
from model.training.examples import Lesson, lessons, read, split, write
from model.training.fetch import WORK
from model.training.start import cut_student, student_vocabulary
from model.training.student import Student

log = logging.getLogger(__name__)

FOLDER = WORK / "nestling"

DROPPED = (4, 17)
"""Layers of the source left out: those whose loss, together, costs the least (bits per byte)."""

RATE = 4e-4
STEP_RATE = 0.05
"""Of the rate, for quantization steps: they are small numbers that Adam moves by its rate."""

BATCH = 8  # lessons before each update
WARM_UP = 20  # updates
SAVED_EVERY = 20  # updates
MEASURED_EVERY = 40  # updates
LESSONS_AT_ONCE = 9000  # made from one seed


@dataclass
class Progress:
    """How far training has come."""

    updates: int = 0
    lessons: int = 0
    tokens: int = 0
    seconds: float = 0.0


def loss(student: Student, batch: list[Lesson]) -> Tensor:
    """Weighted cross-entropy in nats a token."""
    tokens, weights, lengths = _packed(batch)
    wanted = torch.nonzero(weights)[:, 0]
    with torch.autocast("cpu", torch.bfloat16):
        logits = student(tokens, lengths, wanted - 1)
    each = functional.cross_entropy(logits.float(), tokens[wanted], reduction="none")
    return (each * weights[wanted]).sum() / weights.sum()


def bits_per_byte(student: Student, held_out: list[Lesson], bytes_of: list[bytes]) -> float:
    """Of what the student has to write in lessons that it never learnt."""
    bits, size = 0.0, 0
    for start in range(0, len(held_out), BATCH):
        tokens, weights, lengths = _packed(held_out[start : start + BATCH])
        wanted = torch.nonzero(weights)[:, 0]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            logits = student(tokens, lengths, wanted - 1)
        nats = functional.cross_entropy(logits.float(), tokens[wanted], reduction="sum")
        bits += nats.item() / math.log(2)
        size += sum(len(bytes_of[index]) for index in tokens[wanted].tolist())
    return bits / size


def optimizer_of(student: Student) -> torch.optim.AdamW:
    """Two groups: what is learned at the full rate, and the quantization steps."""
    named = list(student.named_parameters())
    return torch.optim.AdamW(
        [
            {"params": [value for name, value in named if not name.endswith(".step")], "share": 1},
            {
                "params": [value for name, value in named if name.endswith(".step")],
                "share": STEP_RATE,
            },
        ],
        betas=(0.9, 0.95),
        weight_decay=0.0,
    )


def teach(
    source: Path, seconds: float, *, decays: bool, held_out_lessons: int = 48, folder: Path = FOLDER
) -> None:
    """Trains for some time from the last checkpoint on, or from the cut source."""
    checkpoint = open_checkpoint(source)
    kept, vocabulary = student_vocabulary(checkpoint)
    tokenizer = CodeTokenizer(build_tokenizer(vocabulary))
    layers = [layer for layer in range(checkpoint.shape.layers) if layer not in DROPPED]
    student = cut_student(source, kept, layers)
    optimizer, progress = optimizer_of(student), Progress()
    trunk = folder / "student.pt"
    if trunk.exists():
        saved = torch.load(trunk, weights_only=True)
        student.load_state_dict(saved["student"])
        optimizer.load_state_dict(saved["optimizer"])
        progress = Progress(**saved["progress"])
    held_out = list(read(_held_out(folder, tokenizer)))[:held_out_lessons]
    target = folder / "student-final.pt" if decays else trunk
    started, before = time.monotonic(), progress.seconds
    stream = _batches(folder, tokenizer, progress.lessons)
    while (spent := time.monotonic() - started) < seconds:
        rate = min(1.0, (progress.updates + 1) / WARM_UP) * (1 - spent / seconds if decays else 1)
        for group in optimizer.param_groups:
            group["lr"] = RATE * rate * group["share"]
        batch = next(stream)
        value = loss(student, batch)
        value.backward()
        norm = torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        progress.updates += 1
        progress.lessons += len(batch)
        progress.tokens += sum(len(lesson.tokens) for lesson in batch)
        progress.seconds = before + time.monotonic() - started
        report = {**vars(progress), "rate": rate, "loss": value.item(), "gradient": norm.item()}
        if progress.updates % MEASURED_EVERY == 0 or progress.updates == 1:
            report["bits_per_byte"] = bits_per_byte(student, held_out, tokenizer.bytes_of)
        _log(folder, report)
        if progress.updates % SAVED_EVERY == 0:
            _save(target, student, optimizer, progress)
    _save(target, student, optimizer, progress)
    _log(folder, {"bits_per_byte": bits_per_byte(student, held_out, tokenizer.bytes_of)})


def _packed(batch: list[Lesson]) -> tuple[Tensor, Tensor, list[int]]:
    tokens = torch.from_numpy(np.concatenate([lesson.tokens for lesson in batch]).astype(np.int64))
    parts = [np.concatenate([[0], lesson.weights[1:]]) for lesson in batch]  # none before the first
    weights = torch.from_numpy(np.concatenate(parts).astype(np.float32))
    return tokens, weights, [len(lesson.tokens) for lesson in batch]


def _batches(folder: Path, tokenizer: CodeTokenizer, skipped: int) -> Iterator[list[Lesson]]:
    """Lessons from where training stands; new ones are made when they run out."""
    while True:
        seed, start = divmod(skipped, LESSONS_AT_ONCE)
        path = folder / f"train-{seed}.npz"
        if not path.exists():
            write(path, lessons(split()[0], tokenizer, LESSONS_AT_ONCE, seed))
        made = list(read(path))[:LESSONS_AT_ONCE]
        for first in range(start, len(made) - BATCH + 1, BATCH):
            yield made[first : first + BATCH]
        skipped = (seed + 1) * LESSONS_AT_ONCE


def _held_out(folder: Path, tokenizer: CodeTokenizer) -> Path:
    path = folder / "held.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write(path, lessons(split()[1], tokenizer, 150, 7))
    return path


def _save(
    path: Path, student: Student, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    state = {
        "student": student.state_dict(),
        "optimizer": optimizer.state_dict(),
        "progress": vars(progress),
    }
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def _log(folder: Path, report: dict[str, float]) -> None:
    line = json.dumps({name: round(value, 5) for name, value in report.items()})
    log.info(line)
    with (folder / "log.jsonl").open("a") as file:
        file.write(line + "\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="SmolLM2-135M as GGUF")
    parser.add_argument("--hours", type=float, required=True)
    parser.add_argument("--decay", action="store_true", help="let the rate fall to zero")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    teach(arguments.source, arguments.hours * 3600, decays=arguments.decay)
