"""The completion list and hover, as an editor sees them, on a small project with a document."""

import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from editor import Client, connected, until, write_project
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

# A list waits for the model's ranking, however slow the machine is.
PATIENT_SERVER = [
    sys.executable,
    "-c",
    "from lsp_server.features import completion\n"
    "completion._PATIENCE = 60\n"
    "from lsp_server.cli import main; main()",
    "serve",
]

EDITED = "from shop.cart import Cart\n\n\ndef refund(cart, price_list):\n"
MEMBERS = ("address", "height", "label", "length", "weight", "width")
PARCEL = "from shop.parcel import Parcel\n\n\ndef pack(parcel: Parcel):\n    parcel.label()\n"
DOCUMENT = """
# Shop

The total price of a cart is never printed by machines.

## Prices

Prices are in euros. What `total_price` gives has no discounts.
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def documented_client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client of a project that has a document."""
    project = write_project(tmp_path_factory.mktemp("lists"))
    (project / "shop.md").write_text(DOCUMENT)
    (project / "shop/parcel.py").write_text(
        "class Parcel:\n" + "".join(f"    def {name}(self):\n        pass\n\n" for name in MEMBERS)
    )
    many = "".join(f"def name_{number}():\n    pass\n\n\n" for number in range(80))
    (project / "shop/many.py").write_text(many + "def zigzag():\n    pass\n")
    (project / "shop/post.py").write_text("def fee(parcel):\n    return parcel.weight() * 2\n")
    async with connected(project) as own_client:
        yield own_client


@pytest.fixture
def client(documented_client: Client) -> Iterator[Client]:
    """The module's client, with no document open."""
    yield documented_client
    documented_client.close_all()


async def test_completion_lists_the_likeliest_names_and_resolves_them(client: Client):
    imports = "from shop.checkout import pay_by_invoice\n"
    client.open("shop/refund.py", imports + "pay_by_invoice(cart)\n\n\n\n    pay")
    items = await client.completions("shop/refund.py", 5, 7)
    # The one that stands in the document comes first, and both behind those of other servers.
    assert [item.label for item in items] == ["pay_by_invoice", "pay_by_card"]
    assert "pay_by_zebra" < items[0].sort_text < items[1].sort_text
    assert items[0].text_edit.range == types.Range(types.Position(5, 4), types.Position(5, 7))
    assert items[0].detail.startswith("def pay_by_invoice(cart, customer, price_list)")
    resolved = await client.lsp.completion_item_resolve_async(items[0])
    assert "Send an invoice by mail" in resolved.documentation.value
    assert "shop/checkout.py:11" in resolved.documentation.value


@pytest.mark.parametrize(
    ("typed", "labels"),
    [
        ("Cart().", {"add_item", "total_price", "items", "__init__"}),
        ("Cart().tot", {"total_price"}),
        ("basket: Cart = load()\n    basket.i", {"items"}),
        ("cart.", {"add_item", "total_price", "items", "__init__"}),  # by its name alone
        ("from shop.checkout import ", {"pay_by_card", "pay_by_invoice"}),
        ("import tools.report\n    tools.report.", {"total_report"}),
        ("unknown_thing.", set()),
        ("unknown_thing.tot", {"total_price"}),
        ("import json\n    json.tot", set()),  # not of the workspace, whatever there is in it
    ],
)
async def test_behind_a_dot_members_are_listed(client: Client, typed: str, labels: set[str]):
    client.open("shop/refund.py", EDITED + "    " + typed)
    lines = (EDITED + "    " + typed).split("\n")
    items = await client.completions("shop/refund.py", len(lines) - 1, len(lines[-1]))
    assert {item.label for item in items} == labels


@pytest.mark.parametrize("method", ["__init__", "add_item", "total_price"])
async def test_behind_super_the_method_that_is_written_comes_first(client: Client, method: str):
    text = (
        "from shop.cart import Cart\n\n\nclass Basket(Cart):\n    def clear(self):\n"
        "        self.total_price({})\n        self.add_item(1)\n\n"
        f"    def {method}(self, *arguments):\n        super()."
    )
    path = f"shop/basket_{method}.py"
    client.open(path, text)

    async def listed() -> list[str]:
        items = await client.completions(path, 9, len("        super()."))
        return [item.label for item in items]

    await until(listed)  # the class is in the index soon
    assert (await listed())[0] == method


async def test_members_used_after_such_a_receiver_come_first(client: Client):
    # `label` in this document, `weight` in another file.
    client.open("shop/refund.py", PARCEL + "    parcel.")
    items = await client.completions("shop/refund.py", PARCEL.count("\n"), len("    parcel."))
    assert [item.label for item in items][:2] == ["label", "weight"]


async def test_of_a_long_list_the_rest_comes_as_more_is_typed(client: Client):
    text = "import shop.many\n\nshop.many."
    client.open("shop/refund.py", text)
    document = types.TextDocumentIdentifier(client.uri("shop/refund.py"))
    params = types.CompletionParams(document, types.Position(2, len("shop.many.")))
    answer = await client.lsp.text_document_completion_async(params)
    assert len(answer.items) == 50 and answer.is_incomplete  # so the editor asks again
    assert "zigzag" not in {item.label for item in answer.items}
    client.open("shop/refund.py", text + "z")
    [item] = await client.completions("shop/refund.py", 2, len("shop.many.z"))
    assert item.label == "zigzag"


