"""The bars that the gateway has to clear, as data, and their judgement."""

import statistics
from dataclasses import dataclass
from typing import Literal

from tests.bench.figures import Book

Verdict = Literal["yes", "no", "not measured"]


@dataclass(frozen=True)
class Bar:
    """`measure` of `contender`, over that of `against` in the same round if one is named, held against `limit`.

    The ratio to `beside` is told too and judges nothing.
    """

    title: str
    measure: str
    contender: str
    against: str | None
    limit: float
    unit: str
    at_least: bool = False
    beside: str | None = None

    @property
    def words(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.limit:g} {self.unit}"


BARS = (
    Bar(
        "unary request, CPU over the bare proxy", "unary.cpu_us", "haechi", "bare", 1.3, "times", beside="bare_parsing"
    ),
    Bar("unary request, CPU of Portkey over Haechi", "unary.cpu_us", "portkey", "haechi", 5, "times", at_least=True),
    Bar("unary request, CPU of LiteLLM over Haechi", "unary.cpu_us", "litellm", "haechi", 50, "times", at_least=True),
    Bar("streamed chunk, CPU over nginx", "chunk.cpu_us", "haechi", "nginx", 3, "times"),
    Bar("added time to first token at half load, p50", "ttft.added_p50_ms", "haechi", None, 1, "ms"),
    Bar("108 KB request, CPU over nginx", "large.cpu_us", "haechi", "nginx", 6, "times", beside="nginx_defaults"),
    Bar(
        "unary request, CPU of the serving process with every request traced, over none",
        "tracing.cpu_us",
        "haechi_traced",
        "haechi_untraced",
        1.2,
        "times",
    ),
    Bar("5,000 idle streams, memory each", "idle.5000_kb", "haechi", None, 50, "KB"),
    Bar("memory after the first answer", "start.rss_mb", "haechi", None, 70, "MB"),
    Bar("from starting to the first answer", "start.seconds", "haechi", None, 1.5, "s"),
)


@dataclass(frozen=True)
class Judgement:
    """One bar, held against the book. `low` and `high` are the extremes over the rounds, `beside` the ratio that judges nothing."""

    bar: Bar
    verdict: Verdict
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    rounds: int = 0
    beside: float | None = None


def judge(bar: Bar, book: Book) -> Judgement:
    """Median over the rounds against the limit, which itself is allowed."""
    if bar.against is None:
        values = book.column(bar.contender, bar.measure)
    else:
        values = book.ratios(bar.measure, bar.contender, bar.against)
    if not values:
        return Judgement(bar, "not measured")
    middle = statistics.median(values)
    others = book.ratios(bar.measure, bar.contender, bar.beside) if bar.beside else []
    beside = statistics.median(others) if others else None
    stands = middle >= bar.limit if bar.at_least else middle <= bar.limit
    return Judgement(bar, "yes" if stands else "no", middle, min(values), max(values), len(values), beside)


def exit_code(judgements: list[Judgement], *, every_bar: bool) -> int:
    """1 when a bar does not stand; 2 when none fell but one was not measured and `every_bar` is asked for; else 0."""
    verdicts = {judgement.verdict for judgement in judgements}
    if "no" in verdicts:
        return 1
    return 2 if every_bar and "not measured" in verdicts else 0
