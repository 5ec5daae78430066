"""Where a name comes from: the imports of Python, JavaScript and TypeScript, and their files."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from posixpath import normpath

_PYTHON_FROM = re.compile(r"[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)?|[^\n;#]+)")
_PYTHON_IMPORT = re.compile(r"[ \t]*import[ \t]+([\w., \t]+)$", re.MULTILINE)
_SCRIPT_IMPORT = re.compile(
    r"^[ \t]*(?:import|export)\s+(?:type\s+)?([^;'\"]+?)\s+from\s*['\"]([^'\"]+)['\"]", re.MULTILINE
)
_SCRIPT_REQUIRE = re.compile(
    r"\b(?:const|let|var)\s+(\{[^}]*\}|\w+)\s*=\s*require\(\s*['\"]([^'\"]+)['\"]"
)
# Found at once in a long text, while the patterns above are tried at each line or letter of it.
_SCRIPT_FROM = re.compile(r"from\s*['\"]")
_REQUIRE = re.compile(r"require\(")
_BRACED = re.compile(r"\{([^}]*)\}?")
_COMMENT = re.compile(r"#[^\n]*|//[^\n]*")

_SCRIPTS = (
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".mts",
    ".cts",
    ".d.ts",
    ".d.mts",
    ".d.cts",
)


@dataclass(frozen=True)
class Import:
    """What a name stands for that a file imports."""

    module: str
    """As it is written: "shop.cart", ".cart" or "./cart"."""
    member: str
    """The name that it has in the module; "" for the module itself."""


@lru_cache(maxsize=256)  # one request asks about the same few files again and again
def imported(text: str) -> Mapping[str, Import]:
    """What a file imports, by the names that it gives to it; imports that are cut count, too.

    A module all of which is imported stands under a name that no other has.
    """
    found: dict[str, Import] = {}
    for module, clause in _lines_with("from", _PYTHON_FROM, text):
        for member, name in _items(_COMMENT.sub("", clause).strip("() \t\n")):
            found[f"* {module}" if name == "*" else name] = Import(module, member)
    for (clause,) in _lines_with("import", _PYTHON_IMPORT, text):
        for module, name in _items(clause):
            top = module if name != module else module.partition(".")[0]
            found[name.partition(".")[0]] = Import(top, "")
    for mark, pattern in ((_SCRIPT_FROM, _SCRIPT_IMPORT), (_REQUIRE, _SCRIPT_REQUIRE)):
        for clause, module in pattern.findall(text) if mark.search(text) else ():
            for member, name in _script_names(clause):
                found[f"* {module}" if name == "*" else name] = Import(module, member)
    return found


def _lines_with(word: str, pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, ...]]:
    """The groups of a pattern that begins with a word, where it fits from the start of a line.

    The word is looked for, which takes a tenth of the time that trying each line takes.
    """
    place = text.find(word)
    while place >= 0:
        match = pattern.match(text, text.rfind("\n", 0, place) + 1)
        if match:
            yield match.groups()
        place = text.find(word, match.end() if match else place + len(word))


def _items(clause: str) -> Iterator[tuple[str, str]]:
    """The pairs of `a, b as c`: each name and what it is called here."""
    for item in clause.split(","):
        words = item.replace(":", " as ").split()
        if words and words[0] == "type":
            words = words[1:]
        if words:
            yield words[0], words[-1]


def _script_names(clause: str) -> Iterator[tuple[str, str]]:
    for braced in _BRACED.findall(clause):
        yield from _items(_COMMENT.sub("", braced))
    for member, name in _items(_BRACED.sub("", clause)):
        is_module = member == "*" != name
        yield "" if is_module else "*" if name == "*" else "default", name


def module_file(
    module: str, here: str, ending: Callable[[str], Sequence[str]], exists: Callable[[str], bool]
) -> str | None:
    """The file of the workspace that a module is; None for one from elsewhere.

    `here` is the path of the file that imports it, `ending(path)` gives the files at a path in any
    folder, and `exists(path)` says whether there is a file.
    """
    folder = PurePosixPath(here).parent
    if is_script(here) or "/" in module:
        if not module.startswith("."):
            return None
        place = normpath((folder / module).as_posix())
        return next(filter(exists, script_files(place)), None)
    if module.startswith("."):
        rest = module.lstrip(".")
        for _ in range(len(module) - len(rest) - 1):
            folder = folder.parent
        return next(filter(exists, python_files(folder / rest.replace(".", "/"))), None)
    found = (ending(path) for path in python_files(PurePosixPath(module.replace(".", "/"))))
    return next((path for paths in found for path in paths), None)


def is_python(path: str) -> bool:
    """Whether a file is of Python, or a stub of it."""
    return path.endswith((".py", ".pyi"))


def is_script(path: str) -> bool:
    """Whether a file is of JavaScript or TypeScript."""
    return path.endswith(_SCRIPTS)


def python_files(place: PurePosixPath) -> Iterator[str]:
    """The files that a module at a place may be, likeliest first."""
    for suffix in (".py", ".pyi"):
        if place.name:
            yield f"{place}{suffix}"
        yield (place / f"__init__{suffix}").as_posix()


def script_files(place: str) -> Iterator[str]:
    """The files that a place without an ending may mean, likeliest first."""
    stem = re.sub(r"\.[mc]?jsx?$", "", place)  # TypeScript imports "./a.js" for what is "./a.ts"
    yield place
    yield from (stem + suffix for suffix in _SCRIPTS)
    yield from (f"{place}/index{suffix}" for suffix in _SCRIPTS)
