"""What is written about a symbol that a stub describes: in the code, or in this interpreter."""

import builtins
import inspect
import sys
from dataclasses import replace
from pathlib import PurePosixPath

from indexer.libraries.shelf import Libraries
from indexer.members import Symbol, module_symbol

_DEFINITIONS = ("function", "method", "class")


def documented(symbol: Symbol, libraries: Libraries) -> Symbol:
    """A stub's symbol with the docstring and the place of what it is about, where they are known.

    What stands above a definition in a stub is mostly a remark about types. Built-in names are
    written in C; of them, our own interpreter knows the documentation.
    """
    if not symbol.path.endswith(".pyi") or symbol.kind not in (*_DEFINITIONS, "module"):
        return symbol
    source = libraries.source_of(symbol.path)
    if source and symbol.kind == "module":
        return module_symbol(libraries.file(source).snippets, symbol.name) or symbol
    for snippet in libraries.named(source, symbol.qualified) if source else ():
        if snippet.kind in _DEFINITIONS:
            docstring = snippet.docstring or symbol.docstring
            return replace(symbol, path=snippet.path, line=snippet.name_line, docstring=docstring)
    return replace(symbol, docstring=_of_built_in(symbol) or symbol.docstring)


def _of_built_in(symbol: Symbol) -> str:
    """What the interpreter says of a symbol of a module that is part of itself."""
    name = PurePosixPath(symbol.path.removesuffix("/__init__.pyi")).name.removesuffix(".pyi")
    module = builtins if name == "builtins" else None
    if name in sys.builtin_module_names:
        module = sys.modules.get(name)
    if module is None or symbol.kind == "module":
        return inspect.getdoc(module) or "" if module else ""
    found: object = module
    for part in symbol.qualified.split("."):
        found = getattr(found, part, None)
    return inspect.getdoc(found) or "" if callable(found) else ""
