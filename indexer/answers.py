"""Answers what is asked of a workspace's index, of what was committed to it last."""

from collections import Counter
from collections.abc import Iterable, Set
from pathlib import Path

from indexer import catalogue, lookup
from indexer import search as searching
from indexer.catalogue import File
from indexer.file_names import KEPT, FileNames
from indexer.lexical import Frequencies
from indexer.only import EVERYTHING, Only
from indexer.results import FileContents, Hit, IndexStatus, Usage
from indexer.search import Keep, Mode
from indexer.snippets import Snippet
from indexer.source import encodable
from indexer.store import Store
from indexer.vectors.engines import Engine
from indexer.walk import Skipped, place_in
from model.embed import Embedder


class IndexReader:
    """The questions to the index of one workspace. All methods may be called from any thread."""

    def __init__(self, root: Path, embedder: Embedder, folder: Path, store: Store):
        """`store` is what `folder` holds."""
        self.root = root
        self._embedder = embedder
        self._folder = folder
        self._store = store
        self._frequencies = Frequencies()
        self._files: dict[str, tuple[bytes, FileNames]] = {}  # with the digests of their texts

    def search(
        self,
        query: str,
        *,
        limit: int = 8,
        mode: Mode = "hybrid",
        keep: Keep | None = None,
        only: Only = EVERYTHING,
    ) -> list[Hit]:
        """The snippets that fit `query` best, best first; `query` may be words or code.

        `only` narrows the search to a language or path, and `keep` says which snippets may be among
        those that it finds.
        """
        with self._store.database.reading() as connection:
            return searching.search(
                connection,
                self._store.vectors.search,
                self._embedder,
                self._frequencies,
                encodable(query),
                limit=limit,
                mode=mode,
                keep=keep,
                only=only,
            )

    def rarity(self, terms: Set[str]) -> dict[str, float]:
        """How telling each of some terms is: the logarithm of one snippet in how many holds it."""
        with self._store.database.reading() as connection:
            return self._frequencies.rarity(connection, terms)

    def definitions(self, name: str, limit: int = 8) -> list[Snippet]:
        """What is called `name`: a qualified name, or its last component alone."""
        with self._store.database.reading() as connection:
            return lookup.definitions(connection, encodable(name), limit)

    def names(self, prefix: str, limit: int = 50, near: str = "") -> list[Snippet]:
        """One definition of each name that begins with `prefix`, nearest to the file `near` first,
        whatever the case."""
        with self._store.database.reading() as connection:
            return lookup.names(connection, encodable(prefix), limit, near)

    def file(self, path: str) -> FileNames:
        """What a file has by name; `path` is relative to the root.

        It is read again only when the file's text is another one.
        """
        with self._store.database.reading() as connection:
            digest = catalogue.digest(connection, encodable(path))
            known = self._files.get(path)
            if known is None or known[0] != digest:
                known = digest, FileNames(lookup.in_file(connection, encodable(path)))
                self._files[path] = known
        for oldest in list(self._files)[:-KEPT]:
            self._files.pop(oldest, None)  # another thread may have been here
        return known[1]

    def latest(self, limit: int) -> list[Snippet]:
        """So many snippets, those of the files that were changed last first."""
        with self._store.database.reading() as connection:
            return lookup.latest(connection, limit)

    def files_ending(self, path: str) -> list[str]:
        """The files at `path` in the workspace or in any folder of it."""
        with self._store.database.reading() as connection:
            return lookup.files_ending(connection, encodable(path))

    def usages(self, name: str, limit: int = 20, near: str = "") -> list[Usage]:
        """Where a name stands in code as a whole word without being defined there, nearest to the
        file `near` first."""
        with self._store.database.reading() as connection:
            return lookup.usages(connection, encodable(name), limit, near)

    def names_behind(self, receiver: str, near: str) -> Counter[str]:
        """How often each name stands behind a receiver of this name, in what is nearest to the file
        `near`; that file itself does not count."""
        with self._store.database.reading() as connection:
            return lookup.names_behind(connection, encodable(receiver), near)

    def mentions(self, name: str, limit: int = 20, near: str = "") -> list[Usage]:
        """Where a name stands in prose, nearest to the file `near` first."""
        with self._store.database.reading() as connection:
            return lookup.mentions(connection, encodable(name), limit, near)

    @property
    def engine(self) -> Engine:
        """What has the vectors."""
        return self._store.vectors.engine

    def status(self) -> IndexStatus:
        """What the index holds."""
        known = self._known().values()
        with self._store.database.reading() as connection:
            snippets = catalogue.count(connection)
        languages = Counter(file.language for file in known if not file.skipped)
        return IndexStatus(
            files=languages.total(),
            snippets=snippets,
            bytes_on_disk=sum(map(_size, self._folder.rglob("*"))),
            languages=dict(languages.most_common()),
            skipped=tuple(self.skipped()),
        )

    def count_files(self) -> int:
        """How many files the index holds; `status` says more, and takes much longer."""
        with self._store.database.reading() as connection:
            return catalogue.count_files(connection)

    def contents(self) -> list[FileContents]:
        """What the index holds, file by file."""
        with self._store.database.reading() as connection:
            return [FileContents(*row) for row in catalogue.contents(connection)]

    def imports(self, paths: Iterable[Path] | None = None) -> list[tuple[str, str, int]]:
        """Language and imports of the files that have some, and how many files have the same.

        Of all files, or of those at some paths and in folders there.
        """
        if paths is None:
            with self._store.database.reading() as connection:
                return catalogue.imports(connection)
        places = [str(place) for path in paths if (place := place_in(self.root, path))]
        known = [each for place in places for each in self._known(place).values()]
        return [(each.language, each.imports, 1) for each in known if each.imports]

    def skipped(self) -> list[Skipped]:
        """What is left out of the index, and why; not what .gitignore leaves out."""
        known = self._known().values()
        return [Skipped(file.path, file.skipped) for file in known if file.skipped]

    def _known(self, within: str | None = None) -> dict[str, File]:
        with self._store.database.reading() as connection:
            return catalogue.files(connection, within)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # SQLite's own files come and go
        return 0
