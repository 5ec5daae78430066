from indexer.snippets import Snippet, parse
from lsp_server.engine.context import read_context
from lsp_server.engine.likeness import Place, distinct, passages, read_place

ORDERS = """
def send_order(order, customer):
    message = compose(order)
    message.subject = translate("order.sent", customer.language)
    message.attach(order.invoice())
    deliver(message, customer.address)
    log(message)
    audit(order)
    return message
"""


def place_at(text: str) -> Place:
    offset = text.index("|")
    context = read_context("new.py", "python", text.replace("|", ""), offset)
    assert context is not None
    return read_place(context)


def snippet(text: str) -> Snippet:
    return parse(text, None, "orders.py")[0]


def rare(place: Place) -> dict[str, float]:
    return dict.fromkeys(place.closeness, 1.0)


NOTHING = (0, -1)


def test_a_passage_goes_on_below_the_line_that_is_like_the_cursors() -> None:
    place = place_at('message = compose(bill)\nmessage.subject = translate("bill.|')
    best = passages(place, snippet(ORDERS), rare(place), NOTHING)[0].snippet
    lines = best.text.split("\n")
    assert "message.subject" in best.text
    assert "log(message)" in best.text
    assert len(lines) < ORDERS.count("\n")
    assert ORDERS[best.start : best.end] == best.text
    assert ORDERS.split("\n")[best.start_line : best.end_line] == lines


def test_the_line_above_decides_between_like_lines() -> None:
    text = "\n".join(["open(door)", "result = None", *"abcdef", "shut(door)", "result = None"])
    place = place_at("shut(door)\nresult = |")
    best = passages(place, snippet(text), rare(place), NOTHING)[0].snippet
    assert best.text.startswith("shut(door)")


def test_rare_words_count_more_than_many_common_ones() -> None:
    text = "\n".join(["for item in items:", *"abcdefgh", "zebra = 1"])
    place = place_at("for item in items: zebra|")
    rarity = {"for": 0.1, "item": 0.1, "in": 0.1, "items": 0.1, "zebra": 5.0}
    best = passages(place, snippet(text), rarity, NOTHING)[0].snippet
    assert "zebra" in best.text


def test_nothing_that_is_shown_anyway_is_found() -> None:
    place = place_at("message.attach(|")
    start = ORDERS.index("    message.subject")
    found = passages(place, snippet(ORDERS), rare(place), (start, len(ORDERS)))
    assert all(hit.snippet.end < start for hit in found)


def test_what_shares_no_word_is_not_found() -> None:
    place = place_at("unrelated words here|")
    assert not passages(place, snippet(ORDERS), {}, NOTHING)


def test_the_same_lines_are_found_once() -> None:
    place = place_at("message.attach(|")
    (one, *_), copies = (
        passages(place, snippet(text), rare(place), NOTHING) for text in (ORDERS, "\n" + ORDERS)
    )
    assert distinct([one, *copies])[:1] == [one]
    assert len(distinct([one, copies[0]])) == 1
