"""Cuts a file into snippets: its functions, methods, classes and sections, and what is between."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from indexer.definitions import Definition
from indexer.languages import Language
from indexer.outline import Outline, outline
from indexer.source import Source
from indexer.splitting import is_long, pieces

# What only closes a definition is no snippet: `}  // namespace paths`, `end`, `#endif`.
_CLOSING = re.compile(rb"(?:[^\w\x80-\xff]|\b(?:end|fi|done|esac|endif)\b)*(?:(?<=[}\s])//[^\n]*)?")


@dataclass(frozen=True)
class Snippet:
    """A piece of a file that makes sense by itself."""

    path: str
    """Relative to the workspace, with forward slashes."""
    language: str
    """ "text" when it is none that Bowerbird knows."""
    kind: str
    """ "function", "method", "class" or "section" where one begins; "block" for what lies between
    them, and for the later parts of a long one."""
    name: str
    """Qualified: "Router.add_route"; that of a block is the name of what it stands in, or ""."""
    signature: str
    """The head of the definition, up to its body, on one line."""
    docstring: str
    text: str
    """Verbatim."""
    start: int
    """In characters of the file."""
    end: int
    start_line: int
    """Zero-based."""
    end_line: int
    """One past the last line."""
    name_line: int
    """Where the last component of the name stands, zero-based."""
    name_column: int
    """In characters."""
    imports: str
    """The imports of the file, one a line."""


def described(snippet: Snippet) -> str:
    """What is embedded of a snippet: its head, where it stands, and what it says.

    The first line counts most: the definition's name and signature, or the first line of the text.
    """
    head = " ".join((snippet.name, snippet.signature)).strip() or snippet.text.partition("\n")[0]
    parts = (" ".join(head.split()), snippet.path, snippet.docstring, snippet.text)
    return "\n".join(part for part in parts if part)


def parse(source: str, language: Language | None, path: str = "") -> list[Snippet]:
    """The snippets of a text in their order; they do not overlap.

    Together they hold everything but blank lines and closing brackets. A class holds its head and
    attributes, its methods are snippets of their own. Nothing is raised for broken code: what does
    not parse is cut at blank lines.
    """
    text = Source(source)
    found = outline(text, language)
    return [
        _snippet(text, definition, is_head, span, path, language, found.imports)
        for definition, is_head, span in _cut(text, found)
    ]


Cut = tuple[Definition, bool, tuple[int, int]]
"""Whose piece it is, whether the definition begins with it, and its span in bytes."""


def _cut(source: Source, found: Outline) -> Iterator[Cut]:
    """All pieces of a file, in order."""

    def between(owner: Definition, start: int, end: int, is_head: bool = False) -> Iterator[Cut]:
        for piece in pieces(source, found.root, *source.trim(start, end)):
            span = source.trim(*piece)
            if not _CLOSING.fullmatch(source.data, *span):
                yield owner, is_head, span
                is_head = False

    def inside(owner: Definition, children: Sequence[Definition]) -> Iterator[Cut]:
        position, is_head = owner.start, True
        for child in children:
            if _introduces(source, owner, is_head, position, child.start):
                child = replace(child, start=source.trim(position, child.start)[0])
            else:
                yield from between(owner, position, child.start, is_head)
            yield from inside(child, _opened(source, child))
            position, is_head = child.end, False
        yield from between(owner, position, owner.end, is_head)

    return inside(Definition("block", "", "", "", 0, len(source.data), 0), found.definitions)


def _introduces(
    source: Source, owner: Definition, is_head: bool, start: int, following: int
) -> bool:
    """Whether what stands before a definition is a line that is better kept with it.

    `impl Route {`, `private` or `#ifdef DEBUG` say nothing by themselves; a constant does.
    """
    if is_head and owner.kind != "block":
        return False
    first, last = source.trim(start, following)
    lines = source.line(last) - source.line(first) + 1 if first < last else 0
    if owner.name:
        return 0 < lines <= (3 if is_head else 1)
    return lines == 1 and source.line(following) == source.line(last) + 1


def _opened(source: Source, definition: Definition) -> Sequence[Definition]:
    """What becomes a snippet of its own: all in a class, the parts of a function if it is long."""
    stays_whole = definition.kind in ("function", "method")
    if stays_whole and not is_long(source, definition.start, definition.end):
        return ()
    return definition.children


def _snippet(
    source: Source,
    definition: Definition,
    is_head: bool,
    span: tuple[int, int],
    path: str,
    language: Language | None,
    imports: str,
) -> Snippet:
    start, end = span
    name_line = source.line(definition.name_start)
    return Snippet(
        path=path,
        language=language.name if language else "text",
        kind=definition.kind if is_head else "block",
        name=definition.name,
        signature=definition.signature,
        docstring=definition.docstring if is_head else "",
        text=source.between(start, end),
        start=source.character(start),
        end=source.character(end),
        start_line=source.line(start),
        end_line=source.line(end - 1) + 1,
        name_line=name_line,
        name_column=len(
            source.between(source.line_start(definition.name_start), definition.name_start)
        ),
        imports=imports,
    )
