"""Every feature, as an editor sees it; the suggestions come from the index alone."""

from collections.abc import Iterator

import pytest
from editor import Client, until
from lsprotocol import types

from model.catalog import known_models

pytestmark = pytest.mark.asyncio(loop_scope="module")

EDITED = "from shop.cart import Cart\n\n\ndef refund(cart, price_list):\n"


@pytest.fixture
def client(module_client: Client) -> Iterator[Client]:
    """The module's client, with no document open."""
    yield module_client
    module_client.close_all()


async def test_inline_completion_comes_from_the_index(client: Client):
    typed = "    amount = cart.total_pri"
    client.open("shop/refund.py", EDITED + typed)
    [item] = await client.inline("shop/refund.py", 4, len(typed))
    assert item.insert_text.startswith("total_price(price_list)")
    # The item replaces the word at the cursor by a text that begins with that word.
    start = typed.index("total")
    assert item.range == types.Range(types.Position(4, start), types.Position(4, len(typed)))


async def test_a_user_who_asks_is_shown_what_is_less_sure(client: Client):
    typed = "    owed = cart.to"
    client.open("shop/refund.py", EDITED + typed)
    params = client.inline_params("shop/refund.py", 4, len(typed))
    assert not (await client.lsp.text_document_inline_completion_async(params)).items
    params.context.trigger_kind = types.InlineCompletionTriggerKind.Invoked
    [item] = (await client.lsp.text_document_inline_completion_async(params)).items
    assert item.insert_text.startswith("total_price(")


async def test_a_suggestion_tells_its_sources_and_counts_its_acceptance(client: Client):
    before = (await client.command("bowerbird.status"))["suggestions"]
    typed = "    amount = cart.total_pri"
    client.open("shop/refund.py", EDITED + typed)
    [item] = await client.inline("shop/refund.py", 4, len(typed))
    assert item.command.command == "bowerbird.accept"
    id, details = item.command.arguments
    assert details["model"] == "index"
    assert client.statuses[-1].lastAnswer.id == id
    assert details["readTokens"] == details["generatedTokens"] == details["passes"] == 0
    assert details["sources"][0]["uri"] == client.uri("shop/checkout.py")
    again = await client.lsp.protocol.send_request_async("bowerbird/suggestion", {"id": id})
    assert again.sources[0].path == "shop/checkout.py"
    assert await client.command("bowerbird.accept", id, details)
    assert not await client.command("bowerbird.accept", "unknown")
    after = (await client.command("bowerbird.status"))["suggestions"]
    for count in ("requests", "shown", "accepted"):
        assert after[count] == before[count] + 1


async def test_an_item_of_another_server_resolves_to_itself(client: Client):
    item = types.CompletionItem("x", data=[1])
    assert (await client.lsp.completion_item_resolve_async(item)).documentation is None


async def test_workspace_symbols_are_found_by_what_they_do(client: Client):
    symbols = await client.symbols("charge a credit card")
    found = symbols["pay_by_card"]
    assert found.location.uri == client.uri("shop/checkout.py")
    assert found.location.range.start == types.Position(3, 4)
    assert await client.symbols("  ") == {}


async def test_the_status_says_what_is_there(client: Client):
    assert client.statuses[-1].model == "index"
    assert client.statuses[-1].indexedFiles == 3
    status = await client.command("bowerbird.status")
    assert status["folders"][0]["root"] == str(client.root)
    assert status["folders"][0]["files"] == 3


async def test_the_models_to_choose_from_are_told(client: Client):
    models = {model["name"]: model for model in await client.command("bowerbird.models")}
    assert list(models) == list(known_models())
    assert not models["smollm2-135m"]["installed"]
    assert models["smollm2-135m"]["downloadBytes"] > 50e6


async def test_progress_is_shown_while_indexing(client: Client):
    [reports] = client.lsp.progress_reports.values()
    assert reports[0].title == "Indexing project"
    assert isinstance(reports[-1], types.WorkDoneProgressEnd)


async def test_settings_of_the_editor_switch_completion_off_and_on(client: Client):
    typed = "    amount = cart.total_pri"
    client.open("shop/refund.py", EDITED + typed)
    for enabled, number in ((False, 0), (True, 1)):
        settings = {"completion": {"enabled": enabled}, "model": {"name": "index"}}
        client.lsp.set_configuration(settings, section="bowerbird")
        client.lsp.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))

        async def taken_over(number: int = number) -> bool:  # the server has to ask for them first
            return len(await client.inline("shop/refund.py", 4, len(typed))) == number

        await until(taken_over)


@pytest.mark.parametrize("column", [30, 10**6])
async def test_positions_out_of_range_are_clamped(client: Client, column: int):
    client.open("shop/refund.py", EDITED + "    amount = cart.total_pri")
    assert await client.inline("shop/refund.py", 4, column)
    await client.hover("shop/refund.py", 10**6, column)


async def test_a_chosen_list_item_counts_as_typed(client: Client):
    typed = "    amount = cart.to"
    client.open("shop/refund.py", EDITED + typed)
    params = client.inline_params("shop/refund.py", 4, len(typed))
    start = typed.index("to")
    word = types.Range(types.Position(4, start), types.Position(4, len(typed)))
    params.context.selected_completion_info = types.SelectedCompletionInfo(word, "total_price")
    answer = await client.lsp.text_document_inline_completion_async(params)
    assert answer.items[0].insert_text.startswith("total_price(price_list)")
    assert answer.items[0].range == word
