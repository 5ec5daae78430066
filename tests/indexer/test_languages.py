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
