"""What is sent of batches, and what becomes of it where nobody takes it."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from gateway.config.tracing import Tracing
from gateway.record.batch import Batch, Position
from gateway.record.feedback import Feedback
from gateway.record.row import Row, Step, row
from gateway.record.sinks import Counting
from gateway.telemetry.sink import TraceSink
from tests.support.exchanges import exchange


class Kept(SpanExporter):
    """Takes all, or nothing."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []
        self.tries = 0
        self.is_away = False
        self.is_shut = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.tries += 1
        if self.is_away:
            return SpanExportResult.FAILURE
        self.spans += spans
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self.is_shut = True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def a_row(number: int = 1, **more: Any) -> Row:
    steps = [Step("auth", 0.0, 0.1, {"route": "POST /v1/chat/completions"})]
    made = row(exchange(outcome="answered", id=f"req_{number}", span_id=f"{number:016x}"), 101.0)
    return replace(made, steps=steps, **more)


def said(number: int = 1, **more: Any) -> Feedback:
    told: dict[str, Any] = {
        "id": "fb_1", "time": 1.5, "request_id": f"req_{number}", "conversation": None, "metric": "helpful",
        "level": "response", "score": 0.0, "label": "down", "bad": True, "source": "user", "comment": None, "correction": None,
        "key": "anna", "team": None, "user": None, "model": None, "model_served": None, "prompt": None,
        "trace_id": "a" * 32, "span_id": f"{number:016x}", "digest": "",
    }  # fmt: skip
    return Feedback(**(told | more))


def at(offset: int) -> Position:
    return Position("s", 1, offset)


async def test_a_batch_is_sent_and_counted_and_not_sent_twice() -> None:
    kept = Kept()
    sink = TraceSink(Tracing(), kept)
    await sink.take(Batch(1.0, [a_row(1), a_row(2)]), at(10))
    await sink.take(Batch(1.0, [a_row(1), a_row(2)]), at(10))
    await sink.take(Batch(1.0, [a_row(3)]), at(20))
    await sink.take(Batch(1.0, [a_row(4)]), Position("another", 1, 5))
    assert [one.name for one in kept.spans] == ["POST /v1/chat/completions", "auth"] * 4
    assert sink.counts == {"spans_sent": 8, "spans_dropped": 0}
    assert isinstance(sink, Counting)
    await sink.aclose()
    assert kept.is_shut


async def test_a_receiver_that_is_away_costs_drops_and_is_left_alone_for_a_while() -> None:
    kept, clock = Kept(), Clock()
    sink = TraceSink(Tracing(), kept, clock)
    kept.is_away = True
    await sink.take(Batch(1.0, [a_row(number) for number in range(1, 1001)]), at(10))
    assert (sink.counts, kept.tries) == ({"spans_sent": 0, "spans_dropped": 2000}, 1)
    clock.now += 0.5
    await sink.take(Batch(1.0, [a_row()]), at(20))
    assert kept.tries == 1
    clock.now += 0.6
    await sink.take(Batch(1.0, [a_row()]), at(30))
    assert kept.tries == 2
    kept.is_away = False
    clock.now += 1.5
    await sink.take(Batch(1.0, [a_row()]), at(40))
    assert kept.tries == 2, "it rests for longer each time"
    clock.now += 1.0
    await sink.take(Batch(1.0, [a_row()]), at(50))
    assert sink.counts == {"spans_sent": 2, "spans_dropped": 2006}
    await sink.aclose()


async def test_the_rest_is_bounded() -> None:
    kept, clock = Kept(), Clock()
    sink = TraceSink(Tracing(), kept, clock)
    kept.is_away = True
    for number in range(1, 20):
        await sink.take(Batch(1.0, [a_row()]), at(number))
        clock.now += 30.0
    assert kept.tries == 19
    await sink.aclose()


async def test_what_the_sampler_lets_go_is_kept_for_errors_and_blocks() -> None:
    kept = Kept()
    sink = TraceSink(Tracing(sampler="always_off"), kept)
    rows = [a_row(1), a_row(2, outcome="blocked"), a_row(3, outcome="failed"), a_row(4)]
    await sink.take(Batch(1.0, rows), at(10))
    servers = [one.attributes for one in kept.spans if one.name.startswith("POST")]
    assert [(one["haechi.request.id"], one["haechi.sampled_for"]) for one in servers if one] == [
        ("req_2", "blocks"),
        ("req_3", "errors"),
    ]
    await sink.aclose()


async def test_bad_feedback_brings_back_a_trace_that_was_let_go() -> None:
    kept = Kept()
    sink = TraceSink(Tracing(sampler="always_off"), kept)
    await sink.take(Batch(1.0, [a_row(1), a_row(2)]), at(10))
    await sink.take(Batch(1.0, [], [], [said(1, bad=False)]), at(20))
    assert not kept.spans
    await sink.take(Batch(1.0, [], [], [said(2)]), at(30))
    assert [one.name for one in kept.spans] == ["POST /v1/chat/completions", "auth", "gen_ai.evaluation.result"]
    assert kept.spans[0].attributes is not None
    assert kept.spans[0].attributes["haechi.sampled_for"] == "bad_feedback"
    await sink.aclose()


async def test_without_that_it_stays_where_it_is() -> None:
    kept = Kept()
    sink = TraceSink(Tracing(sampler="always_off", always=["errors"]), kept)
    await sink.take(Batch(1.0, [a_row(1)]), at(10))
    await sink.take(Batch(1.0, [], [], [said(1)]), at(20))
    assert not kept.spans
    await sink.aclose()


async def test_bad_feedback_on_an_answer_that_has_only_begun_keeps_its_trace() -> None:
    kept = Kept()
    sink = TraceSink(Tracing(sampler="always_off"), kept)
    await sink.take(Batch(1.0, [], [], [said(1)]), at(10))
    await sink.take(Batch(1.0, [a_row(1), a_row(2)]), at(20))
    assert [one.name for one in kept.spans] == ["gen_ai.evaluation.result", "POST /v1/chat/completions", "auth"]
    await sink.aclose()


async def test_feedback_is_an_evaluation_below_its_request() -> None:
    kept = Kept()
    sink = TraceSink(Tracing(), kept)
    await sink.take(Batch(1.0, [], [], [said(7)]), at(10))
    (span,) = kept.spans
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == ("a" * 32, f"{7:016x}")
    assert span.attributes == {
        "gen_ai.evaluation.name": "helpful",
        "gen_ai.evaluation.score.value": 0.0,
        "gen_ai.evaluation.score.label": "down",
        "haechi.feedback.source": "user",
        "haechi.feedback.bad": True,
    }
    assert (span.start_time, span.end_time) == (1_500_000_000, 1_500_000_000)
    await sink.aclose()


@pytest.mark.parametrize("missing", [{"trace_id": None}, {"span_id": None}])
async def test_feedback_on_a_conversation_is_about_no_request(missing: dict[str, Any]) -> None:
    kept = Kept()
    sink = TraceSink(Tracing(), kept)
    await sink.take(Batch(1.0, [], [], [said(**missing)]), at(10))
    assert not kept.spans
    await sink.aclose()
