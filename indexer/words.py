"""The names that stand in a text, whatever they are: variables, parameters, imports."""

import re
from collections.abc import Iterator

# Names in comments and strings are none; a string may run on to the end of a broken line.
_NO_CODE = re.compile(
    r'"""[\s\S]*?(?:"""|\Z)' + r"|'''[\s\S]*?(?:'''|\Z)|/\*[\s\S]*?(?:\*/|\Z)"
    r"|\"(?:\\.|[^\"\\\n])*(?:\"|$)|(?<!\w)'(?:\\.|[^'\\\n])*(?:'|$)|(?:#|//)[^\n]*",
    re.MULTILINE,
)
_NAME = re.compile(r"(?<![\w.@])[^\W\d]\w+")

# Of all languages together.
_KEYWORDS = frozenset(
    """
    abstract and as assert async await base break case catch class const constructor continue data
    def default defer del delete do elif else end enum except export extends extern final finally fn
    for foreach from fun func function global go goto guard if impl implements import in include
    instanceof interface internal is lambda let local loop match mod module namespace new nonlocal
    not object operator or override package pass private protected protocol public raise readonly
    repeat require rescue return sealed select static struct super switch template then throw throws
    trait try type typedef typeof union unless until use using val var virtual void when where while
    with yield
    """.split()  # noqa: SIM905 - a list of a hundred would take a hundred lines
)


def names_in(text: str, prefix: str) -> Iterator[tuple[str, int]]:
    """The names that begin with `prefix`, whatever the case, but for members, keywords and the
    prefix itself: each with the offset where it stands first."""
    blank = _NO_CODE.sub(lambda each: re.sub(r"[^\n]", " ", each[0]), text)
    seen = {prefix}
    for match in _NAME.finditer(blank):
        name = match[0]
        if name.lower().startswith(prefix.lower()) and name not in seen and name not in _KEYWORDS:
            seen.add(name)
            yield name, match.start()
