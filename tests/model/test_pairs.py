from model.training.corpus import SourceFile
from model.training.pairs import Pair, pairs_of, prose_of, unique

PYTHON = '''
def first_line(path):
    """Return the first line of a file.

    Args:
        path: where it lies
    """
    # Binary files have no lines.
    with open(path, encoding="utf-8") as stream:
        line = stream.readline()
        return line.rstrip("\\n")
'''

RUST = """
/// Adds the weights of all edges
/// that lead out of a node.
#[inline]
pub fn out_weight(graph: &Graph, node: Node) -> f64 {
    let edges = graph.edges(node);
    edges.iter().map(|edge| edge.weight).sum()
}
"""

TYPESCRIPT = """
/**
 * Waits until the socket is open.
 * @param socket the socket
 */
export async function untilOpen(socket: Socket): Promise<void> {
  while (!socket.isOpen) {
    await socket.nextChange();
    socket.checkForErrors();
  }
}
"""


def pairs(text: str, language: str) -> dict[str, Pair]:
    source = SourceFile("lib==1", "MIT", language, "lib/file", text)
    return {pair.kind: pair for pair in pairs_of(source)}


def test_a_docstring_is_paired_with_its_function_which_has_lost_it() -> None:
    pair = pairs(PYTHON, "python")["docstring"]
    assert pair.query == "Return the first line of a file."
    assert pair.code.startswith("def first_line(path):")
    assert "Return the first" not in pair.code
    assert "Binary files" not in pair.code


def test_a_comment_is_paired_with_the_statement_below_it() -> None:
    pair = pairs(PYTHON, "python")["comment"]
    assert pair.query == "Binary files have no lines."
    assert pair.code.startswith("with open(path")


def test_comment_lines_are_joined_and_attributes_passed_over() -> None:
    pair = pairs(RUST, "rust")["docstring"]
    assert pair.query == "Adds the weights of all edges that lead out of a node."
    assert pair.code.startswith("pub fn out_weight")


def test_an_exported_function_has_its_documentation_without_tags() -> None:
    pair = pairs(TYPESCRIPT, "typescript")["docstring"]
    assert pair.query == "Waits until the socket is open."
    assert "untilOpen" in pair.code


def test_a_signature_is_paired_with_the_body_alone() -> None:
    pair = pairs(TYPESCRIPT, "typescript")["signature"]
    assert pair.query == "async function untilOpen(socket: Socket): Promise<void>"
    assert "untilOpen" not in pair.code


def test_prose_loses_the_marks_of_every_language() -> None:
    for comment in ("# a b", "// a b", "/* a b */", "/** a\n * b\n */", '"""a\nb"""', "//! a b"):
        assert prose_of(comment) == "a b"


def test_the_same_query_is_paired_once() -> None:
    first = Pair("docstring", "Return the name.", "def name(self): ...", "python", "lib==1")
    second = Pair("docstring", "Return  the name.", "def title(self): ...", "python", "lib==2")
    assert list(unique([first, second])) == [first]


def test_each_block_is_paired_with_the_next() -> None:
    lines = "".join(f"total_{i} = compute_total(invoice_{i}, rate_{i})\n" for i in range(60))
    source = SourceFile("lib==1", "MIT", "python", "lib/file", lines)
    found = [pair for pair in unique(pairs_of(source)) if pair.kind == "next"]
    assert len(found) == 3
    assert found[0].code == found[1].query
