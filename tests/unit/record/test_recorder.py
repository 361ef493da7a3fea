"""Rows reach the disk, all of them or counted, and hold no text."""

import asyncio
import logging
import os
import resource
import sys
from functools import partial
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from gateway.config.structs import Record
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.guards.placeholders import KeyRing
from gateway.policy import detectors
from gateway.policy.actions import Mask
from gateway.policy.bind import Binder, Facts
from gateway.policy.finding import VERSIONS
from gateway.policy.guarding import Guards, Subject
from gateway.policy.rule import BoundRule as Rule
from gateway.policy.rule import finder, policy
from gateway.policy.structs import Bind
from gateway.record.metrics import Metrics
from gateway.record.recorder import Recorder
from gateway.record.row import Row, row
from gateway.routing.failure import Attempt, Failure
from gateway.wire.neutral import Usage
from tests.support.eventually import eventually, records
from tests.support.exchanges import candidate, exchange, plan_of

_CANARY: Final = "canary-8a1f"


def recorder(file: Path | str | None, queue: int = 10_000) -> Recorder:
    return Recorder(Record(file=str(file) if file else None, queue=queue), Metrics())


def numbered(number: int) -> Exchange:
    return exchange(id=f"req_{number}", outcome="answered")


def lines(file: Path) -> list[dict[str, Any]]:
    text = file.read_bytes()
    assert text.endswith(b"\n") or not text
    return [msgspec.json.decode(line) for line in text.splitlines()]


# -- writing


async def test_close_writes_all_that_is_queued_in_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "records.jsonl"
    made = recorder(file)
    for number in range(500):
        made.record(numbered(number))
    made.close()
    assert [one["request_id"] for one in lines(file)] == [f"req_{number}" for number in range(500)]
    assert not made.metrics.dropped
    assert not caplog.records


