"""Which language a file is written in, and how to parse it.

A grammar and its query are loaded when the first file of that language is met, so that starting
costs nothing for the nineteen languages a workspace does not use.
"""

import re
import threading
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path, PurePath

from tree_sitter import Language as Grammar
from tree_sitter import Parser, Query, Tree

_QUERIES = Path(__file__).with_name("queries")

# Bytes handed to the parser at a time. Between two pieces other threads get their turn, so a large
# file does not hold up an editor's event loop.
_PIECE = 8 * 1024


@dataclass(frozen=True)
class Language:
    """A language that Bowerbird can parse."""

    name: str
    """Also the name of its query file, unless `query_name` says otherwise."""
    extensions: tuple[str, ...]
    """Lower case, with the dot."""
    module: str
    """The module of its grammar."""
    grammar_function: str = "language"
    filenames: tuple[str, ...] = ()
    """Lower-case names of files without a telling extension."""
    other_names: tuple[str, ...] = ()
    """What the Language Server Protocol calls it, where that differs from `name`."""
    query_name: str = ""


LANGUAGES = (
    Language("python", (".py", ".pyi", ".pyw"), "tree_sitter_python"),
    Language(
        "javascript",
        (".js", ".jsx", ".mjs", ".cjs"),
        "tree_sitter_javascript",
        other_names=("javascriptreact", "jsx", "js"),
    ),
    Language(
        "typescript",
        (".ts", ".mts", ".cts"),
        "tree_sitter_typescript",
        "language_typescript",
        other_names=("ts",),
    ),
    Language(
        "tsx",
        (".tsx",),
        "tree_sitter_typescript",
        "language_tsx",
        other_names=("typescriptreact",),
        query_name="typescript",
    ),
    Language("go", (".go",), "tree_sitter_go"),
    Language("rust", (".rs",), "tree_sitter_rust"),
    Language("java", (".java",), "tree_sitter_java"),
    Language("c", (".c", ".h"), "tree_sitter_c"),
    Language(
        "cpp",
        (".cpp", ".cc", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".h++", ".ipp", ".inl"),
        "tree_sitter_cpp",
        other_names=("c++",),
    ),
    Language("csharp", (".cs",), "tree_sitter_c_sharp", other_names=("c#",)),
    Language(
        "ruby",
        (".rb", ".rake", ".gemspec"),
        "tree_sitter_ruby",
        filenames=("rakefile", "gemfile", "podfile"),
    ),
    Language("php", (".php", ".phtml"), "tree_sitter_php", "language_php"),
    Language("kotlin", (".kt", ".kts"), "tree_sitter_kotlin"),
    Language("swift", (".swift",), "tree_sitter_swift"),
    Language("scala", (".scala", ".sc", ".sbt"), "tree_sitter_scala"),
    Language("lua", (".lua",), "tree_sitter_lua"),
    Language(
        "bash",
        (".sh", ".bash", ".zsh", ".bats"),
        "tree_sitter_bash",
        filenames=(".bashrc", ".bash_profile", ".profile", ".zshrc", "pkgbuild"),
        other_names=("shellscript", "sh", "shell"),
    ),
    Language("sql", (".sql",), "tree_sitter_sql"),
    Language("markdown", (".md", ".markdown", ".mdx"), "tree_sitter_markdown"),
    Language("rst", (".rst",), "tree_sitter_rst", other_names=("restructuredtext",)),
)

_CPP_HEADER = re.compile(
    r"^[ \t]*(?:class|namespace|template|using|public:|private:)\b", re.MULTILINE
)

_BY_EXTENSION = {each: language for language in LANGUAGES for each in language.extensions}
_BY_FILENAME = {each: language for language in LANGUAGES for each in language.filenames}
_BY_NAME = {
    each: language for language in LANGUAGES for each in (language.name, *language.other_names)
}


def language_of(path: str | PurePath, text: str = "") -> Language | None:
    """The language of a file by its name; `None` when it is to be treated as plain text.

    A header of C is told from one of C++ by its `text`, if that is given.
    """
    pure = PurePath(path)
    if pure.suffix.lower() == ".h" and _CPP_HEADER.search(text):
        return _BY_NAME["cpp"]
    return _BY_FILENAME.get(pure.name.lower()) or _BY_EXTENSION.get(pure.suffix.lower())


def language_named(name: str) -> Language | None:
    """The language of this name, which may be Bowerbird's or the protocol's `languageId`."""
    return _BY_NAME.get(name.lower())


class _Buffers(threading.local):
    """What a thread's parser reads from, a buffer for each power of two up to `_PIECE`.

    The parser never lets go of what it was given (tree-sitter 0.25 and 0.26 for Python), so it is
    given the same few again and again.
    """

    def __init__(self) -> None:
        self.of_size = [bytearray(1 << power) for power in range(_PIECE.bit_length())]


_buffers = _Buffers()


def tree(source: bytes, language: Language) -> Tree:
    """The syntax tree of UTF-8 `source`; always there, with ERROR nodes where it is broken."""

    parsing = True

    def piece(offset: int, _point: object) -> bytes | bytearray:
        rest = min(_PIECE, len(source) - offset)
        if not parsing or rest <= 0:  # a query asks for the text of nodes, and takes bytes alone
            return source[offset : offset + _PIECE]
        buffer = _buffers.of_size[rest.bit_length() - 1]
        buffer[:] = source[offset : offset + len(buffer)]
        return buffer

    # A parser is made for each call because one parser must not be used by two threads.
    parsed = Parser(_grammar(language)).parse(piece, encoding="utf8")
    parsing = False
    assert parsed is not None  # only a parser that was told to stop early returns nothing
    return parsed


@cache
def query(language: Language) -> Query:
    """What is a definition, a comment and an import in this language."""
    file = _QUERIES / f"{language.query_name or language.name}.scm"
    return Query(_grammar(language), file.read_text(encoding="utf-8"))


@cache
def _grammar(language: Language) -> Grammar:
    return Grammar(getattr(import_module(language.module), language.grammar_function)())
