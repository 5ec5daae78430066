"""What a workspace's .gitignore files leave out."""

from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from indexer.regular import read_regular

_MOST_BYTES = 1 << 18  # of one file's rules

_Rules = tuple[tuple[PurePosixPath, GitIgnoreSpec], ...]
"""The folders whose rules hold somewhere, and these."""


class Ignored:
    """The .gitignore files of a workspace, each read when its folder is first asked about."""

    def __init__(self, root: Path):
        self._root = root
        self._rules: dict[PurePosixPath, _Rules] = {}

    def leaves_out(self, path: PurePosixPath, is_folder: bool = False) -> bool:
        """Whether `path`, relative to the root, or a folder that it lies in is ignored."""
        folders = list(path.parents)[-2::-1]
        return any(self.names(folder, is_folder=True) for folder in folders) or (
            self.names(path, is_folder)
        )

    def names(self, path: PurePosixPath, is_folder: bool) -> bool:
        """Whether the rules name `path` itself; the folders that it lies in are not looked at."""
        for folder, rules in self._rules_in(path.parent):  # the nearest file has the last word
            relative = path.relative_to(folder).as_posix() + ("/" if is_folder else "")
            verdict = rules.check_file(relative).include
            if verdict is not None:
                return verdict
        return False

    def _rules_in(self, folder: PurePosixPath) -> _Rules:
        """The rules that hold in a folder, those of the nearest file first."""
        if folder not in self._rules:
            own = _read_rules(self._root / folder)
            above = self._rules_in(folder.parent) if folder.parts else ()
            self._rules[folder] = ((folder, own), *above) if own else above
        return self._rules[folder]


def _read_rules(folder: Path) -> GitIgnoreSpec | None:
    lines: list[str] = []
    for file in (folder / ".git" / "info" / "exclude", folder / ".gitignore"):
        try:
            data = read_regular(file, _MOST_BYTES)
        except OSError:  # there is none, or it cannot be read: nothing is ignored by it
            continue
        lines += data.decode("utf-8", "replace").splitlines()
    return GitIgnoreSpec.from_lines(lines) if any(map(str.strip, lines)) else None
