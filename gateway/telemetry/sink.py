"""Takes batches from the spool and sends their traces. Whatever the receiver does, a batch is over in bounded time, and what did not go is counted."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from gateway.config.tracing import Tracing
from gateway.record.batch import Batch, Position
from gateway.record.feedback import Feedback
from gateway.record.row import Row
from gateway.record.sampling import Sampling
from gateway.telemetry.exporting import exporter_of, resource_of
from gateway.telemetry.spans import Spans

log = logging.getLogger("haechi")

_AT_ONCE: Final = 512
_REMEMBERED: Final = 2_048
"""Traces that were not kept, and still may be: feedback comes late."""
_BAD: Final = "bad_feedback"
_FIRST_REST: Final = 1.0
_LONGEST_REST: Final = 30.0


class TraceSink:
    """See `gateway.record.sinks.Sink`. Never refuses a batch: a receiver that is away loses spans, which are counted, and is left
    alone for a while then, so that no batch waits for it.
    """

    def __init__(
        self, tracing: Tracing, exporter: SpanExporter | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.sent = 0
        self.dropped = 0
        self._sampling = Sampling(tracing)
        self._exporter = exporter or exporter_of(tracing)
        self._spans = Spans(resource_of(tracing), tracing.names or "1.41", InstrumentationScope("haechi"))
        self._thread = ThreadPoolExecutor(1, "haechi-traces")
        self._let_go: OrderedDict[str, Row] = OrderedDict()
        self._awaited: OrderedDict[str, None] = OrderedDict()
        self._taken: dict[str, Position] = {}
        self._clock = clock
        self._rests_until = 0.0
        self._rest = 0.0

    @property
    def counts(self) -> dict[str, int]:
        """What the metrics tell."""
        return {"spans_sent": self.sent, "spans_dropped": self.dropped}

    async def take(self, batch: Batch, position: Position) -> None:
        before = self._taken.get(position.spool)
        if before is not None and position <= before:
            return
        self._taken[position.spool] = position
        await asyncio.get_running_loop().run_in_executor(self._thread, self._give, batch)

    async def aclose(self) -> None:
        """What is under way is given up."""
        await asyncio.to_thread(self._exporter.shutdown)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _give(self, batch: Batch) -> None:
        spans: list[ReadableSpan] = []
        for row in batch.rows:
            if self._sampling.keeps(row.trace_id, row.sampled):
                spans += self._spans.of(row)
            elif (why := self._why_kept(row)) is not None:
                spans += self._spans.of(row, why)
            else:
                _put(self._let_go, row.request_id, row)
        for one in batch.feedback:
            spans += self._rated(one)
        for at in range(0, len(spans), _AT_ONCE):
            self._send(spans[at : at + _AT_ONCE])

    def _rated(self, one: Feedback) -> list[ReadableSpan]:
        """The feedback as an evaluation; and the trace it is about, if that was let go and the feedback is bad."""
        if one.trace_id is None or one.span_id is None:
            return []
        asked = one.request_id or ""
        worth = one.bad and _BAD in self._sampling.always
        row = self._let_go.pop(asked, None) if worth else None
        if not worth and (asked in self._let_go or not self._sampling.keeps(one.trace_id, None)):
            return []
        spans: list[ReadableSpan] = []
        if row is not None:
            spans += self._spans.of(row, _BAD)
        elif worth:
            _put(self._awaited, asked, None)
        said = {
            "evaluation": one.metric,
            "score": one.score,
            "label": one.label,
            "response": row.response_id if row is not None else None,
            "source": one.source,
            "bad": one.bad,
        }
        return [*spans, self._spans.evaluation(one.trace_id, one.span_id, one.time, said, one.id)]

    def _why_kept(self, row: Row) -> str | None:
        said_before = self._awaited.pop(row.request_id, row) is None  # of an answer that had begun
        return _BAD if said_before else self._sampling.why_kept(row)

    def _send(self, spans: Sequence[ReadableSpan]) -> None:
        now = self._clock()
        if now >= self._rests_until and self._exporter.export(spans) is SpanExportResult.SUCCESS:
            self.sent += len(spans)
            if self._rest:
                log.info("traces can be sent again")
            self._rest = 0.0
            return
        self.dropped += len(spans)
        if now >= self._rests_until:
            if not self._rest:
                log.warning("traces cannot be sent; they are dropped and counted until they can")
            self._rest = min(max(_FIRST_REST, self._rest * 2), _LONGEST_REST)
            self._rests_until = self._clock() + self._rest


def _put(some: OrderedDict[str, Any], name: str, one: Any) -> None:
    some[name] = one
    if len(some) > _REMEMBERED:
        some.popitem(last=False)
