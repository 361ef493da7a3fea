"""What is counted of exchanges that are over. Labels are bounded: no key, no user, no request, no free text.

Counting is look-ups in dictionaries and additions, some microseconds for an exchange; what a scrape wants is made when one comes.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from gateway.exchange import Exchange
from gateway.guards.verdicts import Verdicts
from gateway.histogram import Histogram
from gateway.policy.guarding import Guarding
from gateway.record.feedback_metrics import FeedbackCounts
from gateway.record.genai import DURATION, FIRST_CHUNK, OPERATIONS, PER_CHUNK, TOKENS, error_type, provider_name
from gateway.record.overhead import overhead
from gateway.record.series import Series
from gateway.routing.candidate import Candidate
from gateway.wire.neutral import Usage

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
OVERHEAD: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_NO_ERROR: Final = ""


@dataclass(slots=True)
class Tally:
    """Of one dialect and model."""

    seconds: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    first: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    overhead: Histogram = field(default_factory=lambda: Histogram(OVERHEAD))
    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    nanodollars: int = 0
    unpriced: int = 0


@dataclass(slots=True)
class Operation:
    """Of one operation, provider and model, as the GenAI conventions call them. `durations` by the type of the error."""

    durations: dict[str, Histogram] = field(default_factory=dict)
    input: Histogram = field(default_factory=lambda: Histogram(TOKENS.bounds))
    output: Histogram = field(default_factory=lambda: Histogram(TOKENS.bounds))
    first_chunk: Histogram = field(default_factory=lambda: Histogram(FIRST_CHUNK.bounds))
    per_chunk: Histogram = field(default_factory=lambda: Histogram(PER_CHUNK.bounds))


class Counts:
    """Of one gateway."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, str], Tally] = {}
        self.operations: dict[tuple[str, str, str], Operation] = {}
        self._of_labels: dict[tuple[str, str], Operation] = {}
        self.ended = Series()
        self.attempts = Series()
        self.spent = Series()  # nanodollars, as all money here
        self.verdicts = Series()
        self.entities = Series()
        self.unscanned = Series()
        self.exempted = Series()
        self.answers = Series()
        self.held = Series()
        self.vault = Series()
        self.cached = Series()
        self.saved = Series()
        self.feedback = FeedbackCounts()
        self.dropped: Counter[str] = Counter()  # by why

    def count(self, x: Exchange, ended: float) -> None:
        """Called once for each exchange, when it is over."""
        of = (x.dialect.name, x.plan.groups[0].model if x.plan is not None else "-")
        tally = self.tallies.get(of)
        if tally is None:
            tally = self.tallies[of] = Tally()
        trace = (x.trace_id, x.wall)
        self.ended.add((*of, x.outcome, x.error.code if x.error is not None else "-"))
        tally.seconds.observe(ended - x.started, trace)
        tally.overhead.observe(overhead(x, ended))
        if x.first_token is not None:
            tally.first.observe(x.first_token - x.started, trace)
        if x.cached is not None:
            self.cached.add((*of, x.cached.status))
            if x.cached.saved_nanodollars is not None:
                self.saved.add(of, x.cached.saved_nanodollars)
        if x.usage is not None and not (x.cached is not None and x.cached.given):
            self._spend(x, x.usage, tally)
        if x.guarding is not None:
            self._judged(x.guarding.verdicts)
            self._guarded(x.guarding)
        for what_went in x.vault:
            self.vault.add(what_went)
        if x.attempts:
            self._asked(x, trace)

    def _spend(self, x: Exchange, usage: Usage, tally: Tally) -> None:
        tally.input += usage.input_tokens
        tally.output += usage.output_tokens
        tally.cached += usage.cached_tokens
        tally.cache_write += usage.cache_write_tokens
        tally.reasoning += usage.reasoning_tokens
        if x.cost_nanodollars is None:
            tally.unpriced += 1
        else:
            tally.nanodollars += x.cost_nanodollars

    def _judged(self, verdicts: Verdicts) -> None:
        for verdict, count in verdicts:
            self.verdicts.add((verdict.policy, verdict.rule, verdict.effect, verdict.said), count)
            if verdict.kind:
                self.entities.add((verdict.kind,), count)
        for what, count in verdicts.unscanned.items():
            self.unscanned.add((what,), count)

    def _guarded(self, guarding: Guarding) -> None:
        for one in guarding.bound.exempted:
            self.exempted.add((one.name,))
        if guarding.held is not None and guarding.guarantee is not None:
            self.answers.add((guarding.guarantee,))
            self.held.add((guarding.guarantee,), guarding.held)

    def _asked(self, x: Exchange, trace: tuple[str, float]) -> None:
        """What upstreams were asked. Usage and cost are of all attempts together, and told of the one whose answer was given."""
        named, chunks = OPERATIONS.get(x.dialect.name), x.chunks
        for attempt, candidate in zip(x.attempts, x.asked, strict=True):
            failure = attempt.failure
            self.attempts.add((candidate.label, "-" if failure is None else failure.kind))
            if named is None or (failure is not None and failure.kind == "unfit"):  # that was not asked at all
                continue
            error = _NO_ERROR if failure is None else error_type(failure.kind, failure.status)
            durations = self._operation(named, candidate).durations
            if (histogram := durations.get(error)) is None:
                histogram = durations[error] = Histogram(DURATION.bounds)
            histogram.observe(attempt.ended - attempt.started, trace)
        last = x.served_by or x.asked[-1]
        if x.cost_nanodollars is not None:
            self.spent.add((last.label,), x.cost_nanodollars)
        if named is not None and x.usage is not None:
            operation = self._operation(named, last)
            operation.input.observe(x.usage.input_tokens)
            operation.output.observe(x.usage.output_tokens)
        if named is not None and chunks is not None and chunks.first is not None:
            operation = self._operation(named, chunks.candidate)
            operation.first_chunk.observe(chunks.first - chunks.started)
            operation.per_chunk.join(chunks.gaps)

    def _operation(self, named: str, candidate: Candidate) -> Operation:
        """A model of a wildcard has the name that it has in the configuration: a caller cannot make new ones."""
        found = self._of_labels.get((named, candidate.label))
        if found is None:
            of = (named, provider_name(candidate.kind), candidate.target.model)
            found = self._of_labels[named, candidate.label] = self.operations.setdefault(of, Operation())
        return found
