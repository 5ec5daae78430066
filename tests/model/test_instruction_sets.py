"""The same answer on a processor without AVX-512, emulated."""

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from model.convert import convert

EMULATOR = "qemu-x86_64"

SATURATES = pytest.mark.xfail(
    strict=True,
    reason="without VNNI, ONNX Runtime adds products of signed 8-bit weights in 16 bits",
)


def written(folder: Path, *emulator: str) -> dict[str, Any]:
    """What greedy.py says of a model in a process of its own."""
    command = [*emulator, sys.executable, str(Path(__file__).parent / "greedy.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.slow
@pytest.mark.skipif(
    platform.machine() != "x86_64" or shutil.which(EMULATOR) is None,
    reason=f"{EMULATOR} is missing (Debian and Ubuntu: apt-get install qemu-user)",
)
@pytest.mark.parametrize("recipe", ["int4", pytest.param("int8", marks=SATURATES)])
def test_a_processor_without_avx512_writes_the_same(recipe: str, tmp_path: Path) -> None:
    convert(tiny.write(tmp_path / "a.gguf", "llama", tiny.weights("llama")), tmp_path, recipe)
    emulated, here = written(tmp_path, EMULATOR, "-cpu", "Haswell"), written(tmp_path)
    instructions = " ".join(emulated["instructions"])
    assert "AVX512" not in instructions
    assert "AVX2" in instructions or "X86_V3" in instructions  # as older and newer numpy say it
    assert emulated["tokens"] == here["tokens"]
    np.testing.assert_allclose(emulated["logits"], here["logits"], atol=0.01)
