"""What stands before a dot, in a workspace of Python and one of TypeScript."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.index import WorkspaceIndex
from indexer.languages import language_of
from indexer.members import members_of_class
from indexer.resolution.owners import members_of, names_of
from indexer.resolution.receivers import Place, named_in, owner_before
from indexer.snippets import parse
from model.embed import load_embedder

FILES = {
    "shop/__init__.py": "from .cart import Cart\nfrom shop.money import *\n",
    "shop/money.py": '''
from enum import Enum

CENTS = 100


class Currency(Enum):
    EUR = "eur"
    name: str


def parse(text: str) -> "Price":
    return Price(text)


class Price:
    """An amount.

    value: not an attribute
    """

    def __init__(self, text, currency: Currency = None):
        self.amount, self.rest = split(text)
        self.currency = currency
''',
    "shop/cart.py": """
import shop.money
from shop import money as coins
from shop.money import Currency, Price as Cost


class Base:
    limit: int = 10

    def clear(self) -> "Self":
        return self


class Cart(Base):
    owner: "Customer | None" = None

    def __init__(self, currency: Currency):
        self.currency = currency
        self.total = Cost("0")

    @property
    def price(self) -> Cost:
        return self.total

    def first(self) -> "list[Cost]":
        return []


class Customer:
    name = ""
""",
    "web/model.ts": """
import { Base } from "./base.js";

export class Order extends Base {
  private lines: Line[] = [];
  customer?: Customer;

  constructor(customer: Customer) {
    super();
    this.total = 0;
  }

  add(line: Line): Order {
    return this;
  }
}

