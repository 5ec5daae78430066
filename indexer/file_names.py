"""What one file has by name, found out once for as long as the file stays as it is."""

from dataclasses import dataclass, field
from functools import cached_property

from indexer.members import Symbol, members_of_class, members_of_module
from indexer.snippets import Snippet


@dataclass(frozen=True, eq=False)
class FileNames:
    """The snippets of a file, in their order, and what is found in them by name."""

    snippets: list[Snippet]
    _classes: dict[str, dict[str, Symbol]] = field(default_factory=dict)

    @cached_property
    def members(self) -> dict[str, Symbol]:
        """The functions, classes and constants that the file itself defines, by name."""
        return members_of_module(self.snippets)

    def members_of(self, name: str) -> dict[str, Symbol]:
        """The methods and attributes of its class `name` (qualified), without what it inherits."""
        if name not in self._classes:
            self._classes[name] = members_of_class(self.snippets, name)
        return self._classes[name]


KEPT = 48
"""Files of which an index keeps this in memory; one request asks for the same ones many times."""

NO_FILE = FileNames([])
"""Of a file that is not known."""
