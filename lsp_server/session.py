"""The state of one connection, and its life from `initialize` to the end.

All of it belongs to the event loop. Whatever takes longer than a few milliseconds has a thread:
completing (`inference`), taking in folders and taking in changes (`workspace`), getting a model
(seconds, or a download), and two for questions to the index, which read the disk. What a thread
has to say comes back through `Client.post`.
"""

import asyncio
import contextlib
import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import ParamSpec, TypeVar

import psutil
from lsprotocol import types

from indexer.languages import language_named, language_of
from indexer.vectors.engines import chosen
from lsp_server.client import SECTION, Client
from lsp_server.documents import Document, Documents
from lsp_server.engine.engine import Engine
from lsp_server.engine.recent import DOCUMENTS, OpenDocument, Recent
from lsp_server.engine.standing import Standing
from lsp_server.engine.suggestion import CompletionRequest, Suggestion
from lsp_server.inference import Inference
from lsp_server.loading import Loading
from lsp_server.metrics import Metrics, Request
from lsp_server.notebooks import Notebooks
from lsp_server.settings import FILE_NAME, Settings, load
from lsp_server.workspace import Folder, Listener, Workspace
from model.paths import home

_log = logging.getLogger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")

_REMEMBERED = 100  # suggestions whose sources can still be asked for


@dataclass(frozen=True)
class Place:
    """Where a document stands: its folder, if any, and its path from there (POSIX)."""

    folder: Folder | None
    path: str
    language: str  # Bowerbird's name


@dataclass(frozen=True)
class Shown:
    """A suggestion that went to the editor."""

    id: str
    suggestion: Suggestion