async def test_hover_tells_what_a_symbol_is_and_where_it_is_used(client: Client):
    client.open("shop/checkout.py")
    text = await client.hover("shop/checkout.py", 5, 20)
    assert "```python\ndef total_price(self, price_list)" in text
    assert "Sum of all items' prices" in text
    assert f"[shop/cart.py:14]({client.uri('shop/cart.py')}#L14)" in text
    # Not the line that the user looks at.
    place = f"[shop/checkout.py:13]({client.uri('shop/checkout.py')}#L13)"
    assert f"{place} in `pay_by_invoice`" in text
    assert "checkout.py:6]" not in text
    # What the documents say, but not what they say of other things.
    assert "Shop > Prices: What `total_price` gives has no discounts." in text
    assert "The total price" not in text
    assert await client.hover("shop/checkout.py", 2, 0) is None


async def test_hover_says_where_a_variable_is_from_and_of_which_class(client: Client):
    text = (
        "def refund(total_price, cart: Cart):\n    total_price = 3\n    return total_price, cart\n"
    )
    client.open("shop/refund.py", "from shop.cart import Cart\n" + text)
    of_price = await client.hover("shop/refund.py", 3, 14)  # not the method of this name
    place = f"[shop/refund.py:3]({client.uri('shop/refund.py')}#L3)"
    assert of_price == (
        f"```python\ntotal_price = 3\n```\n\nVariable `total_price`, defined in {place}"
    )
    of_cart = await client.hover("shop/refund.py", 3, 25)
    assert of_cart.startswith("`cart`: `Cart`\n\nVariable `cart`, defined in [shop/refund.py:2]")
    assert "```python\nclass Cart:" in of_cart
    assert "Used in" not in of_cart


async def test_names_of_the_document_are_listed(client: Client):
    text = """import prices
CURRENCY = "priceless"
def price_of(price_list, other):  # private
    return other.price_tag, pri
"""
    client.open("shop/refund.py", text)
    items = await client.completions("shop/refund.py", 3, 31)
    assert [item.label for item in items] == ["price_list", "price_of", "prices"]


async def test_hover_tells_the_definition_that_is_meant(client: Client):
    two = "class Basket:\n    def {0}(self):\n        '''Of the basket.'''\n\n\n"
    client.open("shop/basket.py", two.format("total_price") + "Basket.total_price\ntotal_price\n")
    name = "Of the basket"

    async def meant(line: int, column: int) -> str:
        return await client.hover("shop/basket.py", line, column) or ""

    async def is_indexed() -> bool:
        return name in await meant(5, 10)

    await until(is_indexed)  # the receiver's class counts
    assert name in await meant(6, 2)  # and then the nearest file
    client.open("shop/checkout.py")
    assert "Sum of all items" in (await client.hover("shop/checkout.py", 5, 20) or "")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model_client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client whose server has the model that comes along."""
    project = write_project(tmp_path_factory.mktemp("lists"))
    completion = {"deadline_ms": 0, "eagerness": "eager"}
    settings = {"model": {"name": "nestling"}, "completion": completion}
    async with connected(project, command=PATIENT_SERVER, **settings) as own_client:
        await until(lambda: own_client.statuses[-1].model == "nestling")
        yield own_client
        own_client.close_all()


async def test_an_editor_that_asks_for_more_gets_up_to_three_texts(model_client: Client):
    model_client.open("area.py", "def area(width, height):\n    return wid")
    params = model_client.inline_params("area.py", 1, 14)
    [automatic] = (await model_client.lsp.text_document_inline_completion_async(params)).items
    params.context.trigger_kind = types.InlineCompletionTriggerKind.Invoked
    first, *others = (await model_client.lsp.text_document_inline_completion_async(params)).items
    assert first.insert_text == automatic.insert_text
    assert 1 <= len(others) <= 2
    assert len({item.insert_text for item in [first, *others]}) == 1 + len(others)
    assert all(item.insert_text.startswith("wid") for item in others)
    assert all(item.range == first.range for item in others)
    assert others[0].command.command == "bowerbird.accept"


async def test_a_list_is_ordered_by_what_the_model_expects(model_client: Client):
    text = "from shop.cart import Cart\n\n\ndef cost_of(cart: Cart, price_list):\n    return cart."
    model_client.open("shop/cost.py", text)
    await model_client.inline("shop/cost.py", 4, 16)

    async def labels() -> list[str]:
        return [item.label for item in await model_client.completions("shop/cost.py", 4, 16)]

    async def comes_first() -> bool:  # by nearness alone it stands behind the class's attributes
        return (await labels())[0] == "total_price"

    await until(comes_first)
    assert set(await labels()) == {"add_item", "total_price", "items", "__init__"}
