"""What is asked at a cursor and what is answered, without a word of LSP."""

from dataclasses import dataclass, field

from lsp_server.engine.confidence import Eagerness
from lsp_server.engine.recent import NOTHING, Recent

Step = tuple[int, float]
"""How many characters of a text stood once a token was added, and the token's log-probability."""


@dataclass(frozen=True)
class CompletionRequest:
    """A place to complete at."""

    path: str  # relative to the workspace, POSIX
    language: str
    text: str  # the whole document
    offset: int  # in characters
    deadline: float = 0.0  # seconds from now; 0 for none
    max_tokens: int = 64
    eagerness: Eagerness = "balanced"
    is_wanted: bool = False  # the user asked for it, and waits for the whole
    recent: Recent = field(default=NOTHING, compare=False)  # helps, but makes no other place of it

    def typed_until(self, newer: "CompletionRequest") -> str | None:
        """What was typed at this cursor until a newer request; None if anything else changed."""
        typed = typed_at(self.offset, self.text, newer.text)
        same = newer.path == self.path and newer.offset == self.offset + len(typed or "")
        return typed if typed and same else None


@dataclass(frozen=True)
class Source:
    """A place of the workspace that a suggestion was built from."""

    path: str
    name: str
    start_line: int
    end_line: int
    score: float


@dataclass(frozen=True)
class Suggestion:
    """What to show at the cursor, and where it comes from."""

    text: str  # "" when nothing is to be shown
    candidate: str  # before filters and confidence
    confidence: float  # 0 to 1, of the text's first line
    sources: tuple[Source, ...]
    latency_ms: float
    model: str  # "index" when no model took part
    steps: tuple[Step, ...] = ()  # of the candidate's first line, that the confidence is made from
    is_beginning: bool = False  # the sure beginning of a line that is not sure as a whole
    along: bool = False  # the rest of one before, along which the user typed; took no model
    ahead: bool = False  # computed before it was asked for
    quick: bool = False  # from a short prompt, or the beginning of a line; a better one follows
    read_tokens: int = 0  # of the prompt, that the model had to read
    reused_tokens: int = 0  # of the prompt, that were in its cache
    generated_tokens: int = 0
    passes: int = 0  # runs of the model that they took; the prompt's last run is the first


@dataclass(frozen=True)
class Work:
    """What the models have written, also for nobody: ahead of a question, or until cancelled."""

    answers: int = 0  # of at least one token
    generated_tokens: int = 0
    passes: int = 0  # runs of a model that they took; a prompt's last run counts

    def plus(self, generated_tokens: int, passes: int) -> "Work":
        """With an answer more."""
        return Work(
            self.answers + (generated_tokens > 0),
            self.generated_tokens + generated_tokens,
            self.passes + passes,
        )


def typed_at(offset: int, old: str, new: str) -> str | None:
    """What was put in at an offset of a text that so came to be another; None if more changed.

    The parts are compared, and no text is built: documents may be long, and each key asks.
    """
    count = len(new) - len(old)
    same = count >= 0 and new.endswith(old[offset:]) and new.startswith(old[:offset])
    return new[offset : offset + count] if same else None