class Session:
    """What the server knows of its client. Call its methods in the event loop only."""

    def __init__(self, client: Client):
        self.client = client
        self.documents = Documents()
        self.notebooks = Notebooks()
        self.settings = Settings()
        self.roots: list[Path] = []
        self.shown: OrderedDict[str, Shown] = OrderedDict()
        self.last_answer: Shown | None = None
        self.loading = Loading(client, changed=self._rebuild_engine, began=lambda: self.on_status())
        self.workspace = Workspace(self._listener())
        self._standing = Standing()  # what is shown stays, whoever answers next
        self.engine = Engine([], None)
        self.inference = Inference(self.engine)
        self.newest_request: CompletionRequest | None = None
        self.resting: asyncio.TimerHandle | None = None  # when the place of an edit is read
        self.metrics = Metrics(home() / "metrics.sqlite3")
        self.on_status: Callable[[], None] = lambda: None
        self.on_engine: Callable[[], None] = lambda: None
        self.on_indexed: Callable[[], None] = lambda: None
        self.typing: dict[str, asyncio.TimerHandle] = {}  # by URI: when a text enters the index
        self._client_settings: object = None
        # That of the process that started the server, once it is known.
        self.parent: asyncio.Future[psutil.Process] = asyncio.get_running_loop().create_future()
        self._questions = ThreadPoolExecutor(2, thread_name_prefix="question")

    def _listener(self) -> Listener:
        """The workspace's news, brought into the event loop."""
        post = self.client.post
        return Listener(
            folders_changed=lambda: post(self._folders_changed),
            files_changed=lambda paths: post(self.files_changed, paths),
            index_changed=lambda: post(self.on_status),
            indexed=lambda: post(self._indexed),
            not_watched=lambda root: post(self.client.watch, root),
            progress=self.client.progress,
            answering=lambda: self.inference.answering,
        )

    def prepare(
        self, params: types.InitializeParams, roots: list[Path], documents: Documents
    ) -> None:
        """Note what the client says of itself. Nothing is sent before it answers."""
        self.client.capabilities = params.capabilities
        self.client.verbose = params.trace is types.TraceValue.Verbose
        self.roots, self.documents = roots, documents
        self._client_settings = params.initialization_options
        with contextlib.suppress(psutil.Error, ValueError, OverflowError):
            # Not there at all: the client may run elsewhere, outside of a container.
            if params.process_id:
                self.parent.set_result(psutil.Process(params.process_id))

    async def begin(self) -> None:
        """Open the workspace's folders and get the model, under the client's settings."""
        self.client.follow_settings()
        await self.settings_changed(None)

    def end(self) -> bool:
        """Stop all work; False when some thread does not stop in time."""
        stopped = [self.inference.end(), self.workspace.end(), not self.loading.is_under_way]
        self._questions.shutdown(wait=False, cancel_futures=True)
        self.metrics.close()
        return all(stopped)

    async def ask(
        self, question: Callable[_P, _T], *arguments: _P.args, **options: _P.kwargs
    ) -> _T:
        """The answer of a function that reads the index or the disk."""
        loop = asyncio.get_running_loop()
        work = partial(question, *arguments, **options)
        return await loop.run_in_executor(self._questions, work)

    def note(self, shown: Shown, language: str) -> None:
        """Remember a suggestion, and count it in the background."""
        self.shown[shown.id] = shown
        while len(self.shown) > _REMEMBERED:
            self.shown.popitem(last=False)
        suggestion = shown.suggestion
        self.last_answer = shown
        request = Request(
            shown.id,
            language,
            suggestion.model,
            len(suggestion.text),
            suggestion.latency_ms,
            int(suggestion.along),
            len(suggestion.sources),
            suggestion.read_tokens,
            suggestion.reused_tokens,
            int(suggestion.ahead),
            int(suggestion.quick),
        )
        self._questions.submit(self.metrics.request, request)
        self.on_status()

    # Folders and files

    def change_roots(self, roots: list[Path]) -> None:
        """Take over other workspace folders."""
        self.roots = roots
        self.configure()

    def files_changed(self, paths: set[Path]) -> None:
        """React to files that changed on disk; what is being edited counts more than its file."""
        if any(path.name == FILE_NAME and path.parent in self.roots for path in paths):
            self.configure()
        edited = {document.path: document for document in self.documents if not document.saved}
        self.workspace.files_changed(paths - edited.keys())
        for path, document in edited.items():
            if path and not paths.isdisjoint(path.parents):  # a whole folder is read again
                self.index_text(document)

    def index_text(self, document: Document) -> None:
        """Have a document's text stand for its file in the index; that of a cell is no file's."""
        place = self.place(document)
        if place.folder is not None and not self.notebooks.holds(document.uri):
            self.workspace.text_changed(place.folder, place.path, document.printable)

    def _folders_changed(self) -> None:
        """Take over the indexes there are; documents may be open that lie in a new folder."""
        self._rebuild_engine()
        for document in self.documents:
            self.index_text(document)

    def _indexed(self) -> None:
        self.on_status()
        self.on_indexed()

    def place(self, document: Document) -> Place:
        """Where a document stands in the workspace."""
        path = document.path or self.notebooks.path_of(document.uri) or Path(document.uri)
        language = language_named(document.language) or language_of(path)
        name = language.name if language else "text"
        if (folder := self.workspace.folder_of(path)) is None:
            return Place(None, path.name, name)
        return Place(folder, path.relative_to(folder.root).as_posix(), name)

    def whole(self, document: Document) -> tuple[Document, int]:
        """The text that a document is part of, and where it begins there, in characters.

        Around a cell, that are the others of its notebook; any other document is whole itself.
        """
        before, after = self.notebooks.around(document, self.documents)
        if not before and not after:
            return document, 0
        return replace(document, text=before + document.text + after), len(before)

    def request(self, document: Document, text: str, offset: int) -> CompletionRequest:
        """A request at an offset (in characters) of `text`, the document as the user sees it.

        In a cell of a notebook, the text is that of the cells around it too.
        """
        place, completion = self.place(document), self.settings.completion
        whole, start = self.whole(replace(document, text=text))
        return CompletionRequest(
            path=place.path,
            language=place.language,
            text=whole.text,
            offset=start + offset,
            deadline=completion.deadline_ms / 1000,
            max_tokens=completion.max_tokens,
            eagerness=completion.eagerness,
            recent=self._recent(document),
        )

    def _recent(self, document: Document) -> Recent:
        """What the user worked on last, beside a document and in it; but not in other notebooks."""
        is_cell = self.notebooks.holds(document.uri)
        others = (
            each
            for each in reversed(list(self.documents))
            if each.uri != document.uri and not self.notebooks.holds(each.uri)
        )
        return Recent(
            tuple(self._beside(each) for each in islice(others, DOCUMENTS)),
            () if is_cell else document.edits,  # whose lines are those of the cell
        )

    def _beside(self, document: Document) -> OpenDocument:
        place, edits = self.place(document), document.edits
        if edits:
            line = edits[0].first
        else:
            line = (place.folder and place.folder.places.line(place.path)) or 0
        return OpenDocument(place.path, place.language, document.printable, edits, line)

    # Settings

    async def settings_changed(self, sent: object) -> None:
        """Take over the editor's settings: those that it tells when asked, or those it sent."""
        told = await self.client.settings()
        if told is None and isinstance(sent, Mapping):
            told = sent.get(SECTION, sent)
        if told is not None:
            self._client_settings = told
        self.configure()

    def configure(self) -> None:
        """Read all sources of settings again and act on what changed."""
        root = self.roots[0] if self.roots else None
        self.settings, warnings = load(root, self._client_settings, os.environ)
        for warning in warnings:
            _log.warning("%s", warning)
        index = self.settings.index
        wanted = self.roots if index.enabled else []
        projects = [root for root in wanted if _is_project(root)]
        engine = chosen(index.engine, index.server)
        self.workspace.follow(projects, libraries=index.libraries, engine=engine)
        self.loading.follow(self.settings)

    def _rebuild_engine(self) -> None:
        indexes = [folder.index for folder in self.workspace.folders]
        got = self.loading.models
        self.engine = Engine(indexes, got.main, quick=got.quick, standing=self._standing)
        self.inference.replace(self.engine)
        self.on_engine()
        self.on_status()


def _is_project(root: Path) -> bool:
    """Whether a folder may be indexed: a home folder or a whole disk is more than a project."""
    if root not in (Path.home(), Path(root.anchor)):
        return True
    _log.warning("%s is no project and is not indexed: open a project's folder.", root)
    return False
