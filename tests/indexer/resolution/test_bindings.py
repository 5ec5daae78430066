"""Where a variable has its value from."""

import pytest

from indexer.resolution.bindings import binding

CODE = """
def other(unseen):
    hidden = 1

class Shop:
    def sell(
        self,
        items: list[Item],
        *rest,
    ) -> None:
        import fast_json as codec
        self.sold = 3
        for place, (name, price) in enumerate(items):
            total: int = price
            with open(name) as file, lock as held:
                pay(keyword=total)
        if (found := rest) == 3: return
        first, second = rest
        first[0] = 2
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("items", "items: list[Item],"),
        ("rest", "*rest,"),
        ("self", "self,"),  # what is assigned to is its attribute
        ("place", "for place, (name, price) in enumerate(items):"),
        ("price", "for place, (name, price) in enumerate(items):"),
        ("total", "total: int = price"),
        ("file", "with open(name) as file, lock as held:"),
        ("found", "if (found := rest) == 3: return"),
        ("first", "first, second = rest"),  # what is assigned to is its item
        ("second", "first, second = rest"),
        ("keyword", None),  # an argument of another function
        ("codec", None),  # an import
        ("unseen", None),
        ("hidden", None),  # another function's
        ("nothing", None),
    ],
)
def test_binding(name: str, line: str | None) -> None:
    number = binding(CODE + " " * 8 + name, name)
    assert (None if number is None else CODE.split("\n")[number].strip()) == line


def test_of_several_the_last_counts() -> None:
    assert binding("x = 1\nx = 2\nx", "x") == 1
    assert binding("def x(x):\n    return x", "x") == 0