async def test_rows_are_written_without_waiting_for_the_end(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    made = recorder(file)
    try:
        made.record(numbered(0))
        eventually(lambda: len(records(file)) == 1)
        made.record(numbered(1))
        eventually(lambda: len(records(file)) == 2)
    finally:
        made.close()


async def test_what_is_there_already_stays(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_bytes(b'{"request_id":"before"}\n')
    made = recorder(file)
    made.record(numbered(0))
    made.close()
    assert [one["request_id"] for one in lines(file)] == ["before", "req_0"]


async def test_a_full_queue_drops_the_newest_and_counts(tmp_path: Path) -> None:
    """A pipe that nobody reads is the slow disk: the writer stands in it, and the queue fills."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    made = recorder(pipe, queue=3)
    try:
        filler = numbered(0)
        filler.trace_id = "f" * 1_000_000  # more than a pipe holds
        made.record(filler)
        eventually(lambda: not made._rows)  # until the writer has taken it up
        for number in range(1, 6):
            made.record(numbered(number))
        assert made.metrics.dropped == {"queue": 2}
        assert len(made._rows) == 3
    finally:
        closing = asyncio.create_task(asyncio.to_thread(made.close))
        read = await asyncio.to_thread(_drained, reader)
        await closing
        os.close(reader)
    assert [msgspec.json.decode(line)["request_id"] for line in read.splitlines()] == [
        "req_0",
        "req_1",
        "req_2",
        "req_3",
    ]


def _drained(reader: int) -> bytes:
    os.set_blocking(reader, True)
    pieces = []
    while piece := os.read(reader, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


async def test_without_a_file_exchanges_are_counted_and_nothing_is_held() -> None:
    made = recorder(None, queue=1)
    for number in range(3):
        made.record(numbered(number))
    assert not made._rows
    assert not made.metrics.dropped
    assert sum(made.metrics.counts.ended.values()) == 3
    made.close()


async def test_a_file_that_cannot_be_opened_is_found_at_the_start(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "records.jsonl"
    with pytest.raises(
        ValueError, match=r"^record\.file: .*missing/records\.jsonl cannot be opened for writing: No such"
    ):
        recorder(missing)


async def test_a_full_disk_costs_rows_that_are_counted_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    """Said once, not for every batch; the writer lives on."""
    made = recorder("/dev/full")
    with caplog.at_level(logging.ERROR, "haechi"):
        for lost in (1, 2):
            made.record(numbered(lost))
            eventually(partial(_has_dropped, made, lost))
        made.close()
    assert made.metrics.dropped == {"file": 2}
    assert [one.message.split(";")[0] for one in caplog.records] == ["records cannot be written"]


async def test_after_an_outage_only_later_rows_are_written(tmp_path: Path) -> None:
    """A pipe whose reader goes and comes again: what was counted as dropped does not come after all."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    made = recorder(pipe)
    os.close(reader)
    made.record(numbered(1))
    eventually(partial(_has_dropped, made, 1))
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    made.record(numbered(2))
    made.close()
    read = _drained(reader)
    os.close(reader)
    assert made.metrics.dropped == {"file": 1}
    assert [msgspec.json.decode(line)["request_id"] for line in read.splitlines()] == ["req_2"]


async def test_half_a_line_of_an_outage_spoils_no_other(tmp_path: Path) -> None:
    """The file may grow so far and no further: the disk that fills in the middle of a line."""
    file = tmp_path / "records.jsonl"
    made = recorder(file)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        made.record(numbered(1))
        eventually(partial(_has_dropped, made, 1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    made.record(numbered(2))
    made.close()
    half, whole = file.read_bytes().splitlines()
    assert len(half) == 100
    assert msgspec.json.decode(whole)["request_id"] == "req_2"


def _has_dropped(made: Recorder, count: int) -> bool:
    return made.metrics.dropped.total() == count


async def test_standard_output_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    written = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(written))
    made = recorder("-")
    made.record(numbered(0))
    made.close()
    assert not written.closed
    assert msgspec.json.decode(written.getvalue())["request_id"] == "req_0"


async def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    made = recorder(tmp_path / "records.jsonl")
    made.close()
    made.close()


# -- rows


CODES = finder("codes", detectors.Pattern(match="INT-[0-9]{6}", name="CODE"))


def full() -> Exchange:
    first, second = candidate("a"), candidate("b")
    return exchange(
        wall=1_700_000_000.5,
        plan=plan_of(first, second),
        attempts=[Attempt(first.name, 100, 101, Failure("stalled")), Attempt(second.name, 101, 102, None)],
        asked=[first, second],
        served_by=second,
        form="events",
        outcome="answered",
        committed=True,
        first_token=100.25,
        finish="stop",
        usage=Usage(input_tokens=9, output_tokens=8, cached_tokens=7, reasoning_tokens=6, estimated=True),
        cost_nanodollars=5,
        vault=[("conversation", "kept")],
    )


def test_a_row_says_what_happened() -> None:
    assert row(full(), 103.5) == Row(
        time=1_700_000_000.5,
        request_id="req_1",
        trace_id="a" * 32,
        span_id="b" * 16,
        key="anna",
        team="blue",
        dialect="chat",
        model="asked",
        served_by="asked/0:house/b",
        outcome="answered",
        code=None,
        status=200,
        streamed=True,
        attempts=[("asked/0:house/a", "stalled"), ("asked/0:house/b", None)],
        seconds=3.5,
        first_token_seconds=0.25,
        finish="stop",
        input_tokens=9,
        output_tokens=8,
        cached_tokens=7,
        reasoning_tokens=6,
        usage_estimated=True,
        cost_nanodollars=5,
        cache=None,
        similarity=None,
        saved_nanodollars=None,
        policies=None,
        exempted=None,
        verdicts=None,
        unscanned=None,
        guarantee=None,
        held=None,
        vault=[("conversation", "kept")],
        overhead_seconds=1.5,
        model_served="b",
        provider="house",
        region=None,
        zone="external",
        cache_write_tokens=0,
    )


def test_a_row_says_what_rules_said_and_what_none_could_read() -> None:
    rule = Rule(
        policy="p",
        id="mask-codes",
        places=frozenset({"user"}),
        finders=(CODES,),
        deed=Mask(),
        mode="enforce",
        on_error="block",
        timeout_ms=50,
        opaque="allow",
        min_score=0.0,
    )
    guarding = Guards(Binder({"p": policy("p", 3, Bind(), [rule])}, [], VERSIONS), KeyRing(b"k"), {}).over(
        Facts(frozenset({"asked"}), "chat", frozenset({"external"})), None, Subject("anna", None, "")
    )
    assert guarding is not None
    content = [
        {"type": "text", "text": "INT-123456"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    body = {"messages": [{"role": "user", "content": content}]}
    assert "INT-123456" not in str(asyncio.run(guarding.screened("chat", body)))
    made = row(exchange(guarding=guarding), 101.0)
    assert made.policies == ["p@3"]
    assert made.verdicts == [("p", "mask-codes", "user", "CODE", "mask", "enforced", 1)]
    assert made.unscanned == {"image": 1}
    assert made.exempted == []
    assert (made.guarantee, made.held) == (None, None)


def test_a_row_of_a_request_that_came_to_nothing_has_holes_and_no_guesses() -> None:
    x = exchange(principal=None, outcome="failed", error=GatewayError("invalid_api_key", "No."))
    made = msgspec.to_builtins(row(x, 100.0))
    assert (made["status"], made["code"], made["outcome"]) == (401, "invalid_api_key", "failed")
    holes = {name for name, value in made.items() if value is None}
    assert holes == {
        *("key", "team", "model", "served_by", "first_token_seconds", "finish", "cost_nanodollars"),
        *("cache", "similarity", "saved_nanodollars"),
        *("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "usage_estimated"),
        *("policies", "exempted", "verdicts", "unscanned", "guarantee", "held", "vault"),
        *("parent_span_id", "sampled", "user", "model_served", "provider", "region", "zone", "cache_write_tokens"),
        *("policy_digest", "response_id", "conversation", "prompt"),
    }


@pytest.mark.parametrize(("committed", "status"), [(True, 200), (False, 502)])
def test_the_status_is_the_one_that_went_out(committed: bool, status: int) -> None:
    x = exchange(committed=committed, outcome="cut", error=GatewayError("stream_cut", "Cut."))
    assert row(x, 101.0).status == status


def test_no_text_of_a_request_or_an_answer_is_in_a_row() -> None:
    x = full()
    x.raw = _CANARY.encode()
    x.body = x.parsed = {"messages": [{"role": "user", "content": _CANARY}], "user": _CANARY}
    x.upload = _CANARY.encode()
    x.headers = {"authorization": f"Bearer {_CANARY}", "x-custom": _CANARY}
    x.path, x.query, x.target_path = f"/v1/{_CANARY}", f"?q={_CANARY}", f"/{_CANARY}"
    x.opened = {_CANARY: _CANARY}
    x.reply_headers = [(b"x-request-id", _CANARY.encode())]
    x.error = GatewayError("upstream_error", _CANARY, param=_CANARY)
    x.usage = Usage(extras={"x": _CANARY})
    assert _CANARY.encode() not in msgspec.json.encode(row(x, 101.0))
