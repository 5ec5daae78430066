"""Teaches the student: `python -m model.training.teach SOURCE.gguf --hours H`.

Lessons are taken in their order, at a constant rate after a short warm-up, and a checkpoint is
written on the way, so that training goes on where it stopped, for as long as it pays. Without a
checkpoint it goes on from the weights that ship; `--afresh` begins with the cut source instead.
`--decay` ends it: the rate falls to zero over that many hours from the last checkpoint on, which is
kept (warm-up, stable, decay; Hu et al. 2024). What is written is `WORK/nestling/student.pt`.
`--teacher` names an installed model whose expectations are learnt beside the text.
"""

import argparse
import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model.checkpoint import open_checkpoint
from model.language_model import load_model
from model.store import path_of
from model.tokenizer import CodeTokenizer, build_tokenizer
from model.training.examples import Lesson, lessons, read, split, write
from model.training.fetch import WORK
from model.training.ship import shipped
from model.training.start import cut_student, student_vocabulary
from model.training.student import Student
from model.training.teacher import Targets, Teacher, expected, line_break_tokens

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

TEACHER_SHARE = 0.5
"""How much a teacher's expectations count beside the token that stood there."""


@dataclass
class Progress:
    """How far training has come."""

    updates: int = 0
    lessons: int = 0
    tokens: int = 0
    seconds: float = 0.0


SHIPPED = Progress(updates=283, lessons=2264, tokens=920_000, seconds=6408)
"""How far the weights had come that ship."""


def loss(
    student: Student,
    batch: list[Lesson],
    targets: list[Targets] | None = None,
    line_breaks: Sequence[int] = (),
) -> Tensor:
    """Weighted cross-entropy in nats a token.

    Where a teacher's `targets` are known they count by TEACHER_SHARE and the token that stands
    there by the rest. `line_breaks`: ids of the tokens that begin with one, alike to the teacher.
    """
    tokens, weights, lengths = _packed(batch)
    wanted = torch.nonzero(weights)[:, 0]
    with _fast_products():
        logits = student(tokens, lengths, wanted - 1).float()
    each = functional.cross_entropy(logits, tokens[wanted], reduction="none")
    if targets is not None:
        ids = torch.from_numpy(np.concatenate([each.ids for each in targets]).astype(np.int64))
        shares = torch.from_numpy(np.concatenate([each.shares for each in targets]))
        alike = torch.logsumexp(logits[:, list(line_breaks)], 1, keepdim=True)
        whole = torch.logsumexp(logits, 1, keepdim=True)
        scores = torch.cat([logits, alike], 1).gather(1, ids[wanted]) - whole
        share = TEACHER_SHARE * shares[wanted]
        each = (1 - share.sum(1)) * each - (share * scores).sum(1)
    return (each * weights[wanted]).sum() / weights.sum()


def bits_per_byte(student: Student, held_out: list[Lesson], bytes_of: list[bytes]) -> float:
    """Of what the student has to write in lessons that it never learnt."""
    bits, size = 0.0, 0
    for start in range(0, len(held_out), BATCH):
        tokens, weights, lengths = _packed(held_out[start : start + BATCH])
        wanted = torch.nonzero(weights)[:, 0]
        with torch.no_grad(), _fast_products():
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
        fused=True,  # one pass over the weights instead of ten
    )


@dataclass(frozen=True)
class _Run:
    """What is trained, and how far it has come."""

    student: Student
    tokenizer: CodeTokenizer
    optimizer: torch.optim.AdamW
    progress: Progress
    first_update: int
    """From which on the rate rises to its height."""


