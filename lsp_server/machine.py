"""What machine this is and which versions run on it: figures mean nothing without."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    *("bowerbird", "onnxruntime", "onnx", "tokenizers", "hnswlib", "numpy", "pygls"),
    "llama-cpp-python",  # the peer in `model bench`; others do without
)

# Those that decide the speed of quantized models, most telling last.
INSTRUCTION_SETS = (
    *("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl"),
    *("avx_vnni", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8"),
    *("asimd", "asimdhp", "asimddp", "sve", "i8mm", "bf16"),
)


def describe() -> dict[str, Any]:
    """The machine and the versions, as benchmarks and `doctor` report them."""
    import psutil

    return {
        "cpu": cpu_name(),
        "cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "instruction_sets": instruction_sets(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def cpu_name() -> str:
    """The processor's name as its maker has it."""
    for line in _cpu_info():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()


def instruction_sets() -> list[str]:
    """The vector instructions of this processor, as far as they matter here."""
    for line in _cpu_info():
        if line.startswith(("flags", "Features")):
            flags = line.split()
            return [name for name in INSTRUCTION_SETS if name in flags]
    import numpy as np

    found = np.show_config(mode="dicts")["SIMD Extensions"]
    return [*found.get("baseline", []), *found.get("found", [])]


def peak_memory() -> int:
    """Bytes of memory that this process has used at most."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _cpu_info() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if os.access(path, os.R_OK) else []


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
