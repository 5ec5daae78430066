"""The engine on a real index, with the real small model and without any."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.index import WorkspaceIndex
from lsp_server.engine.engine import Engine
from lsp_server.engine.suggestion import CompletionRequest, Suggestion, Work
from model.embed import load_embedder
from model.language_model import LanguageModel, load_model

CART = '''
class ShoppingCart:
    """Items and their numbers."""

    def total_price(self, price_list):
        """Sum of all items' prices."""
        return sum(price_list[item] * number for item, number in self.items.items())

    def charge_customer(self, customer, price_list):
        invoice = customer.open_invoice(currency="EUR", reference=self.reference)
        invoice.add_amount(self.total_price(price_list))
        return invoice
'''


@pytest.fixture
def index(tmp_path: Path) -> Iterator[WorkspaceIndex]:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "cart.py").write_text(CART)
    opened = WorkspaceIndex.open(root, load_embedder(), tmp_path / "index")
    opened.update()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def model(small_model: Path) -> LanguageModel:
    return load_model(small_model.name, folder=small_model.parent)


def complete(engine: Engine, text: str, deadline: float = 0.0) -> Suggestion:
    """The suggestion at the `|` of a new Python file."""
    offset = text.index("|")
    request = CompletionRequest(
        "new.py", "python", text.replace("|", ""), offset, deadline, eagerness="eager"
    )
    return engine.complete(request)


def test_without_a_model_a_line_of_the_workspace_goes_on(index: WorkspaceIndex) -> None:
    suggestion = complete(
        Engine([index], None), "def bill(self, customer):\n    invoice = customer.open_inv|\n"
    )
    assert suggestion.text == 'oice(currency="EUR", reference=self.reference)'
    assert suggestion.model == "index"
    assert [source.path for source in suggestion.sources] == ["cart.py"]
    assert suggestion.sources[0].name == "ShoppingCart.charge_customer"


def test_without_a_model_nothing_is_made_up(index: WorkspaceIndex) -> None:
    suggestion = complete(Engine([index], None), "wholly_unknown_words = |\n")
    assert (suggestion.text, suggestion.sources) == ("", ())


def test_the_model_uses_the_names_of_the_workspace(index: WorkspaceIndex) -> None:
    text = "def bill(self, customer):\n    invoice = customer.open_inv|\n"
    with_index = complete(Engine([index], load_model("nestling")), text)
    assert with_index.text == 'oice(currency="EUR", reference=self.reference)'
    assert with_index.sources[0].path == "cart.py"
    assert 0 < with_index.confidence <= 1
    assert with_index.model == "nestling"


def test_what_is_written_is_counted_and_what_is_known_takes_nothing(index: WorkspaceIndex) -> None:
    text = "def bill(self, customer):\n    invoice = customer.open_inv|\n"
    engine = Engine([index], load_model("nestling"))
    first, again = complete(engine, text), complete(engine, text.replace("|", "oice|"))
    assert first.generated_tokens >= first.passes > 0
    assert again.text == first.text.removeprefix("oice")
    assert again.generated_tokens == again.passes == 0
    assert engine.work == Work(1, first.generated_tokens, first.passes)


def test_a_cut_word_is_completed(model: LanguageModel) -> None:
    text = "import unittest\n\n\nclass TestCart(unittest.Test|):\n    pass\n"
    assert complete(Engine([], model), text).text == "Case"


def test_what_stands_behind_the_cursor_is_not_written_again(model: LanguageModel) -> None:
    text = "import os\n\nfor name in os.listdir(path):\n    print(os.path.join(pa|))\n"
    suggestion = complete(Engine([], model), text)
    assert suggestion.text.startswith("th")
    assert ")" not in suggestion.text


def test_in_the_middle_of_a_word_nothing_is_suggested(model: LanguageModel) -> None:
    assert complete(Engine([], model), "pri|nt(1)\n").text == ""


def test_a_second_key_reads_only_what_was_typed(
    index: WorkspaceIndex, model: LanguageModel
) -> None:
    engine = Engine([index], model)
    complete(engine, "def bill(self, customer):\n    invoice = cus|\n")
    read = len(model.decoder.tokens)
    before = list(model.decoder.tokens)
    complete(engine, "def bill(self, customer):\n    invoice = cust|\n")
    kept = next(
        place
        for place, (old, new) in enumerate(zip(before, model.decoder.tokens, strict=False))
        if old != new or place == min(len(before), len(model.decoder.tokens)) - 1
    )
    assert read - kept < 30  # the prompt itself is far longer


@pytest.mark.slow
def test_new_lines_leave_a_model_that_infills_little_to_read(
    index: WorkspaceIndex, qwen_model: Path
) -> None:
    engine = Engine([index], load_model(qwen_model.name, folder=qwen_model.parent))
    text = "def bill(self, customer):\n    total = 0|\n\n\ndef pay(self):\n    return self.total\n"
    arrived = complete(engine, text)
    complete(engine, text.replace("|", "\n    |"))
    below = complete(engine, text.replace("|", "\n    limit = 1\n    name = cust|"))
    assert below.reused_tokens >= arrived.read_tokens - 4
    assert below.read_tokens < 20


def test_typing_along_a_suggestion_needs_no_model(model: LanguageModel) -> None:
    engine = Engine([], model)
    head = "def __init__(self, customer, price):\n"
    text = head + "    self.customer = customer\n    self.price = |\n"
    first = complete(engine, text)
    assert first.text == "price"
    along = complete(engine, text.replace("|", "pri|"))
    assert along.text == "ce"
    assert along.along


def test_of_an_unsure_line_the_sure_beginning_is_shown(
    model: LanguageModel,
) -> None:
    text = "import argparse\n\nparser = argparse.Argument|\nparser.parse_args()\n"
    suggestion = complete(Engine([], model), text)
    assert suggestion.candidate.startswith("Parser(description=")
    assert suggestion.text == "Parser("
    assert suggestion.is_beginning
    assert suggestion.confidence > 0.5


def test_typing_something_else_asks_again(index: WorkspaceIndex) -> None:
    engine = Engine([index], None)
    text = "def bill(self, customer):\n    invoice = customer.open_inv|\n"
    assert complete(engine, text).text
    assert not complete(engine, text.replace("|", "xyz|")).text


def test_a_cancelled_request_ends_at_once_and_shows_nothing(model: LanguageModel) -> None:
    request = CompletionRequest("new.py", "python", "x = 1\n" * 500, 0)
    suggestion = Engine([], model).complete(request, cancelled=lambda: True)
    assert suggestion.text == ""
    assert suggestion.read_tokens == 0


def test_a_deadline_is_kept(model: LanguageModel) -> None:
    text = "".join(f"value_{number} = {number * 7}\n" for number in range(400)) + "value_400 = |\n"
    suggestion = complete(Engine([], model), text, deadline=1e-6)
    assert (suggestion.text, suggestion.read_tokens) == ("", 0)
