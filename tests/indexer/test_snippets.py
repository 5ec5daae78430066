"""What a file is cut into, for every language, and for text that is none."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.languages import LANGUAGES, language_named, language_of
from indexer.snippets import Snippet, parse

SAMPLES = Path(__file__).with_name("samples")

# What is defined in each sample, in order; blocks are left out.
OUTLINES = {
    "router.py": """
        class Route; method Route.__init__; method Route.pattern; function normalize;
        function serve""",
    "router.js": """
        class Route; method Route.constructor; method Route.pattern; method Route.onError;
        function normalize; function serve; function helpers.join; function helpers.split;
        function load; method Route.match; function walk""",
    "router.ts": """
        class Answerer; class Method; class Status; class Route; method Route.constructor;
        method Route.answer; function normalize; function serve; function Paths.join""",
    "Page.tsx": "class Props; function Page; function Footer",
    "router.go": """
        class Route; class Matcher; class Method; class Table; method Route.Match;
        method Table.Len; function Normalize; function Map""",
    "router.rs": """
        class Route; class Method; class Matcher; method Matcher.misses; method Route.new;
        method Route.matches; method Table.fmt; class Table; function route;
        function paths.join; function tests.makes_a_route""",
    "Router.java": """
        class Router; method Router.Router; method Router.matches; class Router.Route;
        method Router.Route.matches; class Router.Closer; class Router.Method;
        method Router.Method.safe; class Router.Point""",
    "router.c": """
        class route; class table_t; class method; function normalize; function dump;
        function main""",
    "router.cpp": """
        class routing.Route; method routing.Route.Route; method routing.Route.matches;
        method routing.Route.operator==; class routing.Point; class routing.Method;
        function routing.normalize; function routing.Route.path;
        function routing.Table.contains; function routing.make""",
    "Router.cs": """
        class Example.Routing.Router; method Example.Routing.Router.Router;
        method Example.Routing.Router.Matches; method Example.Routing.Router.Join;
        class Example.Routing.IMatcher; class Example.Routing.Point;
        class Example.Routing.Method; class Example.Routing.Pair;
        class Example.Routing.Handler""",
    "router.rb": """
        class Routing; class Routing.Route; method Routing.Route.initialize;
        method Routing.Route.match?; method Routing.Route.parse; method Routing.Route.==;
        class Routing.Missing; function normalize""",
    "Router.php": """
        class Router; method Router.__construct; method Router.matches; class Matcher;
        class Closing; class Method; function normalize""",
    "Router.kt": """
        class Route; method Route.matches; method Route.parse; class Matcher; class Method;
        class Routes; function normalize; function serve; class Table""",
    "Router.swift": """
        class Route; method Route.init; method Route.matches; class Matcher; class Point;
        class Method; method Route.close; function normalize; class Table""",
    "Router.scala": """
        class Route; method Route.matches; class Route; method Route.parse; class Matcher;
        class Method; function normalize; class Table""",
    "router.lua": """
        function normalize; function M.route; function M.match; function M.close;
        function join""",
    "router.sh": "function normalize; function serve",
    "router.sql": "class routes; class public_routes; function normalize",
    "router.md": """
        section Router; section Router > Install; section Router > Use;
        section Router > Use > With a handler; section Setext heading""",
    "router.rst": """
        section Router; section Router > Install; section Router > Install > From source;
        section Router > Use""",
    "Makefile": "",
}


def snippets_of(sample: str) -> list[Snippet]:
    return parse((SAMPLES / sample).read_text(), language_of(sample), sample)


def one(snippets: list[Snippet], name: str) -> Snippet:
    (found,) = (each for each in snippets if each.name == name and each.kind != "block")
    return found


def test_there_is_a_sample_of_every_language():
    assert {language_of(sample) for sample in OUTLINES} == {*LANGUAGES, None}


@pytest.mark.parametrize("sample", OUTLINES)
def test_the_definitions_of_every_language_are_found(sample: str):
    found = [f"{each.kind} {each.name}" for each in snippets_of(sample) if each.kind != "block"]
    expected = [each.strip() for each in OUTLINES[sample].split(";") if each.strip()]
    assert found == expected


@pytest.mark.parametrize("sample", OUTLINES)
def test_a_name_stands_where_it_is_said_to_stand(sample: str):
    lines = (SAMPLES / sample).read_text().split("\n")
    for each in snippets_of(sample):
        if each.kind in ("function", "method", "class"):
            last = each.name.rpartition(".")[2]
            assert lines[each.name_line][each.name_column :].startswith(last), each.name


DOCUMENTED = {
    "router.py": {"Route": "One path and what answers it.",
                  "normalize": "Drop a doubled or trailing separator."},
    "router.js": {"Route": "One path and what answers it.",
                  "normalize": "Drop a doubled separator.\nAnd a trailing one."},
    "router.ts": {"Answerer": "What can answer.", "Route.answer": "Answer one request."},
    "router.go": {"Method": "Method is an HTTP verb.",
                  "Route.Match": "Match reports whether the path is this route's."},
    "router.rs": {"Route": "One path and what answers it.\n\nCheap to clone.",
                  "Route.new": "Make a route."},
    "Router.java": {"Router": "Match request paths to handlers.",
                    "Router.matches": "Whether any route is meant."},
    "router.c": {"route": "One path and what answers it.",
                 "normalize": "Drop a trailing separator."},
    "router.cpp": {"routing.Route": "One path and what answers it."},
    "Router.cs": {"Example.Routing.Router": "Match request paths to handlers."},
    "router.rb": {"Routing.Route.match?": "Whether the path is this route's."},
    "Router.php": {"Router": "Match request paths to handlers."},
    "Router.kt": {"Route": "One path and what answers it."},
    "Router.swift": {"Route": "One path and what answers it."},
    "Router.scala": {"Route.matches": "Whether the path is this route's."},
    "router.lua": {"normalize": "Drop a trailing separator.\n@param path the path"},
    "router.sh": {"normalize": "Drop a trailing separator."},
    "router.sql": {"public_routes": "Only what is public."},
}  # fmt: skip


@pytest.mark.parametrize("sample", DOCUMENTED)
def test_docstrings_and_leading_comments_document(sample: str):
    snippets = snippets_of(sample)
    for name, docstring in DOCUMENTED[sample].items():
        assert one(snippets, name).docstring == docstring


SIGNATURES = {
    "router.py": {"normalize": "def normalize(path: str, lower: bool = False) -> str:",
                  "Route": "class Route:"},
    "router.js": {"Route": "class Route extends Base"},
    "router.ts": {"Route.answer": "async answer(request: Request): Promise<Response>"},
    "router.go": {"Route": "type Route struct",
                  "Route.Match": "func (r *Route) Match(path string) bool"},
    "router.rs": {"paths.join": "pub async fn join(left: &str, right: &str) -> String"},
    "Router.java": {"Router.Router": "public Router(List<Route> routes)"},
    "router.c": {"normalize": "static char * normalize(char *path, int lower)"},
    "router.rb": {"Routing.Route": "class Route < Base"},
    "Router.kt": {"serve": "suspend fun serve(routes: List<Route>)"},
}  # fmt: skip


@pytest.mark.parametrize("sample", SIGNATURES)
def test_a_signature_is_the_head_on_one_line(sample: str):
    snippets = snippets_of(sample)
    for name, signature in SIGNATURES[sample].items():
        assert one(snippets, name).signature == signature


@pytest.mark.parametrize(
    ("sample", "imports"),
    [
        ("router.py", "import re\nfrom functools import lru_cache\nfrom typing import final"),
        (
            "router.js",
            'import { readFile } from "node:fs/promises";\nconst path = require("path");',
        ),
        ("router.rs", "use std::collections::HashMap;\nuse std::fmt;"),
        ("Router.php", "use Example\\Handler;\nuse Example\\Http\\{Request, Response};"),
        ("router.lua", 'local http = require("http")'),
        ("router.sh", "source ./handler.sh\n. ./more.sh"),
        ("router.sql", ""),
    ],
)
def test_every_snippet_has_the_imports_of_its_file(sample: str, imports: str):
    assert {each.imports for each in snippets_of(sample)} == {imports}


def test_what_decorates_and_documents_a_definition_belongs_to_it():
    assert one(snippets_of("router.py"), "Route.pattern").text.startswith(
        "    # Compiling is slow, so remember.\n    @property\n    @final\n    def pattern(self):"
    )
    assert one(snippets_of("router.rs"), "Route").text.startswith("/// One path and what")
    assert one(snippets_of("router.cpp"), "routing.Route.path").text.startswith("template <")


def test_a_class_is_its_head_and_attributes_without_its_methods():
    assert one(snippets_of("router.py"), "Route").text == (
        'class Route:\n    """One path and what answers it."""\n\n    methods = ("GET", "HEAD")'
    )


def test_a_line_that_says_nothing_alone_stays_with_what_follows():
    assert one(snippets_of("router.rs"), "Table.fmt").text.startswith("impl<T: fmt::Debug>")
    assert one(snippets_of("router.rb"), "Routing.Route.==").text.startswith("    private\n")


def test_a_long_body_is_split_between_statements():
    body = "".join(
        f"    if condition_{i}:\n        first(value_{i})\n        second(value_{i})\n"
        for i in range(100)
    )
    head, *rest = parse(f"def handle(value):\n{body}", language_named("python"))
    assert (head.kind, head.name) == ("function", "handle")
    assert {(each.kind, each.name) for each in rest} == {("block", "handle")}
    assert {each.signature for each in rest} == {"def handle(value):"}
    assert all(each.text.startswith("    if condition_") for each in rest)
    assert all(each.end_line - each.start_line <= 60 for each in [head, *rest])


def test_functions_in_a_long_function_are_found():
    body = "\n".join(f"  const value{i} = compute(value{i - 1});" for i in range(1, 70))
    source = (
        f"function plugin() {{\n{body}\n  function install(app) {{\n    app.use(1);\n  }}\n}}\n"
    )
    names = [each.name for each in parse(source, language_named("javascript"))]
    assert "plugin.install" in names


def test_a_table_of_one_statement_is_split_between_lines():
    rows = "".join(f'    "key_{i}": "{"value" * 5}",\n' for i in range(300))
    snippets = parse(f"TABLE = {{\n{rows}}}\n", language_named("python"))
    assert len(snippets) > 3
    assert all(len(each.text) <= 2000 for each in snippets)


def test_plain_text_is_cut_at_blank_lines():
    paragraphs = [f"paragraph {i}\n" * 20 for i in range(10)]
    snippets = parse("\n".join(paragraphs), None, "notes.txt")
    assert {each.kind for each in snippets} == {"block"}
    assert {each.language for each in snippets} == {"text"}
    assert all(each.text.startswith("paragraph") for each in snippets)
    assert 3 <= len(snippets) <= 10


def test_what_is_mostly_broken_is_cut_at_blank_lines():
    source = "%%% ((( not python\n\n)) at all : : :\n" * 40
    snippets = parse(source, language_named("python"))
    assert {each.kind for each in snippets} == {"block"}
    assert {each.language for each in snippets} == {"python"}


def test_one_broken_function_does_not_hide_the_others():
    source = (
        (SAMPLES / "router.py").read_text().replace("return re.compile(", "return re.compile((")
    )
    names = [each.name for each in parse(source, language_named("python"))]
    assert {"Route", "Route.__init__"} <= set(names)


def test_positions_count_characters_not_bytes():
    source = 'GREETING = "Grüße, 世界 🐦"\n\n\ndef begrüße(wen):\n    return "🐦" + wen\n'
    block, function = parse(source, language_named("python"))
    assert function.text == source[function.start : function.end]
    assert function.name == "begrüße"
    assert (function.name_line, function.name_column) == (3, 4)
    assert (function.start_line, function.end_line) == (3, 5)


def test_windows_line_ends_change_nothing_but_the_text():
    source = (SAMPLES / "router.py").read_text()
    windows = parse(source.replace("\n", "\r\n"), language_named("python"))
    unix = parse(source, language_named("python"))
    assert [(each.kind, each.name, each.start_line, each.end_line) for each in windows] == [
        (each.kind, each.name, each.start_line, each.end_line) for each in unix
    ]


def check(source: str, snippets: list[Snippet]) -> None:
    """What holds for the snippets of any text."""
    position = 0
    for each in snippets:
        assert position <= each.start < each.end <= len(source)
        assert source[each.start : each.end] == each.text
        assert each.start_line == source.count("\n", 0, each.start)
        assert each.end_line == source.count("\n", 0, each.end) + 1
        assert not any(map(str.isalnum, between(source, position, each.start)))
        position = each.end
    assert not any(map(str.isalnum, between(source, position, len(source))))


def between(source: str, start: int, end: int) -> str:
    """What no snippet holds, without the words that only close something."""
    text = source[start:end]
    for closing in ("endif", "end", "fi", "done", "esac"):
        text = text.replace(closing, "")
    return "\n".join(line.partition("//")[0] for line in text.split("\n"))


languages = st.sampled_from([*LANGUAGES, None])


@settings(max_examples=150, deadline=None)
@given(source=st.text(max_size=300), language=languages)
def test_any_text_is_covered_in_order(source: str, language):
    check(source, parse(source, language))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), sample=st.sampled_from(sorted(OUTLINES)))
def test_code_that_is_being_edited_is_covered_in_order(data: st.DataObject, sample: str):
    source = (SAMPLES / sample).read_text()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(source)))
        end = data.draw(st.integers(start, min(len(source), start + 200)))
        source = source[:start] + data.draw(st.text(max_size=20)) + source[end:]
    check(source, parse(source, language_of(sample)))


@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(st.sampled_from(sorted(OUTLINES)), min_size=1, max_size=3), language=languages
)
def test_code_in_the_wrong_language_is_covered_in_order(pieces: list[str], language):
    source = "\n".join((SAMPLES / sample).read_text() for sample in pieces)
    check(source, parse(source, language))
