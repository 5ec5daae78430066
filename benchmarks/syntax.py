"""Whether a suggestion breaks a file that parses."""

from benchmarks.cases import Case
from indexer.languages import language_named, tree


def breaks_parse(case: Case, shown: str) -> bool:
    """Whether the whole file parses with the true text in the hole and not with what is shown."""
    return bool(shown) and _parses(case, case.expected) and not _parses(case, shown)


def _parses(case: Case, text: str) -> bool:
    language = language_named(case.language)
    if language is None:
        return True
    source = case.text[: case.start] + text + case.text[case.end :]
    return not tree(source.encode("utf-8", "replace"), language).root_node.has_error
