"""The cases of the completion benchmark: where code is cut, and that nothing of it leaks."""

from pathlib import Path
from random import Random

import pytest

from benchmarks.cases import Case, draw
from benchmarks.cuts import BODY, LINE_KINDS, cuts
from benchmarks.systems import context_of, open_index, opened
from indexer.languages import language_named

PYTHON = '''"""Not a word = of (this. return"""

import collections


class Ledger:
    """Keeps entries = of (all kinds."""

    def __init__(self, opening_balance):
        self.opening_balance = opening_balance
        self.entries = collections.deque(maxlen=100)

    # a comment = that (nobody. cuts
    def record_entry(self, amount, currency="EUR"):
        """Adds one."""
        converted = self.convert(amount, currency)
        self.entries.append(converted)
        return converted

    def closing_balance(self):
        return self.opening_balance + sum(self.entries)
'''

TYPESCRIPT = """export class Register {
  private drawers: Drawer[] = [];

  openDrawer(label: string): Drawer {
    const drawer = new Drawer(label);
    this.drawers.push(drawer);
    return drawer;
  }

  count = () => {
    const numbers = this.drawers.map((drawer) => drawer.coins.length);
    return numbers.reduce((sum, number) => sum + number, 0);
  };
}
"""


def found(text: str, language: str) -> dict[str, set[tuple[str, str]]]:
    """What is typed on the line and what was taken out, by kind."""
    known = language_named(language)
    assert known is not None
    places: dict[str, set[tuple[str, str]]] = {}
    for cut in cuts(text, known, Random(1)):
        typed = text[: cut.start].rpartition("\n")[2].strip()
        places.setdefault(cut.kind, set()).add((typed, text[cut.start : cut.end]))
    return places


def test_lines_are_cut_behind_what_their_kind_names() -> None:
    python, typescript = found(PYTHON, "python"), found(TYPESCRIPT, "typescript")
    assert ("converted =", "self.convert(amount, currency)") in python["after ="]
    assert ("self.entries.append(", "converted)") in python["after ("]
    assert ("converted = self.", "convert(amount, currency)") in python["after ."]
    assert ("return", "converted") in python["after return"]
    assert ("", "return converted") in python["line start"]
    assert ("const drawer =", "new Drawer(label);") in typescript["after ="]
    assert ("this.", "drawers.push(drawer);") in typescript["after ."]


def test_names_are_cut_in_the_middle() -> None:
    for text, language in ((PYTHON, "python"), (TYPESCRIPT, "typescript")):
        for typed, rest in found(text, language)["in a name"]:
            assert typed[-2:].isidentifier() and (rest[0].isalnum() or rest[0] == "_")


def test_bodies_are_whole_and_without_their_docstring() -> None:
    bodies = {text for _, text in found(PYTHON, "python")[BODY]}
    assert any(text.startswith("converted =") and text.endswith("converted") for text in bodies)
    assert len(bodies) == 2  # the one of a single line is none
    assert len(found(TYPESCRIPT, "typescript")[BODY]) == 2


def test_prose_is_never_cut() -> None:
    taken = [rest for places in found(PYTHON, "python").values() for _, rest in places]
    assert not any("Keeps" in rest or "nobody" in rest or "Adds" in rest for rest in taken)


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two small repositories."""
    folder = tmp_path_factory.mktemp("repositories")
    for name, file, text in (
        ("ledger-1", "ledger.py", PYTHON),
        ("ledger-1", "journal.py", PYTHON.replace("entr", "not")),
        ("ledger-1", "tests/ledger.py", PYTHON.replace("entr", "test_entr")),
        ("register-2", "src/register.ts", TYPESCRIPT),
        ("register-2", "src/till.ts", TYPESCRIPT.replace("rawer", "rum")),
        ("register-2", "tests/register.ts", TYPESCRIPT.replace("rawer", "ray")),
    ):
        path = folder / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [folder / "ledger-1", folder / "register-2"]


def test_a_case_is_a_file_with_a_hole(repositories: list[Path]) -> None:
    cases = draw(repositories, 20)
    assert len(cases) > 10
    for case in cases:
        text = (case.root / case.path).read_text(encoding="utf-8")
        before, after = case.document[: case.start], case.document[case.start :]
        assert before + case.expected + after == text
        assert len(case.document) == len(text) - len(case.expected)
        assert "\n" not in case.expected or case.kind == BODY


def test_fewer_cases_are_the_first_of_more_and_always_the_same(repositories: list[Path]) -> None:
    names = [case.name for case in draw(repositories, 12)]
    assert names == [case.name for case in draw(repositories, 12)]
    assert names[:5] == [case.name for case in draw(repositories, 5)]
    assert len(set(names)) == len(names)
    assert names != [case.name for case in draw(repositories, 12, seed=1)]


def test_cases_are_of_all_kinds_and_repositories_but_never_of_tests(
    repositories: list[Path],
) -> None:
    cases = draw(repositories, 12)
    assert {case.kind for case in cases} == {*LINE_KINDS, BODY}
    assert {case.repository for case in cases} == {"ledger-1", "register-2"}
    assert not any("tests" in case.path for case in cases)


def test_no_two_cases_share_a_line(repositories: list[Path]) -> None:
    taken: set[tuple[str, int]] = set()
    for case in draw(repositories, 20):
        first = case.text.count("\n", 0, case.start)
        lines = {(case.name.split(":")[0], first + n) for n in range(case.expected.count("\n") + 1)}
        assert not lines & taken
        taken |= lines


def hits_of_open_file(case: Case, folder: Path) -> str:
    """Everything of the case's file that any search for its place finds."""
    index = open_index(case.root, folder)
    context = context_of(case)
    query = context.before + context.typed + case.expected
    with opened(index, case):
        hits = [
            hit
            for mode in ("lexical", "vectors")
            for hit in index.search(query, limit=50, mode=mode)
        ]
    restored = index.search(case.expected, limit=50, mode="lexical")
    index.close()
    assert any(case.expected in hit.snippet.text for hit in restored)
    return "\n".join(hit.snippet.text for hit in hits if hit.snippet.path == case.path)


def test_what_was_taken_out_is_nowhere_in_the_index(
    repositories: list[Path], tmp_path: Path
) -> None:
    whole_line = [case for case in draw(repositories, 20) if case.kind in ("line start", BODY)]
    unique = [case for case in whole_line if case.text.count(case.expected) == 1]
    assert len(unique) >= 3
    for case in unique:
        text = hits_of_open_file(case, tmp_path)
        assert text and case.expected not in text
