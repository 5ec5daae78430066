"""Types functions again, key by key, and notes when an editor has something to show."""

import asyncio
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from os.path import commonprefix
from random import Random
from typing import Literal

from benchmarks.functions import Function
from benchmarks.script import BETWEEN_KEYS, Key
from benchmarks.typists import Document, Editor, Shown

Kind = Literal["open", "visit", "back", "accept", "key", "better"]
"""Why was asked: a file was opened, the first key at another place or back from there, a suggestion
was taken, any other key, or the server had something better than it said first."""

_LEAST_TAKEN = 2  # characters; a shorter rest is typed
_FIRST_ANSWER = 5.0  # seconds that the user looks at a file that was opened, at most
_LAST_ANSWER = 2.0  # seconds that the user waits at the end of a function, at most
_PATIENCE = 10.0  # seconds that a patient user waits for an answer, at most
_LAST_WORD = re.compile(r"\w{3,12}(?=\W*$)", re.MULTILINE)  # of a line


@dataclass(frozen=True)
class Ask:
    """A question to the server, and what came of it."""

    kind: Kind
    single: bool  # something stands on the line already, so that its rest is wanted
    at: float  # when it was asked, in seconds of one clock
    milliseconds: float | None = None  # until the answer; None: the next key came first
    shown: Shown = Shown()
    agreed: int = 0  # characters of what is shown that the user wants
    line: str = ""  # where the cursor was


class User:
    """Types into an editor and looks at what it shows."""

    def __init__(
        self, editor: Editor, seed: int, accept: float = 1.0, patient: bool = False
    ) -> None:
        """`accept`: how likely a suggestion that is right to the end of its line is taken.

        `patient`: whether the user types on only after an answer.
        """
        self.asks: list[Ask] = []
        self.taken = 0  # characters that need not be typed
        self._editor, self._seed, self._accept = editor, seed, accept
        self._patience = _PATIENCE if patient else 0.0
        self._asking: asyncio.Task[None] | None = None
        self._again: tuple[Document, int, str] | None = None  # where was asked last
        self._shown = Shown()
        editor.on_better = self._ask_again

    async def type(
        self, function: Function, keys: Sequence[Key], others: Sequence[Function]
    ) -> None:
        """Opens a function's file without it and types it by `keys`; visits `others` in between."""
        document = Document(function.root, function.path, function.language, function.document)
        code, start, done = function.expected, function.start, 0
        self._editor.open(document)
        self._ask("open", document, start, code, time.perf_counter())
        await self._wait(_FIRST_ANSWER)
        for key in keys:
            if key.end <= done:
                continue  # it came with a suggestion
            await self._pause(key.pause)
            kind: Kind = "key"
            if key.detour == "visit" and others:
                await self._visit(Random(f"{key.start} {function.name}").choice(others))
                kind = "back"
            elif key.detour == "edit":
                start += self._edit_above(document, start)
            text = self._wanted(function, done)
            if text:
                kind = "accept"
                self.taken += len(text)
            else:
                text = code[done : key.end]
            self._type(kind, document, start + done, text, code[done + len(text) :])
            done += len(text)
        await self._leave(document)

    def _type(self, kind: Kind, document: Document, cursor: int, text: str, rest: str) -> None:
        """Puts a text at the cursor, and asks behind it."""
        pressed = time.perf_counter()
        self._editor.change(document, cursor, cursor, text)
        self._ask(kind, document, cursor + len(text), rest, pressed)

    def _wanted(self, function: Function, done: int) -> str:
        """What of the suggestion the user takes: lines that are right to their end, if any."""
        rest = function.expected[done:]
        length = right_lines(self._shown.text, rest)
        likely = Random(f"{self._seed} {function.name} {done}").random() < self._accept
        return rest[:length] if likely and length >= _LEAST_TAKEN else ""

    def _edit_above(self, document: Document, cursor: int) -> int:
        """Puts an empty line under the file's first one; how far the cursor moves."""
        place = document.text.find("\n", 0, cursor) + 1
        if place:
            self._editor.change(document, place, place, "\n")
        return min(place, 1)

    async def _visit(self, function: Function) -> None:
        """Opens another file and types the last word of some line in it anew."""
        document = Document(function.root, function.path, function.language, function.text)
        chance = Random(f"{self._seed} {function.name}")
        words = list(_LAST_WORD.finditer(function.expected))
        if not words:
            return
        word = chance.choice(words)
        start = function.start + word.start()
        self._editor.open(document)
        self._editor.change(document, start, start + len(word[0]), "")
        for done, character in enumerate(word[0]):
            await self._pause(chance.uniform(*BETWEEN_KEYS))
            kind: Kind = "key" if done else "visit"
            self._type(kind, document, start + done, character, word[0][done + 1 :])
        await self._leave(document)

    async def _leave(self, document: Document) -> None:
        """Waits a little for the last answer, and closes."""
        await self._wait(_LAST_ANSWER)
        await self._stop_asking()
        self._again = None
        self._editor.close(document)

    def _ask(self, kind: Kind, document: Document, cursor: int, rest: str, pressed: float) -> None:
        self._shown, self._again = Shown(), (document, cursor, rest)
        self._asking = asyncio.create_task(self._answer(kind, document, cursor, rest, pressed))

    def _ask_again(self) -> None:
        """The server says that it has something better where the user still is."""
        if self._again is not None and (self._asking is None or self._asking.done()):
            document, cursor, rest = self._again
            work = self._answer("better", document, cursor, rest, time.perf_counter())
            self._asking = asyncio.create_task(work)

    async def _answer(
        self, kind: Kind, document: Document, cursor: int, rest: str, pressed: float
    ) -> None:
        start = document.text.rfind("\n", 0, cursor) + 1
        single = bool(document.text[start:cursor].strip())
        line = f"{document.uri}:{document.position(start).line}"
        number, ask = len(self.asks), Ask(kind, single, pressed, line=line)
        self.asks.append(ask)
        shown = await self._editor.ask(document, cursor)
        took = (time.perf_counter() - pressed) * 1000
        agreed = len(commonprefix([shown.text, rest]))
        self.asks[number] = replace(ask, milliseconds=took, shown=shown, agreed=agreed)
        self._shown = shown

    async def _pause(self, seconds: float) -> None:
        """Until the next key, with which no answer to the last one may come any more."""
        await asyncio.sleep(seconds)
        await self._wait(self._patience)
        await self._stop_asking()

    async def _wait(self, seconds: float) -> None:
        if self._asking is not None:
            await asyncio.wait([self._asking], timeout=seconds)

    async def _stop_asking(self) -> None:
        """Lets no answer come any more; raises what went wrong with the last one."""
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking
            self._asking = None


def right_lines(text: str, rest: str) -> int:
    """How many characters the lines at the start of `text` have that are right to their end."""
    right = end = 0
    for line in text.split("\n"):
        end += len(line)
        if not (rest.startswith(text[:end]) and rest[end : end + 1] in ("", "\n")):
            break
        right = end
        end += 1
    return right
