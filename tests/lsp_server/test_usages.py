"""Which usages hover shows."""

from pathlib import Path

import pytest

from indexer.index import WorkspaceIndex
from indexer.libraries.shelf import Libraries
from indexer.members import definition
from lsp_server.features.usages import documentation_of, usages_of
from lsp_server.last_places import LastPlaces
from lsp_server.workspace import Folder
from model.embed import load_embedder

FILES = {
    "cart.py": '''
class Cart:
    def items(self):
        """What `cart.items` holds."""
        return []

    def count(self):
        return len(self.items())

    def first(self):
        return self.items()[0]
''',
    "other.py": "def keys(table):\n    return [key for key, _ in table.items()]\n",
    "README.md": """# Manual

## Carts

Use `items` with care. A cart has `items()`, and `items.sort` is no method of a Cart.

## Tables

`table.items()` has pairs.
""",
    "shop.py": """
from cart import Cart


def show(cart):
    # cart.items() is long
    print(cart.items())
    for item in cart.items():
        print(item)
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    for path, text in FILES.items():
        (tmp_path / path).write_text(text)
    index = WorkspaceIndex.open(tmp_path, load_embedder(), tmp_path / "index")
    index.update()
    return Folder(tmp_path, index, LastPlaces(tmp_path / "places.json"), Libraries(tmp_path))


def test_usages_are_of_the_symbol_and_of_different_places(folder: Folder):
    (snippet,) = folder.index.definitions("Cart.items")
    text = usages_of(folder, definition(snippet), "shop.py")
    folder.index.close()
    lines = text.splitlines()
    # One of each file and function: not two of `show`, none of a table, a comment or a docstring.
    assert len(lines) == 4
    assert [line.rpartition(": ")[2] for line in lines[1:]] == [
        "`print(cart.items())`",
        "`return len(self.items())`",
        "`return self.items()[0]`",
    ]
    assert "[shop.py:7]" in lines[1]
    assert "in `Cart.count`" in lines[2]


def test_documents_are_quoted_where_they_mean_the_symbol(folder: Folder):
    (snippet,) = folder.index.definitions("Cart.items")
    text = documentation_of(folder, definition(snippet), "shop.py")
    folder.index.close()
    _, line = text.splitlines()
    assert line.startswith("- [README.md:5](")
    assert line.endswith(
        "Manual > Carts: A cart has `items()`, and `items.sort` is no method of a Cart."
    )
