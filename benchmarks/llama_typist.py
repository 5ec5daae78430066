"""An editor that asks llama.cpp's server while somebody types, as llama.vim does."""

import asyncio
import re
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil

from benchmarks.functions import Function
from benchmarks.llama_vim import (
    PATIENCE,
    Chunk,
    PeerError,
    compose_request,
    compose_ring,
    llama_server,
    trim,
)
from benchmarks.typists import Document, Shown
from lsp_server.engine.context import Context, read_context

# llama.vim stops a first answer of several lines at the line that ends after so long.
_FIRST_ANSWER_MS = 250

_RETRY = 0.1  # seconds; while a request is under way, the next one is tried again after them
_KEPT = 250  # answers
_TYPED_ALONG = 10  # characters typed since an answer was asked for, at most, to be shown its rest

_Place = tuple[str, str]  # the text before the cursor, and behind it


class LlamaVim:
    """llama.cpp's server, asked over HTTP as llama.vim asks it.

    As there (https://github.com/ggml-org/llama.vim, autoload/llama.vim), a request under way is not
    taken back when the user types on: until it is answered no other is sent, which is tried again a
    tenth of a second after the last key; otherwise there is no wait. Answers are kept, and the rest
    of one along which the user typed is shown without asking.

    Chunks are read in idle time (in normal mode, or when nothing was typed for three seconds), and
    so none while a function is typed: each repository has one full ring, as if the user had visited
    those files before. Kinder than real use besides: that and the place where a function is typed
    are read before the clock starts, answers are greedy, one that does not fit what was typed since
    is not shown, and where something is typed on the line, the answer ends with that line. Less
    kind: nothing is asked ahead for when a suggestion is taken.
    """

    name = "llama.cpp"

    def __init__(self, client: httpx2.AsyncClient, process: psutil.Process, has_ring: bool):
        """`has_ring`: else no chunks are sent, as with `ring_n_chunks` at 0."""
        self.process = process
        self._has_ring = has_ring
        self.on_better: Callable[[], None] | None = None
        self._client = client
        self._root: Path | None = None  # of the repository whose ring was read
        self._ring: list[Chunk] = []
        self._kept: OrderedDict[_Place, Shown] = OrderedDict()
        self._under_way: asyncio.Task[None] | None = None

    async def prepare(self, function: Function) -> None:
        """Lets the last request end, and has the server read the ring and the place."""
        await self._wait()
        place = (function.path, function.language, function.document, function.start)
        if (context := read_context(*place)) is None:
            return
        if self._has_ring and function.root != self._root:
            self._ring = compose_ring(function.root, context)
            self._root = function.root
        await self._infill(compose_request(context) | {"n_predict": 0})

    def open(self, document: Document) -> None:
        """The server knows of no documents."""

    def change(self, document: Document, start: int, end: int, text: str) -> None:
        """The text is sent with each question."""
        document.text = document.text[:start] + text + document.text[end:]

    async def ask(self, document: Document, offset: int) -> Shown:
        """An infill, as after a key. When the task is cancelled, the server answers nonetheless."""
        place = (document.text[:offset], document.text[offset:])
        while (known := self._known(place)) is None and self._is_busy:
            again = asyncio.create_task(asyncio.sleep(_RETRY))
            await self._wait(_RETRY)
            if self._known(place) is None:
                await again
        if known is not None:
            return known
        context = read_context(document.path, document.language, document.text, offset)
        if context is None:
            return Shown()
        self._under_way = asyncio.create_task(self._complete(place, context))
        await asyncio.shield(self._under_way)
        return self._kept[place]

    def close(self, document: Document) -> None:
        """The server knows of no documents."""

    def leave(self) -> None:
        """Gives up the request under way: the server is about to end."""
        if self._under_way is not None:
            self._under_way.cancel()

    async def written(self) -> Counter[str]:
        """From the server's own count; without drafts each token takes a pass."""
        text = (await self._client.get("/metrics")).text
        count = re.search(r"^llamacpp:tokens_predicted_total (\d+)", text, re.MULTILINE)
        tokens = int(count[1]) if count else 0
        return Counter(tokens=tokens, passes=tokens)

    @property
    def _is_busy(self) -> bool:
        return self._under_way is not None and not self._under_way.done()

    async def _wait(self, seconds: float | None = None) -> None:
        """Until the request under way is answered; raises what went wrong with it."""
        if self._under_way is not None:
            await asyncio.wait([self._under_way], timeout=seconds)
            if self._under_way.done():
                self._under_way.result()

    def _known(self, place: _Place) -> Shown | None:
        """An answer that was given here, or what is left of one given a few characters before."""
        before, after = place
        for count in range(_TYPED_ALONG + 1):
            kept = self._kept.get((before[: len(before) - count], after))
            typed = before[len(before) - count :]
            if kept is not None and kept.text.startswith(typed) and (kept.text or not count):
                return Shown(kept.text[count:], known=True)
        return None

    async def _complete(self, place: _Place, context: Context) -> None:
        """Asks the server and keeps its answer."""
        typed = context.typed.strip()
        ends = {"stop": ["\n"]} if typed else {"t_max_predict_ms": _FIRST_ANSWER_MS}
        answer = await self._infill(compose_request(context) | ends)
        text, read = trim(str(answer["content"]), context), answer["timings"]["prompt_n"]
        self._kept[place] = Shown(text, read=read, generated=answer["tokens_predicted"])
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    async def _infill(self, request: dict[str, Any]) -> dict[str, Any]:
        body = request | {"input_extra": self._ring, "cache_prompt": True}
        response = await self._client.post("/infill", json=body)
        if response.is_error:
            raise PeerError(f"llama.cpp's server answered {response.status_code}: {response.text}")
        answer: dict[str, Any] = response.json()
        return answer


@asynccontextmanager
async def llama(
    server: Path, gguf: Path, threads: int, *, has_ring: bool = True
) -> AsyncIterator[LlamaVim]:
    """The peer, with a ring of chunks or without. Raises PeerError when it cannot be started."""
    with llama_server(server, gguf, threads) as (url, process):
        async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False) as client:
            editor = LlamaVim(client, psutil.Process(process), has_ring)
            yield editor
            editor.leave()
