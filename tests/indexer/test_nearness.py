import pytest

from indexer.nearness import distance


@pytest.mark.parametrize(
    ("path", "here", "expected"),
    [
        ("a/b/c.py", "a/b/c.py", 0),
        ("a/b/d.py", "a/b/c.py", 1),
        ("a/d.py", "a/b/c.py", 2),
        ("a/x/d.py", "a/b/c.py", 3),
        ("x/y/d.py", "a/b/c.py", 5),
        ("d.py", "c.py", 1),
    ],
)
def test_distance(path: str, here: str, expected: int):
    assert distance(path, here) == distance(here, path) == expected
