"""What is asked of a ledger, and what it answers: plain structs, without the library behind it."""

from typing import Final, Literal

from msgspec import Struct

from gateway.record.feedback import Feedback
from gateway.record.row import Row


class LedgerError(Exception):
    """What happened and what to do."""


class LedgerAway(LedgerError):
    """It cannot be reached, is locked, full or broken: the same call may work later."""


class LedgerRefused(LedgerError):
    """It is there and will not do: somebody has to change a setting, or run another release."""


class Filter(Struct, frozen=True, forbid_unknown_fields=True):
    """Which rows. A name must be one of those given; no names let every row through, and an empty one stands for rows that say nothing."""

    key: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    model_served: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    cache: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    conversation: tuple[str, ...] = ()
    response_id: tuple[str, ...] = ()
    trace_id: tuple[str, ...] = ()

    @property
    def of_rows_alone(self) -> tuple[str, ...]:
        """Names of what is asked for and no sum knows."""
        return tuple(name for name in _OF_ROWS if getattr(self, name))


_OF_ROWS: Final = ("user", "prompt", "conversation", "response_id", "trace_id")

Dimension = Literal["key", "team", "model", "model_served", "provider", "outcome", "code", "cache"]
"""What sums are split by."""

Step = Literal["minute", "five_minutes", "quarter", "hour", "six_hours", "day", "week", "month"]


class Page(Struct):
    """Rows from the newest to the oldest. `older` is the cursor of those behind them, null at the end; `newest` that of what will come."""

    rows: list[Row]
    older: str | None = None
    newest: str | None = None


class Spread(Struct):
    """Of durations in seconds: how many, their mean, and quantiles that are off by at most 2.5 % of themselves."""

    count: int
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float


class Figures(Struct):
    """Sums of rows. Tokens and cost are what models used and asked for: answers from the cache add nothing but `saved_nanodollars`."""

    requests: int = 0
    failed: int = 0  # all that were not answered, `blocked` among them
    blocked: int = 0
    streamed: int = 0
    attempts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: int = 0  # requests whose tokens no upstream reported
    cost_nanodollars: int = 0
    unpriced: int = 0  # answered, and no price is known
    saved_nanodollars: int = 0
    lookups: int = 0  # requests that the cache looked for
    hits: int = 0
    unscanned: int = 0  # requests with something that no rule could read
    latency: Spread | None = None  # null where there is none
    first_token: Spread | None = None
    overhead_seconds: float = 0.0  # all together


class Summary(Struct):
    """Of `since` up to, but not with, `until`, in seconds since 1970: the minutes that the question touches."""

    since: int
    until: int
    figures: Figures


class Point(Struct):
    """One bucket of a series: it begins at `since` and ends before `until`."""

    since: int
    until: int
    figures: Figures


class Share(Struct):
    """One part of a split. Empty: the rows that say nothing."""

    name: str
    figures: Figures


class Body(Struct):
    """The text of one request and its answer, scrubbed. It is gone `until` then, in seconds since 1970."""

    request_id: str
    until: float
    user: str | None = None
    request: str | None = None
    answer: str | None = None


class Reading(Struct):
    """Somebody asked for a body. `found`: whether there was one."""

    at: float
    reader: str
    request_id: str
    found: bool


ScoredBy = Literal["model", "model_served", "prompt", "source"]


class OpinionFilter(Struct, frozen=True, forbid_unknown_fields=True):
    """Which feedback. Names as of `Filter`; `bad` and `with_words` are known of single rows alone."""

    metric: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    model_served: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    bad: bool | None = None
    with_words: bool = False


class OpinionPage(Struct):
    """Feedback from the newest to the oldest; `older` is the cursor of what is behind it, null at the end."""

    rows: list[Feedback]
    older: str | None = None


class Score(Struct):
    """What was said by one metric of one `name` (of a model, a prompt), from `since` up to `until`. `mean` is null where nobody gave a number.

    The mean of thumbs is the share of those that were up.
    """

    metric: str
    name: str
    since: int
    until: int
    said: int
    bad: int
    mean: float | None