export class Customer {
  readonly name: string;
}
""",
    "tools/paint.py": "RED = 1\n\n\ndef mix(a, b):\n    return a\n",
    "web/base.ts": "export class Base {\n  id: number;\n  save() {\n    return 1;\n  }\n}\n",
    "web/index.ts": 'export * from "./model";\n',
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkspaceIndex]:
    folder = tmp_path_factory.mktemp("receivers")
    for path, text in FILES.items():
        (folder / "workspace" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "workspace" / path).write_text(text)
    opened = WorkspaceIndex.open(folder / "workspace", load_embedder(), folder / "index")
    opened.update()
    yield opened
    opened.close()


def members(index: WorkspaceIndex, path: str, text: str) -> set[str]:
    names = names_of(index)
    owner = owner_before(Place(names, path, text))
    return set(members_of(names, owner)) if owner else set()


CART = {"limit", "clear", "owner", "__init__", "currency", "total", "price", "first"}
PRICE = {"__init__", "amount", "rest", "currency"}
IMPORT = "from shop.cart import Cart\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (IMPORT + "Cart.", CART),
        (IMPORT + "x = Cart(1)\nx.", CART),
        (IMPORT + "x = Cart(1)\nx = 3\nx.", set()),
        (IMPORT + "a, x = Cart(1)\nx.", set()),  # a part of it
        (IMPORT + "def f(x: Cart):\n    x.", CART),
        (IMPORT + "def f(x: 'Cart | None'):\n    x.", CART),
        (IMPORT + "with Cart(1) as x:\n    x.", CART),
        (IMPORT + "if isinstance(x, Cart):\n    x.", CART),
        (IMPORT + "if isinstance(x, Cart):\n    pass\nelse:\n    x.", set()),
        (IMPORT + "if not isinstance(x, Cart):\n    raise TypeError\nx.", CART),
        (IMPORT + "Cart(f('(', [1]), 2).clear().", CART),
        (IMPORT + "Cart(1).total.", PRICE),  # by what the constructor assigns
        (IMPORT + "Cart(1).price.", PRICE),  # by a property's annotation
        (IMPORT + "Cart(1).currency.", {"EUR", "name"}),  # by a parameter's annotation
        (IMPORT + "Cart(1).owner.", {"name"}),  # by the class's annotation
        (IMPORT + "Cart(1).first().", set()),  # a list is not what it holds
        (IMPORT + "Cart(1).first()[0].", PRICE),
        (IMPORT + "Cart(1).first()[1:][0].", set()),  # too much to follow
        (IMPORT + "for x in Cart(1).first():\n    x.", PRICE),
        (IMPORT + "for i, x in enumerate(Cart(1).first()):\n    x.", PRICE),
        (IMPORT + "def f(x: 'dict[str, Cart]'):\n    x['a'].", CART),
        (IMPORT + "def f(x: 'dict[str, Cart]'):\n    y = x.get('a')\n    y.", CART),
        (IMPORT + "def f(x: dict[str, Cart]):\n    for y in x.values():\n        y.", CART),
        (IMPORT + "def f(x: dict[str, Cart]):\n    for k, y in x.items():\n        y.", CART),
        (IMPORT + "def f(x: dict[str, Cart]):\n    for y in x:\n        y.", set()),  # a key
        (IMPORT + "def f(x: tuple[Cart, int]):\n    x[0].", set()),
        (IMPORT + "async def f(x: list[Cart]):\n    x[0].", CART),
        (IMPORT + "def f(*x: Cart, **y: Cart):\n    y.", set()),
        ("from shop.money import parse\nprice = parse('1')\nprice.", PRICE),
        ("import shop.money as m\nm.", {"CENTS", "Currency", "parse", "Price"}),
        ("import shop\nshop.", {"Cart", "CENTS", "Currency", "parse", "Price"}),
        ("import shop\nshop.money.Price('1').", PRICE),
        ("from elsewhere import Cart\nCart.", set()),  # another of this name
        ("import os\nos.", set()),
        ("'text'.", set()),
        ("1.", set()),
        ("", set()),
    ],
)
def test_python(index: WorkspaceIndex, text: str, expected: set[str]) -> None:
    assert members(index, "shop/new.py", text) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("shop/new.py", "from tools import paint\npaint."),
        ("shop/new.py", "from tools import paint as p\np."),
        ("shop/new.py", "import tools.paint\ntools.paint."),
        ("tools/new.py", "from . import paint\npaint."),
        ("tools/deep/new.py", "from .. import paint\npaint."),
    ],
)
def test_a_module_in_a_folder_without_init(index: WorkspaceIndex, path: str, text: str) -> None:
    assert members(index, path, text) == {"RED", "mix"}


@pytest.mark.parametrize(
    ("path", "text", "name", "file"),
    [
        ("shop/new.py", "from tools import paint as p\np", "p", "tools/paint.py"),
        ("tools/new.py", "from . import paint\npaint", "paint", "tools/paint.py"),
        ("app.py", "from shop import money\nmoney", "money", "shop/money.py"),
        ("shop/new.py", "import shop.money as coins\ncoins", "coins", "shop/money.py"),
    ],
)
def test_a_name_that_stands_for_a_module(
    index: WorkspaceIndex, path: str, text: str, name: str, file: str
) -> None:
    symbol = named_in(Place(names_of(index), path, text), name)
    assert symbol is not None
    assert (symbol.kind, symbol.path) == ("module", file)


def test_a_class_knows_itself_and_its_base(index: WorkspaceIndex) -> None:
    text = FILES["shop/cart.py"]
    inside = text[: text.index("        return self.total")] + "        self."
    assert members(index, "shop/cart.py", inside) == CART
    assert members(index, "shop/cart.py", inside[: -len("self.")] + "super().") == {
        "limit",
        "clear",
    }


ORDER = {"lines", "customer", "constructor", "total", "add", "id", "save"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('import { Order } from "./model";\nconst x = new Order();\nx.', ORDER),
        ('import { Order as O } from "./index";\nO.', ORDER),
        ('import * as shop from "./model.js";\nshop.', {"Order", "Customer"}),
        ('const { Order } = require("./model");\nnew Order().add(1)?.', ORDER),
        ('import { Order } from "./model";\nfunction f(order: Order) {\n  order.', ORDER),
        ('import { Order } from "./model";\nnew Order().customer.', {"name"}),
    ],
)
def test_typescript(index: WorkspaceIndex, text: str, expected: set[str]) -> None:
    assert members(index, "web/new.ts", text) == expected


def test_of_overloads_the_first_is_shown_with_the_documentation_there_is() -> None:
    text = (
        "class Cart:\n    @overload\n    def get(self, key: str) -> int: ...\n\n    @overload\n"
        "    def get(self) -> str: ...\n\n    def get(self, key=None):\n        'Looks it up.'\n"
        "        return self.items[key]\n"
    )
    snippets = parse(text, language_of(Path("cart.py"), text), "cart.py")
    found = members_of_class(snippets, "Cart")["get"]
    assert found.signature == "def get(self, key: str) -> int:"
    assert (found.line, found.docstring) == (2, "Looks it up.")
