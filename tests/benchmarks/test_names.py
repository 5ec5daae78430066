"""Where the names of a line stand."""

from pathlib import Path

import pytest

from benchmarks.cases import Case
from benchmarks.names import ELSEWHERE, IN_DOCUMENT, NOWHERE, where_names_are


@pytest.mark.parametrize(
    ("line", "where"),
    [("keeper.feed(keeper)", IN_DOCUMENT), ("keeper.groom(zebra)", ELSEWHERE), ("okapi", NOWHERE)],
)
def test_names_are_looked_for_in_the_document_and_then_elsewhere(
    tmp_path: Path, line: str, where: str
) -> None:
    text = f"def feed(keeper):\n    {line}\n"
    (tmp_path / "feed.py").write_text(text)
    (tmp_path / "zebra.py").write_text("def groom(zebra): ...\n")
    start = text.index(line)
    case = Case(tmp_path, "feed.py", "python", text, start, start + len(line), "line start")
    assert where_names_are(case) == where
