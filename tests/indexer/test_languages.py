"""Languages are recognised by name, and loaded when they are needed."""

import subprocess
import sys

import pytest

from indexer.languages import language_named, language_of


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
