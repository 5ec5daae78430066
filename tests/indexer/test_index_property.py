"""Whatever happens to the files, an updated index agrees with a plain reading of them."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from indexer.index import WorkspaceIndex
from indexer.languages import language_of
from indexer.snippets import Snippet, parse
from model.embed import load_embedder

EMBEDDER = load_embedder()
PATHS = ["a.py", "b.py", "sub/c.py", "sub/d.md", "e.txt"]
WORDS = ["apple", "banana", "cherry", "damson", "elderberry"]


def source(words: list[str]) -> str:
    return "\n".join(f"def {word}_{i}():\n    return '{word}'\n" for i, word in enumerate(words))


paths = st.sampled_from(PATHS)
sources = st.lists(st.sampled_from(WORDS), max_size=4).map(source)


class AnyHistory(RuleBasedStateMachine):
    """Files are written, removed, renamed and edited; `truth` is what the index should hold."""

    @initialize()
    def begin(self):
        self.folder = TemporaryDirectory()
        self.root = Path(self.folder.name).resolve() / "workspace"
        self.root.mkdir()
        self.unsaved: dict[str, str] = {}
        self.open()

    def open(self):
        self.index = WorkspaceIndex.open(self.root, EMBEDDER, self.root.parent / "index")

    @rule(path=paths, text=sources)
    def write(self, path: str, text: str):
        (self.root / path).parent.mkdir(exist_ok=True)
        (self.root / path).write_text(text)

    @rule(path=paths)
    def remove(self, path: str):
        (self.root / path).unlink(missing_ok=True)

    @rule(old=paths, new=paths)
    def rename(self, old: str, new: str):
        if (self.root / old).exists():
            (self.root / new).parent.mkdir(exist_ok=True)
            (self.root / old).replace(self.root / new)

    @rule(path=paths, text=sources)
    def edit(self, path: str, text: str):
        self.index.update_text(path, text)
        self.unsaved[path] = text

    @rule(some=st.sets(paths, min_size=1))
    def update_files(self, some: set[str]):
        self.index.update_files([self.root / path for path in some])
        for path in some:
            self.unsaved.pop(path, None)

    @rule()
    def reopen(self):
        self.index.close()
        self.unsaved.clear()
        self.open()

    @rule(word=st.sampled_from(WORDS))
    def update_and_compare(self, word: str):
        self.index.update()
        truth = self.truth()
        assert self.index.status().snippets == len(truth)
        for mode in ("lexical", "vectors"):
            hits = self.index.search(word, mode=mode, limit=100)
            assert {hit.snippet for hit in hits} <= set(truth)
        found = {hit.snippet.text for hit in self.index.search(word, mode="lexical", limit=100)}
        assert found == {each.text for each in truth if word in each.text}
        names = Counter(each.name for each in truth if each.kind == "function")
        for name, count in names.items():
            assert len(self.index.definitions(name)) == count

    @precondition(lambda self: not self.unsaved)
    @rule()
    def second_update_reads_nothing(self):
        self.index.update()
        assert self.index.update().files_read == 0

    def truth(self) -> list[Snippet]:
        texts = {
            path.relative_to(self.root).as_posix(): path.read_text()
            for path in self.root.rglob("*")
            if path.is_file()
        }
        return [
            snippet
            for path, text in (texts | self.unsaved).items()
            for snippet in parse(text, language_of(path), path)
        ]

    def teardown(self):
        self.index.close()
        self.folder.cleanup()


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
