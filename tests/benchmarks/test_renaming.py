"""Copies of code under other names."""

import ast
import re

from benchmarks.renaming import names_in, renaming

SOURCE = "def total_price(order_lines, discount):\n    return sum(order_lines) - discount\n"


def test_a_copy_has_other_names_in_the_same_places():
    copies = {renaming(["customer", "invoice"], seed)(SOURCE) for seed in range(9)}
    assert len(copies) > 3
    for text in copies:
        ast.parse(text)
        assert re.sub(r"\w+", "x", text) == re.sub(r"\w+", "x", SOURCE)
        parameters = re.findall(r"\w+", text)[2:4]
        assert re.findall(r"\w+", text)[-2:] == parameters


def test_the_same_seed_gives_the_same_copy():
    names = names_in([SOURCE])
    assert names == ["discount", "order_lines", "total_price"]
    assert renaming(names, 7)(SOURCE) == renaming(names, 7)(SOURCE)
