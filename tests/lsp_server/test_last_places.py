"""The last places, from one session to the next."""

import stat
from pathlib import Path

import pytest

from lsp_server.last_places import LastPlaces


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "places.json"


def test_they_are_there_again_newest_first(path: Path):
    places = LastPlaces(path)
    for file, line in [("a.py", 3), ("b.py", 5), ("a.py", 7)]:
        places.note(file, line)
    places.save()
    again = LastPlaces(path)
    assert again.newest(5) == [("a.py", 7), ("b.py", 5)]
    assert again.newest(1) == [("a.py", 7)]
    assert (again.line("b.py"), again.line("c.py")) == (5, None)


def test_only_their_user_can_read_them_and_nothing_else_is_left(path: Path):
    places = LastPlaces(path)
    places.note("a.py", 3)
    places.save()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"a.py": "x", "b.py": -1}', "{"])
def test_a_damaged_file_counts_as_none(path: Path, text: str):
    path.write_text(text)
    places = LastPlaces(path)
    assert places.newest(5) == []
    places.note("a.py", 3)
    places.save()
    assert LastPlaces(path).newest(5) == [("a.py", 3)]


def test_old_ones_are_forgotten(path: Path):
    places = LastPlaces(path)
    for number in range(100):
        places.note(f"{number}.py", number)
    assert len(places.newest(100)) == 50
    assert places.line("99.py") == 99


def test_a_folder_that_is_gone_is_no_error(path: Path):
    places = LastPlaces(path.parent / "gone" / "places.json")
    places.note("a.py", 3)
    places.save()
