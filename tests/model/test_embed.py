import json
from hashlib import sha256

import numpy as np
import pytest

from model.embed import LONGEST_TEXT, WEIGHTS, Embedder, load_embedder, words

SORTING = "def sort_by_name(items):\n    return sorted(items, key=lambda item: item.name)\n"
RANKING = "function sortItems(items) {\n  return items.sort((a, b) => a.name < b.name);\n}\n"
SOCKET = "fn listen(port: u16) -> io::Result<TcpListener> { TcpListener::bind((host, port)) }"
TEXTS = [
    SORTING,
    RANKING,
    SOCKET,
    "open the database",
    "größe = länge * 2",
    "日本語のコメント",
    "🐦",
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder()


def test_rows_are_unit_vectors(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_vector_alone_and_in_any_batch(embedder: Embedder) -> None:
    batch = embedder.embed(TEXTS * 20)
    for row, text in zip(batch, TEXTS, strict=False):
        np.testing.assert_allclose(row, embedder.embed([text])[0], atol=1e-5)
    np.testing.assert_array_equal(batch, embedder.embed(TEXTS * 20))


def test_a_second_embedder_gives_the_same_vectors(embedder: Embedder) -> None:
    other = load_embedder()
    assert other.name == embedder.name
    np.testing.assert_array_equal(other.embed(TEXTS), embedder.embed(TEXTS))


def test_code_lies_nearer_to_like_code_than_to_other_code(embedder: Embedder) -> None:
    sorting, ranking, socket = embedder.embed([SORTING, RANKING, SOCKET])
    assert sorting @ ranking > sorting @ socket + 0.1


def test_a_description_finds_its_code(embedder: Embedder) -> None:
    (query,) = embedder.embed(["accept connections on a TCP port"])
    scores = embedder.embed([SORTING, RANKING, SOCKET]) @ query
    assert scores.argmax() == 2


def test_the_first_line_of_a_snippet_says_most_of_what_it_is(embedder: Embedder) -> None:
    said_first = "def sort_by_price(items):\n    return listen(socket, port)"
    said_last = "    return listen(socket, port)\ndef sort_by_price(items):"
    (query,) = embedder.embed_queries(["sort items by price"])
    first, last = embedder.embed([said_first, said_last]) @ query
    assert first > last


def test_the_end_of_a_query_says_most_of_what_is_wanted(embedder: Embedder) -> None:
    (sorting,) = embedder.embed([SORTING])
    ends_so, begins_so = embedder.embed_queries([SOCKET + "\n" + SORTING, SORTING + SOCKET])
    assert sorting @ ends_so > sorting @ begins_so + 0.1


def test_a_very_long_query_counts_by_its_end(embedder: Embedder) -> None:
    long = SORTING * (LONGEST_TEXT // len(SORTING) + 2)
    queries = embedder.embed_queries([SOCKET * 9 + long, long])
    np.testing.assert_array_equal(queries[0], queries[1])


def test_blank_lines_above_a_snippet_and_below_a_query_change_nothing(embedder: Embedder) -> None:
    np.testing.assert_array_equal(embedder.embed(["\n \n" + SORTING]), embedder.embed([SORTING]))
    queries = embedder.embed_queries([SORTING, SORTING + "\n\n"])
    np.testing.assert_allclose(queries[0], queries[1], atol=1e-6)


def test_a_text_without_words_has_a_zero_vector(embedder: Embedder) -> None:
    vectors = embedder.embed(["", " \n\t", SORTING])
    assert not vectors[:2].any()
    assert vectors[2].any()


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_a_very_long_text_counts_by_its_beginning(embedder: Embedder) -> None:
    long = SORTING * (LONGEST_TEXT // len(SORTING) + 1)
    np.testing.assert_array_equal(embedder.embed([long + SOCKET * 9999]), embedder.embed([long]))


def test_identifiers_are_split_at_humps_and_underscores() -> None:
    assert words("HTTPServer_v2.addRoute(größe)") == [
        *("HTTP", "Server", "v", "2", ".", "add", "Route", "(", "größe", ")"),
    ]


def test_the_card_tells_the_weights_hashes_and_licence() -> None:
    card = json.loads((WEIGHTS / "embedding.json").read_text(encoding="utf-8"))
    for name, digest in card["sha256"].items():
        assert sha256((WEIGHTS / name).read_bytes()).hexdigest() == digest
    assert card["licence"] == "Apache-2.0"


def test_the_weights_fit_into_ten_megabytes() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.glob("embedding*")) <= 10_000_000
