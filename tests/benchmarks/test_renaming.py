"""The copies that make a million snippets of real ones."""

import random
import re

from benchmarks.million import _perturbed
from indexer.languages import language_of
from indexer.snippets import parse

SOURCE = "def total_price(order_lines, discount):\n    return sum(order_lines) - discount\n"


def test_a_copy_has_other_names_in_the_same_places():
    (snippet,) = parse(SOURCE, language_of("a.py"), "a.py")
    copies = {_perturbed(snippet, ["customer", "invoice"], random.Random(n)).text for n in range(9)}
    assert len(copies) > 3
    for text in copies:
        assert re.sub(r"\w+", "x", text) == re.sub(r"\w+", "x", snippet.text)
        parameters = re.findall(r"\w+", text)[2:4]
        assert re.findall(r"\w+", text)[-2:] == parameters