def teach(
    source: Path,
    seconds: float,
    *,
    decays: bool,
    afresh: bool = False,
    teacher: str | None = None,
    held_out_lessons: int = 48,
    folder: Path = FOLDER,
) -> None:
    """Trains for some time from the last checkpoint on, from what ships, or from the cut source.

    Raises StoreError when the teacher is not installed.
    """
    run = _begin(source, folder / "student.pt", afresh)
    progress, tokenizer = run.progress, run.tokenizer
    targets_of = _asking(teacher, tokenizer, folder) if teacher else None
    held_out = list(read(_held_out(folder, tokenizer)))[:held_out_lessons]
    target = folder / ("student-final.pt" if decays else "student.pt")
    started, before = time.monotonic(), progress.seconds
    stream = _batches(folder, tokenizer, progress.lessons)
    while (spent := time.monotonic() - started) < seconds:
        rate = min(1.0, (progress.updates - run.first_update + 1) / WARM_UP)
        rate *= 1 - spent / seconds if decays else 1
        batch = next(stream)
        report = _update(run, batch, targets_of and targets_of(batch, progress.lessons), rate)
        progress.seconds = before + time.monotonic() - started
        report |= vars(progress)
        if progress.updates % MEASURED_EVERY == 0 or progress.updates == 1:
            report["bits_per_byte"] = bits_per_byte(run.student, held_out, tokenizer.bytes_of)
        _log(folder, report)
        if progress.updates % SAVED_EVERY == 0:
            _save(target, run)
    _save(target, run)
    _log(folder, {"bits_per_byte": bits_per_byte(run.student, held_out, tokenizer.bytes_of)})


def _begin(source: Path, trunk: Path, afresh: bool) -> _Run:
    checkpoint = open_checkpoint(source)
    kept, vocabulary = student_vocabulary(checkpoint)
    tokenizer = CodeTokenizer(build_tokenizer(vocabulary))
    layers = [layer for layer in range(checkpoint.shape.layers) if layer not in DROPPED]
    student = cut_student(source, kept, layers)
    optimizer = optimizer_of(student)
    if trunk.exists():
        saved = torch.load(trunk, weights_only=True)
        student.load_state_dict(saved["student"])
        optimizer.load_state_dict(saved["optimizer"])
        return _Run(student, tokenizer, optimizer, Progress(**saved["progress"]), 0)
    if afresh:
        return _Run(student, tokenizer, optimizer, Progress(), 0)
    student.load_state_dict(shipped(path_of("nestling")))
    return _Run(student, tokenizer, optimizer, replace(SHIPPED), SHIPPED.updates)


def _asking(
    name: str, student: CodeTokenizer, folder: Path
) -> Callable[[list[Lesson], int], list[Targets]]:
    """Gives the targets of a batch that begins with the lesson of a number."""
    teacher = Teacher(load_model(name, threads=torch.get_num_threads()), student)
    return lambda batch, number: expected(teacher, batch, folder / name / f"{number}.npz")


def _update(
    run: _Run, batch: list[Lesson], targets: list[Targets] | None, rate: float
) -> dict[str, float]:
    """Learns from a batch at a share of RATE."""
    for group in run.optimizer.param_groups:
        group["lr"] = RATE * rate * group["share"]
    value = loss(run.student, batch, targets, line_break_tokens(run.tokenizer))
    value.backward()
    norm = torch.nn.utils.clip_grad_norm_(run.student.parameters(), 1.0)
    run.optimizer.step()
    run.optimizer.zero_grad()
    run.progress.updates += 1
    run.progress.lessons += len(batch)
    run.progress.tokens += sum(len(lesson.tokens) for lesson in batch)
    return {"rate": rate, "loss": value.item(), "gradient": norm.item()}


def _fast_products() -> torch.autocast:
    """Products in bf16 where the processor has them; elsewhere fp32 is four times faster."""
    has_them = torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.autocast("cpu", torch.bfloat16, enabled=has_them)


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


def _save(path: Path, run: _Run) -> None:
    state = {
        "student": run.student.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "progress": vars(run.progress),
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
    parser.add_argument("--afresh", action="store_true", help="begin with the cut source")
    parser.add_argument("--teacher", help="an installed model, such as qwen2.5-coder-0.5b")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    teach(
        arguments.source,
        arguments.hours * 3600,
        decays=arguments.decay,
        afresh=arguments.afresh,
        teacher=arguments.teacher,
    )
