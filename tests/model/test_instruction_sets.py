"""The same answer on a processor without AVX-512, emulated."""

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiny

from model.convert import convert

EMULATOR = "qemu-x86_64"

SATURATES = pytest.mark.xfail(
    strict=True,
    reason="without VNNI, ONNX Runtime adds products of signed 8-bit weights in 16 bits",
)


def written(folder: Path, *emulator: str) -> tuple[list[int], list[str]]:
    """The tokens of greedy decoding in a process of its own, and the instructions that it had."""
    command = [*emulator, sys.executable, str(Path(__file__).parent / "greedy.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return answer["tokens"], answer["instructions"]


@pytest.mark.slow
@pytest.mark.skipif(
    platform.machine() != "x86_64" or shutil.which(EMULATOR) is None,
    reason=f"{EMULATOR} is missing (Debian and Ubuntu: apt-get install qemu-user)",
)
@pytest.mark.parametrize("recipe", ["int4", pytest.param("int8", marks=SATURATES)])
def test_a_processor_without_avx512_writes_the_same(recipe: str, tmp_path: Path) -> None:
    convert(tiny.write(tmp_path / "a.gguf", "llama", tiny.weights("llama")), tmp_path, recipe)
    tokens, instructions = written(tmp_path, EMULATOR, "-cpu", "Haswell")
    assert not [name for name in instructions if "AVX512" in name]
    assert "AVX2" in " ".join(instructions) or "X86_V3" in " ".join(instructions)
    assert tokens == written(tmp_path)[0]
