"""A process that is killed loses nothing that was committed."""

import subprocess
import sys
from pathlib import Path

import pytest

CRASHES = Path(__file__).with_name("crashes.py")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")


def kill(moments: int) -> None:
    # In a process of its own, since it forks, which threads of other tests would not survive.
    command = [sys.executable, CRASHES, "--moments", str(moments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_an_index_survives_kills():
    kill(8)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_index_survives_many_kills():
    kill(200)
