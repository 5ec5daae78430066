"""Narrows a search to a language or to some paths of a workspace."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Only:
    """Which snippets are asked for; what is empty leaves it open."""

    language: str = ""
    path: str = ""
    """A file, a folder, or a pattern as SQLite's GLOB has it, in which `*` also stands for `/`."""

    def __bool__(self) -> bool:
        return bool(self.language or self.path)

    def condition(self) -> tuple[str, list[str]]:
        """As a condition in SQL on the row of a file, and its values."""
        conditions, values = ["1"], []
        if self.language:
            conditions.append("files.language = ?")
            values.append(self.language)
        if self.path:
            pattern = self.path.rstrip("/")
            conditions.append("(files.path GLOB ? OR files.path GLOB ?)")
            values += [pattern, f"{pattern}/*"]
        return " AND ".join(conditions), values


EVERYTHING = Only()
