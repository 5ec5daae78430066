"""Turns files into pairs of texts that belong together: `python -m model.training.pairs`.

Five kinds, each a thing that Bowerbird looks for code with:

* `docstring`: what documents a definition -> the definition without it
* `comment`: any other comment -> the code right below it
* `name`: a definition's name -> its body
* `signature`: a definition up to its body -> its body
* `next`: a block of lines -> the block that follows it
"""

import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import tree_sitter_c
import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_rust
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

from model.training.corpus import CORPUS, SourceFile, load

_GRAMMARS = {
    "python": tree_sitter_python.language,
    "javascript": tree_sitter_javascript.language,
    "typescript": tree_sitter_typescript.language_typescript,
    "tsx": tree_sitter_typescript.language_tsx,
    "go": tree_sitter_go.language,
    "java": tree_sitter_java.language,
    "rust": tree_sitter_rust.language,
    "c": tree_sitter_c.language,
}
_COMMENTS = {"comment", "line_comment", "block_comment"}
_BETWEEN = {"attribute_item"}  # may stand between a comment and what it describes (Rust)

_BLOCK_LINES = 15  # of a `next` pair, about what is on screen above the cursor
_SHORTEST_QUERY = 3  # words
_SHORTEST_CODE = 60  # characters without indentation
_LONGEST = 3000  # characters, as `model.embed` reads

_MARKS = re.compile(r"^\s*(?:/\*+!?|\*+/|\*|//+!?|#+:?|--)?\s?|\s*\*+/\s*$", re.MULTILINE)
_QUOTES = re.compile(r'^[rRuUbB]*("""|\'\'\'|"|\')|("""|\'\'\'|"|\')$')
# Where the prose of a documentation comment ends.
_SECTION = re.compile(
    r"\n\s*\n|\n\s*(?:[@:\\](?:param|arg|return|type|raises|throws|see|since|type)"
    r"|(?:Args|Arguments|Parameters|Returns|Raises|Examples?|Yields|Usage)\b\s*:?\s*\n|>>>|```)"
)
# Notes to the maintainers and tools, not descriptions.
_NOT_PROSE = re.compile(
    r"(?i)\b(?:copyright|licen[cs]e|todo|fixme|eslint|pylint|noqa|type: ignore)"
)


@dataclass(frozen=True)
class Pair:
    """Two texts that belong together."""

    kind: str
    query: str
    code: str
    language: str
    package: str


def pairs_of(file: SourceFile) -> Iterator[Pair]:
    """All pairs of a file, in no particular order."""
    source = file.text.encode()
    root = _parser(file.language).parse(source).root_node
    found = [*_described(root), *_defined(root), *_following(file.text)]
    for kind, query, code in found:
        enough_words = kind == "name" or len(query.split()) >= _SHORTEST_QUERY
        if enough_words and len(" ".join(code.split())) >= _SHORTEST_CODE:
            yield Pair(kind, query[:_LONGEST], code[:_LONGEST], file.language, file.package)


@cache
def _parser(language: str) -> Parser:
    return Parser(Language(_GRAMMARS[language]()))


def _nodes(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.named_children)


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")


def _described(root: Node) -> Iterator[tuple[str, str, str]]:
    """Comments and docstrings with the code they describe."""
    for node in _nodes(root):
        if node.type in _COMMENTS:
            described, comment = _first_after(node), _comment_ending_at(node)
        elif (docstring := _docstring(node)) is not None:
            described, comment = node.parent, _text(docstring)
        else:
            continue
        prose = prose_of(comment)
        if described is None or not _spans_lines(described) or _NOT_PROSE.search(prose):
            continue
        kind = "docstring" if _is_definition(described) else "comment"
        yield kind, prose, without_docstrings(described)


def _spans_lines(node: Node) -> bool:
    return node.end_point.row - node.start_point.row >= 2


def _is_definition(node: Node) -> bool:
    """Whether it is a definition, perhaps under `export`, a decorator or the like."""
    named = (x.child_by_field_name("name") for x in (node, *node.named_children[-1:]))
    return any(name is not None for name in named)


def prose_of(comment: str) -> str:
    """The first paragraph of a comment or docstring, without the marks around it, on one line."""
    plain = _MARKS.sub("", _QUOTES.sub("", comment.strip())).strip()
    return " ".join(_SECTION.split("\n" + plain, maxsplit=1)[0].split())


