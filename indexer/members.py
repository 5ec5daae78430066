"""What a class or a module has: methods, attributes, functions, constants."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from indexer.documentation import string_text
from indexer.snippets import Snippet

_DEFINITIONS = ("function", "method", "class")

# `self.items: list[Item] = []`, `this.items = []`, `@items = []`, `self.left, self.right = pair`
_OWN_ATTRIBUTE = re.compile(
    r"(?<![\w.])(?:(?:self|this)\.|@)(\w+)[ \t]*"
    r"(?:(?::[ \t]*([^=\n]+?))?[ \t]*=(?!=)[ \t]*(.*)|(?=,[^=\n()]*=(?!=)))"
)
_MODIFIERS = (
    r"(?:(?:public|private|protected|internal|static|readonly|final|const|declare|override"
    r"|abstract|export|val|var|let|pub(?:\([^)]*\))?|mut|mutable|lateinit)\s+)*"
)
# Each with the groups name, type and value, in the lines of a class or a module.
_PYTHON_ATTRIBUTE = re.compile(r"(\w+)[ \t]*(?::[ \t]*([^=\n#]+?))?[ \t]*(?:=(?!=)[ \t]*(.*))?$")
_NAMED_FIRST = re.compile(
    _MODIFIERS + r"(\w+)[?!]?\s*(?::\s*([^=;{]+?))?,?\s*(?:[;{]|=(?!=)\s*(.*)|$)"
)
_TYPE_FIRST = re.compile(_MODIFIERS + r"(?P<type>[\w.<>\[\], *&]+?)\s+(?P<name>\w+)\s*(?:[;=].*|$)")
_GO_FIELD = re.compile(r"(?P<name>\w+)\s+(?P<type>[*\[\]\w.]+)\s*(?:`.*)?$")

# What TypeScript declares without a body: `stretch(by: number): Canvas;` in a class or interface,
# `export declare function hang(canvas: Canvas): Canvas;` in a module.
_DECLARED_METHOD = re.compile(_MODIFIERS + r"(?P<name>\w+)\??(?:<.*?>)?\(")
_DECLARED_FUNCTION = re.compile(r"(?:export\s+)?declare\s+function\s+(?P<name>\w+)")

_PUNCTUATION = " \t()[]{}:;,"
_LONG_STRING = re.compile(r'"""[\s\S]*?"""|' + r"'''[\s\S]*?'''|/\*[\s\S]*?\*/")
_BASES = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)|(?:\bextends\b|\bimplements\b|[:<])(.*)")
_NO_ATTRIBUTES = {"", "pass", "return", "else", "try", "case", "default", "import", "from", "if"}


@dataclass(frozen=True)
class Symbol:
    """A name that stands for something in the workspace or in a library."""

    name: str
    qualified: str
    kind: str
    """"function", "method", "class", "attribute", "constant", "variable" or "module"."""
    path: str
    """Relative to the workspace, or absolute if it is a library's."""
    line: int
    """Zero-based."""
    language: str
    signature: str
    """Its head; of an attribute or a constant, the line that gives it its first value."""
    docstring: str = ""
    type: str = ""
    """As it is written, if it is."""
    value: str = ""
    """The expression that an attribute or a constant is given."""
    before: str = ""
    """Of an attribute: the text of its method or class up to the line that it stands on."""


def definition(snippet: Snippet) -> Symbol:
    """The symbol that a function, method or class is."""
    return Symbol(
        name=snippet.name.rpartition(".")[2],
        qualified=snippet.name,
        kind=snippet.kind,
        path=snippet.path,
        line=snippet.name_line,
        language=snippet.language,
        signature=snippet.signature,
        docstring=snippet.docstring,
    )


def module_symbol(snippets: Sequence[Snippet], name: str) -> Symbol | None:
    """The symbol that a module is, by the snippets of its file; None for an empty one."""
    if not snippets:
        return None
    first = snippets[0]
    docstring = _LONG_STRING.match(first.text) if first.kind == "block" else None
    return Symbol(
        name=name,
        qualified=name,
        kind="module",
        path=first.path,
        line=0,
        language=first.language,
        signature=f"import {name}" if first.language == "python" else name,
        docstring=string_text(docstring[0]) if docstring and first.language == "python" else "",
    )


def members_of_class(snippets: Sequence[Snippet], name: str) -> dict[str, Symbol]:
    """The methods and attributes of the class `name` (qualified), by their names.

    `snippets` are those of its file. What it has from other classes is not among them.
    """
    inside = [each for each in snippets if each.name == name or each.name.startswith(name + ".")]
    found: dict[str, Symbol] = {}
    for snippet in inside:
        if snippet.name == name:
            found |= {each.name: each for each in _assigned(snippet, "attribute")} | found
    defined: dict[str, Symbol] = {}
    for snippet in inside:
        parent, _, last = snippet.name.rpartition(".")
        if parent == name and snippet.kind in _DEFINITIONS:
            _keep_first(defined, definition(snippet))  # of a property, its getter
    found |= defined
    for snippet in inside:
        for symbol in _own_attributes(snippet, name):
            found.setdefault(symbol.name, symbol)
    return found


