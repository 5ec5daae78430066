"""Full, read-only and damaged disks, odd clocks and old formats: said in a sentence, survived."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.database import CannotWrite, Damaged
from indexer.index import WorkspaceIndex
from indexer.store import OtherFormat

Open = Callable[[Path], WorkspaceIndex]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits and mounts")

if sys.platform != "win32":
    import resource

FUNCTION = '''def compute_{name}(first, second):
    """Add two numbers, {name}."""
    return first + second
'''


def write(folder: Path, count: int, name: str) -> None:
    """Write `count` files, each with a function that has `name` in its own."""
    for number in range(count):
        (folder / f"{name}_{number}.py").write_text(FUNCTION.format(name=f"{name}_{number}"))


@pytest.fixture
def root(root: Path) -> Path:
    """A workspace of five files."""
    write(root, 5, "first")
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the index is."""
    return tmp_path / "index"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, which only root can have."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("a file system cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@contextmanager
def longest_file(size: int) -> Iterator[None]:
    """No file can be written beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def knows(index: WorkspaceIndex, *names: str) -> bool:
    return all(index.definitions(f"compute_{name}") for name in names)


def test_a_disk_that_takes_no_more_stops_an_update_and_loses_nothing(
    root: Path, folder: Path, open_index: Open
):
    index = open_index(folder)
    index.update()
    write(root, 300, "second")
    with longest_file(300_000), pytest.raises(CannotWrite, match="disk"):
        index.update()
    assert knows(index, "first_0", "first_4")
    assert not knows(index, "second_299")
    report = index.update()
    assert knows(index, "second_0", "second_299")
    assert 0 < report.files_read < 300, "what was taken in before the disk was full is kept"


def test_a_full_disk_stops_an_update_and_loses_nothing(root: Path, disk: Path, open_index: Open):
    index = open_index(disk / "index")
    index.update()
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(bytes(4096))
    write(root, 30, "second")
    with pytest.raises(CannotWrite, match="the disk is full; make room"):
        index.update()
    assert knows(index, "first_0", "first_4")
    filler.unlink()
    index.update()
    assert knows(index, "first_0", "second_29")


def test_vectors_that_cannot_be_saved_are_made_anew(
    root: Path, folder: Path, open_index: Open, caplog: pytest.LogCaptureFixture
):
    index = open_index(folder)
    index.update()
    with longest_file(1_000):
        index.close()
    assert "vectors could not be saved" in caplog.text
    assert not list(folder.glob("*.partial"))
    again = open_index(folder)
    assert again.update().files_read == 0
    assert again.search("add two numbers", mode="vectors")


def test_an_index_on_a_read_only_disk_is_searched(
    disk: Path, open_index: Open, caplog: pytest.LogCaptureFixture
):
    index = open_index(disk / "index")
    index.update()
    index.close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    index = open_index(disk / "index")
    assert "is searched as it is, since it cannot be written" in caplog.text
    assert knows(index, "first_0")
    assert index.search("add two numbers", mode="vectors")
    assert index.update().files_read == 0
    index.update_text("first_0.py", "x = 1\n")
    index.close()
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


@pytest.mark.parametrize("full", [0, 100_000], ids=["to begin", "to go on"])
def test_an_index_that_cannot_be_begun_says_why(
    root: Path, folder: Path, open_index: Open, full: int
):
    with longest_file(full), pytest.raises(OSError, match=r"disk|folder"):
        open_index(folder).update()


@pytest.mark.parametrize("nanoseconds", [0, -1, -(10**18), 2**62, 2**63, 10**19])
def test_a_clock_may_be_centuries_off(root: Path, folder: Path, open_index: Open, nanoseconds: int):
    index = open_index(folder)
    os.utime(root / "first_0.py", ns=(nanoseconds, nanoseconds))
    assert index.update().files_read == 5
    assert index.update().files_read == 0
    (root / "first_0.py").write_text(FUNCTION.format(name="after"))
    assert index.update().files_read == 1
    assert knows(index, "after")


def older(folder: Path) -> None:
    """Turn an index into one of a format that lacks what is needed now."""
    connection = sqlite3.connect(folder / "index.sqlite")
    with connection:
        connection.execute("UPDATE about SET value = 'format 0' WHERE key = 'made by'")
        connection.execute("DROP INDEX snippets_by_name")
        connection.execute("ALTER TABLE snippets DROP COLUMN last_name")
    connection.close()


def test_an_older_format_is_made_anew(
    root: Path, folder: Path, open_index: Open, caplog: pytest.LogCaptureFixture
):
    index = open_index(folder)
    index.update()
    index.close()
    older(folder)
    with caplog.at_level("INFO"):
        index = open_index(folder)
    assert "Making the index anew: it is of format 0" in caplog.text
    assert index.update().files_read == 5
    assert knows(index, "first_0")


def test_another_format_is_left_to_the_process_that_keeps_it(
    root: Path, folder: Path, open_index: Open
):
    index = open_index(folder)
    index.update()
    older(folder)
    with pytest.raises(OtherFormat, match="another version"):
        open_index(folder)


def test_damage_in_the_middle_is_found_and_the_index_made_anew(
    root: Path, folder: Path, open_index: Open, caplog: pytest.LogCaptureFixture
):
    write(root, 100, "many")
    index = open_index(folder)
    index.update()
    index.close()
    file = folder / "index.sqlite"
    data = bytearray(file.read_bytes())
    data[4096 * 3 :] = os.urandom(len(data) - 4096 * 3)
    file.write_bytes(data)
    damaged = open_index(folder)
    if "Making the index anew" not in caplog.text:  # it was not found at once
        with pytest.raises(Damaged, match="anew at the next start"):
            damaged.update()
            damaged.search("add two numbers")
    damaged.close()
    index = open_index(folder)
    assert "Making the index anew" in caplog.text
    index.update()
    assert knows(index, "first_0", "many_99")


@pytest.mark.parametrize("place", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_a_flipped_bit_among_the_vectors_is_found_and_they_are_made_anew(
    root: Path, folder: Path, open_index: Open, caplog: pytest.LogCaptureFixture, place: float
):
    index = open_index(folder)
    index.update()
    expected = {hit.snippet for hit in index.search("add two numbers", mode="vectors")}
    index.close()
    file = folder / "vectors.hnsw"
    data = bytearray(file.read_bytes())
    data[int(place * (len(data) - 1))] ^= 1 << int(place * 7)
    file.write_bytes(data)
    index = open_index(folder)
    assert "Making the vectors anew from the database: vectors.hnsw is not as" in caplog.text
    assert {hit.snippet for hit in index.search("add two numbers", mode="vectors")} == expected
    assert index.update().files_read == 0


def test_an_index_that_others_could_read_is_made_private(
    root: Path, folder: Path, open_index: Open
):
    index = open_index(folder)
    index.update()
    index.close()
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o644)
    index = open_index(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "index.sqlite").stat().st_mode & 0o777 == 0o600


def test_the_command_line_says_it_in_a_sentence(root: Path):
    write(root, 200, "many")
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000,) * 2); "
        "from lsp_server.cli import main; main()"
    )
    command = [sys.executable, "-c", script, "index", str(root)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    last_line = result.stderr.splitlines()[-1]
    assert last_line.startswith("The index is not complete: the disk"), result.stderr
    assert "Traceback" not in result.stderr
