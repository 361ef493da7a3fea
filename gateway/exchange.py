"""The one object that travels: everything known about one request."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, NamedTuple

from gateway.chunks import Chunks
from gateway.deadline import Deadlines
from gateway.errors import GatewayError
from gateway.limits.keys import Principal
from gateway.policy.behind import Behind
from gateway.policy.guarding import Guarding
from gateway.routing.candidate import Candidate
from gateway.routing.failure import Attempt, Failure
from gateway.routing.plan import Plan
from gateway.wire.dialect import Dialect
from gateway.wire.multipart import Place
from gateway.wire.neutral import Finish, Usage
from gateway.wire.passage import Passage, Ruled

Form = Literal["whole", "events", "pieces"]
"""Of an answer: one body whose length is known, a stream of events, or bytes as they come."""

Outcome = Literal["open", "answered", "failed", "blocked", "cut", "client_gone", "drained"]


@dataclass(slots=True)
class Cached:
    """What the cache did for an exchange. `age` in seconds; `saved_nanodollars` is what the answer cost when it was asked for."""

    status: Literal["hit", "semantic", "miss", "bypass", "shadow"]
    age: float | None = None
    similarity: float | None = None
    saved_nanodollars: int | None = None

    @property
    def given(self) -> bool:
        """Whether the answer came from the cache, and used nothing of a model."""
        return self.status in ("hit", "semantic")

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What the caller is told."""
        told = [(b"x-haechi-cache", self.status.encode())]
        if self.age is not None:
            told.append((b"age", b"%d" % self.age))
        if self.similarity is not None:
            told.append((b"x-haechi-cache-similarity", b"%.3f" % self.similarity))
        if self.saved_nanodollars is not None:
            told.append((b"x-haechi-cache-saved", b"%.9f" % (self.saved_nanodollars / 1e9)))
        return told


class Tried(NamedTuple):
    """What is noted of an attempt. `status` is the upstream's, where it gave one; `usage` and cost are this attempt's own.

    `server`: the base URL that was asked.
    """

    candidate: Candidate
    server: str
    failure: Failure | None
    status: int | None
    streamed: bool
    usage: Usage | None
    cost_nanodollars: int | None
    first_token: float | None
    first_chunk: float | None
    finish: Finish | None


class Judged(NamedTuple):
    """What is noted of rules at work: on the way `in` or `out`, and for how many seconds in all."""

    side: Literal["in", "out"]
    guarding: Guarding
    seconds: float


Noted = tuple[str, float, float, Any, str | None]
"""A step as it is noted on the way: its name, when it began and ended, what is known of it, and the id of its span if that was
told to anybody. `gateway.record.steps` makes of it what is kept.
"""


@dataclass(slots=True, repr=False)
class Exchange:
    """Filled step by step by the spine; `record` reads it in the end, whatever happened."""

    id: str
    dialect: Dialect
    method: str
    path: str  # as the caller wrote it, without the query
    query: str
    headers: Mapping[str, str]  # lower-case names; they hold the caller's credentials
    trace_id: str
    span_id: str
    started: float  # all times but `wall` are those of `clock`, in seconds
    deadline: float
    clock: Callable[[], float] = time.monotonic  # as the event loop's, which counts whole milliseconds
    parent_span_id: str | None = None  # of the caller's trace context, if it sent one
    sampled: bool | None = None  # what that says of whether the caller keeps its trace
    deadlines: Deadlines = field(default_factory=Deadlines)  # for all that its task waits for
    body: dict[str, Any] | None = None  # a JSON object, or
    raw: bytes = b""  # the bytes of the body as they came, and
    parsed: dict[str, Any] | None = None  # what was in them; `body` is another object once something in it is changed
    names: frozenset[str] = frozenset()  # of all that stands in `parsed`, however deep
    upload: bytes | BinaryIO = b""  # anything else
    model: str = ""
    model_place: Place | None = None  # where that stands in `upload`, if it does
    streamed: bool = False
    target_path: str = ""  # where the path itself is handed on: below the upstream's base URL, with its query
    wall: float = field(default_factory=time.time)
    whole: dict[str, Any] | None = (
        None  # the body as the caller means it, with all that came before, if it is kept here
    )
    goes_on_from: str | None = None  # the response kept here that this was, because the upstream of that keeps none
    vault: list[tuple[str, str]] = field(default_factory=list)  # what was kept or looked for, and how that went
    replayable: bool = True  # asking twice does nothing twice
    pinned: str | None = None  # the one provider that holds what this request refers to, or signed blocks in it
    remember: Callable[[str, str], None] | None = None  # told of each signed string of the answer, and whose it is
    give: Callable[[str, str], None] | None = (
        None  # told of each id that the answer gives away unsealed, and whose it is
    )
    opened: dict[str, str] = field(default_factory=dict)  # ids of that provider -> the ids the caller wrote for them
    principal: Principal | None = None
    behind: Behind | None = None  # where a check asks, for whom
    plan: Plan | None = None
    guarding: Guarding | None = None  # the rules that apply, if any do
    cached: Cached | None = None  # where there is a cache, what it did
    tape: Callable[[Passage], Passage] | None = None  # told of an answer that may be kept
    renews: bool = False  # nobody waits for it: it asks for a newer answer than one that was given
    shared: Callable[[Passage, Callable[[], None]], Ruled] | None = (
        None  # the answer is for several callers, each with rules of its own: given a passage and what commits it
    )
    attempts: list[Attempt] = field(default_factory=list)
    starts: list[tuple[str, str]] = field(default_factory=list)  # rules, by policy and id, that had it started over
    started_over: int = 0  # how many of the attempts were made before that
    asked: list[Candidate] = field(default_factory=list)  # those of `attempts`, in the same order
    served_by: Candidate | None = None
    chunks: Chunks | None = None  # of the attempt that was answered by a stream last
    shared_seconds: float = 0.0  # waited for a call that stands in the record of another exchange
    input_estimate: int = 0  # tokens; used where an upstream reports no usage
    output_estimate: int = 0
    usage: Usage | None = None
    finish: Finish | None = None
    cost_nanodollars: int | None = None
    committed: bool = False
    ended: bool = False  # the terminal event, or the whole body, has been handed to the caller
    form: Form = "whole"
    reply_status: int = 200
    reply_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    first_token: float | None = None
    feedback_token: bytes = b""  # told to the caller, where there are such
    error: GatewayError | None = None
    outcome: Outcome = "open"
    steps: list[Noted] | None = None  # where somebody keeps them
    ruled_seconds: float = 0.0  # of attempts, or of a shared call, in which rules were at work on the answer
    answer_id: str | None = None  # as the caller was told it

    def note(self, name: str, started: float, what: Any = None) -> None:
        """A step is over."""
        if self.steps is not None:
            self.steps.append((name, started, self.clock(), what, None))

    @property
    def asked_usage(self) -> bool:
        """Whether the caller asked for usage inside a chat or completions stream."""
        options = (self.body or {}).get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True
