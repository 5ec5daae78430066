"""What a process sees of the processor once instruction sets are hidden from it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.instruction_sets import SETS, hiding

CPU_INFO = Path("/proc/cpuinfo")

# As ONNX Runtime asks: leaf 7 of CPUID (Intel's manual, volume 2A).
PROBE = """
#include <cpuid.h>
#include <stdio.h>
int main(void) {
    unsigned a, b, c, d, e;
    __cpuid_count(7, 0, a, b, c, d);
    __cpuid_count(7, 1, e, a, a, a);
    printf("%u %u %u", b >> 16 & 1, b >> 5 & 1, e >> 4 & 1);
    return 0;
}
"""


def has(flag: str) -> bool:
    return CPU_INFO.exists() and flag in CPU_INFO.read_text(encoding="utf-8").split()


@pytest.mark.skipif(
    not (has("cpuid_fault") and has("avx512f") and shutil.which("cc")),
    reason="needs Linux, a C compiler and a processor with AVX-512 whose CPUID can fault",
)
def test_what_is_hidden_is_not_seen_and_nothing_else_is_missing(tmp_path: Path) -> None:
    probe = tmp_path / "probe"
    subprocess.run(["cc", "-x", "c", "-o", probe, "-"], input=PROBE, text=True, check=True)

    def seen(flags: tuple[str, ...] | None) -> list[bool]:
        """AVX-512, AVX2 and AVX-VNNI."""
        hidden = {} if flags is None else hiding(flags, tmp_path)
        done = subprocess.run([probe], env=os.environ | hidden, check=True, capture_output=True)
        return [bit == "1" for bit in done.stdout.decode().split()]

    found = {name: seen(flags) for name, flags in SETS.items()}
    vnni = found["AVX-512"][2]  # older systems do not tell it in their own list
    assert found == {
        "AVX-512": [True, True, vnni],
        "AVX2 and AVX-VNNI": [False, True, vnni],
        "AVX2": [False, True, False],
    }


@pytest.mark.skipif(not (has("cpuid_fault") and shutil.which("cc")), reason="as above")
def test_a_fault_of_its_own_still_ends_the_process(tmp_path: Path) -> None:
    probe = tmp_path / "fault"
    source = "int main(void) { *(volatile int *)0 = 1; return 0; }"
    subprocess.run(["cc", "-x", "c", "-o", probe, "-"], input=source, text=True, check=True)
    done = subprocess.run([probe], env=os.environ | hiding((), tmp_path), check=False, timeout=20)
    assert done.returncode == -11
