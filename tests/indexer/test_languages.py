"""Languages are recognised by name, and loaded when they are needed."""

import subprocess
import sys

import pytest

from indexer.languages import language_named, language_of, tree


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/b.py", "python"), ("B.PY", "python"), ("x.tsx", "tsx"), ("x.h", "c"), ("x.hpp", "cpp"),
     ("Rakefile", "ruby"), (".bashrc", "bash"), ("README.md", "markdown")],
)  # fmt: skip
def test_a_language_is_told_by_the_name_of_the_file(path: str, name: str):
    language = language_of(path)
    assert language
    assert language.name == name


def test_a_header_is_of_the_language_that_it_is_written_in():
    cpp = language_of("a.h", "#pragma once\nnamespace paths {\nclass Route;\n}\n")
    c = language_of("a.h", "struct route;\nint class_of(struct route *);\n")
    assert cpp
    assert c
    assert (cpp.name, c.name) == ("cpp", "c")


@pytest.mark.parametrize("path", ["Makefile", "a.toml", "noextension", "", ".py"])
def test_other_files_are_plain_text(path: str):
    assert language_of(path) is None


@pytest.mark.parametrize(
    ("identifier", "name"),
    [("typescriptreact", "tsx"), ("javascriptreact", "javascript"), ("shellscript", "bash"),
     ("csharp", "csharp"), ("restructuredtext", "rst"), ("Python", "python")],
)  # fmt: skip
def test_editors_may_use_their_own_names(identifier: str, name: str):
    language = language_named(identifier)
    assert language
    assert language.name == name


def test_starting_loads_no_grammar():
    code = "import sys, indexer.index; print([m for m in sys.modules if 'tree_sitter_' in m])"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert output.strip() == "[]"


def test_nothing_is_kept_of_what_was_parsed():
    script = (
        "import tracemalloc\n"
        "from indexer.languages import language_of, tree\n"
        "language = language_of('a.py')\n"
        "def parse():\n"
        "    for size in range(100):\n"
        "        tree(b'x = f(1)\\n' * (1_000 + size), language)\n"
        "parse()\n"
        "tracemalloc.start()\n"
        "parse()\n"
        "print(tracemalloc.get_traced_memory()[0])\n"
    )
    kept = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert int(kept.stdout) < 100_000  # of 900,000 bytes and more


def test_a_file_of_any_length_is_parsed_whole():
    python = language_of("a.py")
    assert python
    for size in (0, 1, 8_191, 8_192, 8_193, 20_001):
        source = (b"value = call(argument)\n" * 1_000)[:size]
        root = tree(source, python).root_node
        assert root.end_byte == size
        assert not any(child.type == "ERROR" for child in root.named_children[:-1])
