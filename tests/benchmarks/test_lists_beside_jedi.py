"""The places and figures of the list's benchmark; the servers are not started."""

from pathlib import Path

from benchmarks.list_page import page
from benchmarks.lists import Answer, Compared, defined_in, figures
from benchmarks.name_places import NamePlace, choose

CODE = """
import os


def join(folder, name):
    path = os.path.join(folder, name)
    return path.replace("a", "b")
"""


def test_places_are_names_in_use_and_half_of_them_behind_a_dot(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    for name in ("a.py", "b.py", "tests/c.py"):
        (tmp_path / name).write_text(CODE)
    places = choose(tmp_path, "repository", 4, seed=3)
    assert places == choose(tmp_path, "repository", 4, seed=3)
    assert len(set(places)) == 4
    assert [place.behind_dot for place in places] == [True, False] * 2
    assert {place.path for place in places} == {"a.py", "b.py"}
    for place in places:
        assert place.text[place.offset :].startswith(place.name)
        cursor = place.offset + place.typed
        assert place.unfinished[:cursor] == place.text[:cursor]
        assert place.unfinished[cursor] == "\n"
        assert place.code[place.column :].startswith(place.name)


def test_figures_count_ranks_and_definitions() -> None:
    place = NamePlace("r", "a.py", CODE, "join", CODE.index("join(folder, name)\n"), True)
    hover = "```python\ndef join()\n```\n\nFunction `join`, defined in [a.py:5](a.py#L5)"
    ours = Answer(["x", "join"], hover, defined_in(hover), 1.0)
    jedi = Answer(["join"], "join", [("a.py", 9), ("a.py", 4)], 1.0)
    quiet = Answer([], "", [], 1.0)
    found = [Compared(place, ours, jedi), Compared(place, quiet, jedi)]
    result = figures(found)
    assert result["behind a dot"]["bowerbird"] == {
        "asked": 2,
        "listed": 1,
        "first": 0,
        "of_first_five": 1,
        "mean_reciprocal_rank": 0.25,
        "empty": 1,
    }
    assert result["behind a dot"]["jedi"]["first"] == 2
    assert result["hover"]["same_definition"] == 1
    assert result["hover"]["quiet"] == 1
    assert defined_in("`x`: `C`\n\nClass `C`, defined in [a.py:5](a.py#L5)") == []
    assert "path = os.path.‸join(folder, name)" in page(found)
    assert "x, <b>join</b> (place 2 of 2)" in page(found)