def _first_after(comment: Node) -> Node | None:
    """The node right below a comment, unless that is another comment or stands apart."""
    node = comment.next_named_sibling
    row = comment.end_point.row - (comment.end_point.column == 0)  # Rust's comments end their line
    while node is not None and node.type in _BETWEEN and node.start_point.row == row + 1:
        row, node = node.end_point.row, node.next_named_sibling
    if node is None or node.type in _COMMENTS or node.start_point.row != row + 1:
        return None
    return node


def _comment_ending_at(node: Node) -> str:
    """The comment of several lines, each a node of its own, that ends with `node`."""
    lines = [_text(node).rstrip("\n")]
    while (
        (above := node.prev_named_sibling) is not None
        and above.type == node.type
        and above.start_point.column == node.start_point.column
        and node.start_point.row - above.start_point.row == 1
    ):
        lines.insert(0, _text(above).rstrip("\n"))
        node = above
    return "\n".join(lines)


def _docstring(node: Node) -> Node | None:
    """The docstring of a Python block, if `node` is one and has one."""
    if node.type != "block" or not node.named_children:
        return None
    first = node.named_children[0]
    if first.type == "expression_statement" and first.named_children:
        first = first.named_children[0]
    return first if first.type == "string" else None


def without_docstrings(node: Node) -> str:
    """The text of a node, with the docstrings and comments in it taken out."""
    start, data = node.start_byte, node.text or b""
    holes = [x for x in (_docstring(part) for part in _nodes(node)) if x is not None]
    holes += [part for part in _nodes(node) if part.type in _COMMENTS]
    for hole in sorted(holes, key=lambda x: -x.start_byte):
        data = data[: hole.start_byte - start] + data[hole.end_byte - start :]
    return re.sub(r"\n\s*\n", "\n", data.decode(errors="replace"))


def _defined(root: Node) -> Iterator[tuple[str, str, str]]:
    """Names and signatures of functions and types with their bodies."""
    for node in _nodes(root):
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None or not _spans_lines(body):
            continue
        code = without_docstrings(body)
        head = (node.text or b"")[: body.start_byte - node.start_byte].decode(errors="replace")
        yield "name", _text(name), code
        yield "signature", " ".join(head.split()), code


def _following(text: str) -> Iterator[tuple[str, str, str]]:
    """Blocks of lines with the block that follows each."""
    blocks = list(blocks_of(text))
    for block, following in zip(blocks, blocks[1:], strict=False):
        yield "next", block, following


def blocks_of(text: str) -> Iterator[str]:
    """The text in blocks of some fifteen lines, each ending at an empty line where one is near."""
    lines = [line for line in text.splitlines() if len(line) < 300]
    while lines:
        ends = [i for i, x in enumerate(lines[: _BLOCK_LINES + 5], 1) if i >= 8 and not x.strip()]
        end = ends[-1] if ends else _BLOCK_LINES
        yield "\n".join(lines[:end])
        del lines[:end]


def unique(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The pairs without those whose query or code, of the same kind, was there before."""
    seen: set[bytes] = set()
    for pair in pairs:
        keys = {_key(pair.kind, "query", pair.query), _key(pair.kind, "code", pair.code)}
        if not keys & seen:
            yield pair
        seen |= keys


def _key(kind: str, side: str, text: str) -> bytes:
    plain = f"{kind} {side} {' '.join(text.split())}"
    return hashlib.blake2b(plain.encode(), digest_size=8).digest()


def write(folder: Path = CORPUS) -> Counter[str]:
    """Writes the pairs of the corpus in `folder` to pairs.jsonl there; counts them by kind."""
    counts: Counter[str] = Counter()
    with (folder / "pairs.jsonl").open("w", encoding="utf-8") as output:
        for pair in unique(pair for file in load(folder) for pair in pairs_of(file)):
            counts[pair.kind] += 1
            output.write(json.dumps(asdict(pair), ensure_ascii=False) + "\n")
    return counts


def read(folder: Path = CORPUS) -> Iterator[Pair]:
    """The pairs that `write` wrote."""
    with (folder / "pairs.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield Pair(**json.loads(line))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for kind, count in write().items():
        print(f"{kind}: {count}")