def members_of_module(snippets: Sequence[Snippet]) -> dict[str, Symbol]:
    """The functions, classes and constants of a file, by their names; `snippets` are all it has.

    Of several definitions of a name, the first.
    """
    defined: dict[str, Symbol] = {}
    constants: dict[str, Symbol] = {}
    for snippet in snippets:
        if snippet.kind in _DEFINITIONS and "." not in snippet.name:
            _keep_first(defined, definition(snippet))
        elif not snippet.name:
            for symbol in _assigned(snippet, "constant"):
                constants.setdefault(symbol.name, symbol)
    return defined | {name: each for name, each in constants.items() if name not in defined}


def _keep_first(defined: dict[str, Symbol], symbol: Symbol) -> None:
    """Note a definition; of several, as overloads are, the first, and who has documentation."""
    first = defined.setdefault(symbol.name, symbol)
    if not first.docstring and symbol.docstring:
        defined[symbol.name] = replace(first, docstring=symbol.docstring)


def base_names(signature: str) -> list[str]:
    """The names of the classes that a class is derived from, by its signature.

    `class A(B, metaclass=C)`, `class A extends B implements C`, `class A : B`, `class A < B`.
    """
    match = _BASES.search(signature)
    if match is None:
        return []
    written = match[1] or match[2] or ""
    written = re.sub(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)|\bimplements\b", ",", written)
    names = (part.strip(" :{") for part in written.replace("public ", "").split(","))
    return [name.replace("::", ".") for name in names if re.fullmatch(r"[\w.:]+", name)]


def _own_attributes(snippet: Snippet, owner: str) -> Iterator[Symbol]:
    """What methods assign to `self`."""
    for match in _OWN_ATTRIBUTE.finditer(snippet.text):
        name, type, value = match.groups()
        number = snippet.text.count("\n", 0, match.start())
        yield _variable(snippet, owner, "attribute", name, type or "", value or "", number)


def _assigned(snippet: Snippet, kind: str) -> Iterator[Symbol]:
    """What the lines of a class or a module themselves give a value or a type."""
    lines = _LONG_STRING.sub(lambda each: "\n" * each[0].count("\n"), snippet.text).split("\n")
    head = snippet.name_line - snippet.start_line + 1 if snippet.kind == "class" else 0
    telling = [line for line in lines[head:] if line.strip(_PUNCTUATION)]
    indentation = min((len(line) - len(line.lstrip()) for line in telling), default=0)
    if kind == "constant" and indentation:
        return
    for number, line in enumerate(lines[head:], start=head):
        if len(line) - len(line.lstrip()) != indentation:
            continue
        if function := _declared_function(line.strip(), snippet.language, kind):
            symbol = _variable(snippet, snippet.name, kind, function, "", "", number)
            yield replace(symbol, kind="method" if kind == "attribute" else "function")
        elif found := _variable_in(line.strip(), snippet.language, kind):
            name, type, value = found
            yield _variable(snippet, snippet.name, kind, name, type, value, number)


def _declared_function(line: str, language: str, kind: str) -> str:
    """The name of the function or method that a line declares without a body; "" for none."""
    if language not in ("typescript", "tsx"):
        return ""
    match = (_DECLARED_METHOD if kind == "attribute" else _DECLARED_FUNCTION).match(line)
    return match["name"] if match else ""


def _variable_in(line: str, language: str, kind: str) -> tuple[str, str, str] | None:
    """Name, type and value of what a line declares, if it declares something."""
    if language == "python":
        match = _PYTHON_ATTRIBUTE.match(line)
        groups = match.groups("") if match else ("", "", "")
    elif language == "go":
        match = _GO_FIELD.match(line) if kind == "attribute" else None
        groups = (match["name"], match["type"], "") if match else ("", "", "")
    elif language in ("java", "csharp", "cpp", "c", "php"):
        match = _TYPE_FIRST.match(line)
        groups = (match["name"], match["type"], "") if match else ("", "", "")
    else:
        match = _NAMED_FIRST.match(line)
        groups = match.groups("") if match else ("", "", "")
    name, type, value = (group.strip() for group in groups)
    says_something = type or value or language != "python"
    return (name, type, value) if name not in _NO_ATTRIBUTES and says_something else None


def _variable(
    snippet: Snippet, owner: str, kind: str, name: str, type: str, value: str, number: int
) -> Symbol:
    """What the line `number` of a snippet declares."""
    lines = snippet.text.split("\n")
    return Symbol(
        name=name,
        qualified=f"{owner}.{name}" if owner else name,
        kind=kind,
        path=snippet.path,
        line=snippet.start_line + number,
        language=snippet.language,
        signature=lines[number].strip(),
        type=type,
        value=value,
        before="\n".join(lines[:number]),
    )
