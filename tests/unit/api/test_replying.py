"""Transcripts of answers: what goes in as frames and what the server is told to send."""

import asyncio
from typing import Any, Final

import msgspec
import pytest
from starlette.types import Message

from gateway.answering import Refused
from gateway.api.replying import ANSWER, Reply
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.upstream.http import Passed
from gateway.wire.frames import Frame, comment
from gateway.wire.frames import event as frame
from tests.support.exchanges import exchange

pytestmark = pytest.mark.clockwork

_JSON: Final = (b"content-type", b"application/json")
_EVENTS: Final = (b"content-type", b"text/event-stream; charset=utf-8")
_ID: Final = (b"x-haechi-request-id", b"req_1")
_NAMED: Final = (b"x-request-id", b"req_1")
_HEARTBEAT: Final = b": heartbeat\n\n"
_ERROR: Final = GatewayError("stream_cut", "The line broke.")
_LONG: Final = 60.0
_SHORT: Final = 0.02


class Caller:
    """The server's side of `send`, as uvicorn is: head once and first, nothing behind the end. May be slow.

    `joins`: it takes the head and the first piece of the body in one message, as our own server does.
    """

    joins = False

    def __init__(self) -> None:
        self.heads: list[tuple[int, list[tuple[bytes, bytes]]]] = []
        self.bodies: list[bytes] = []
        self.ended = False
        self.came = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, message: Message) -> None:
        if self.ended:
            self.bodies.append(b"sent behind the end")  # seen by the test, even if a task of its own has sent it
        assert message["type"] != ANSWER or self.joins, "a message of no use to this server"
        if message["type"] in ("http.response.start", ANSWER):
            assert not self.heads, "a second head"
            self.heads.append((message["status"], message["headers"]))
        if message["type"] == ANSWER:
            assert message["whole"] == (b"content-length" in dict(message["headers"]))
            assert not (message["whole"] and message["more_body"])
        if message["type"] != "http.response.start":
            assert self.heads, "a body before the head"
            self.bodies.append(message["body"])
            self.ended = not message["more_body"]
            self.came.set()
            await self.reads.wait()

    @property
    def head(self) -> tuple[int, dict[bytes, bytes]]:
        status, headers = self.heads[0]
        assert len(dict(headers)) == len(headers), "a header twice"
        return status, dict(headers)

    @property
    def text(self) -> bytes:
        return b"".join(self.bodies)

    async def next(self) -> None:
        """Until something more has come."""
        self.came.clear()
        async with asyncio.timeout(30):
            await self.came.wait()


@pytest.fixture(autouse=True, params=[False, True], ids=["apart", "joined"])
def joins(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Caller, "joins", request.param)


def reply(caller: Caller, heartbeat: float = _LONG, dialect: str = "chat", **fields: Any) -> tuple[Reply, Exchange]:
    clock = asyncio.get_running_loop().time
    x = exchange(dialect, started=clock(), clock=clock, **fields)
    return Reply(x, caller.send, heartbeat, joins=caller.joins), x


def streamed(caller: Caller, heartbeat: float = _LONG, **fields: Any) -> tuple[Reply, Exchange]:
    """An answer that has committed to a stream."""
    return reply(caller, heartbeat, form="events", committed=True, reply_headers=[_EVENTS], **fields)


def event(text: bytes) -> Frame:
    return Frame(b"data: " + text + b"\n\n", text)


# -- answers


async def test_a_whole_answer_has_its_length_and_one_body() -> None:
    caller = Caller()
    to, _ = reply(caller, reply_status=201, reply_headers=[_JSON])
    await to.frames([Frame("{\u00e9}".encode(), None)])
    await to.end()
    assert caller.heads == [(201, [_JSON, (b"content-length", b"4"), _ID, _NAMED])]
    assert (caller.bodies, caller.ended) == (["{\u00e9}".encode()], True)


async def test_a_stream_has_one_head_and_its_frames_as_they_came() -> None:
    caller = Caller()
    to, _ = streamed(caller)
    await to.frames([event(b"1"), event(b"2")])
    await to.frames([])
    await to.frames([event(b"3")])
    assert not caller.ended
    await to.end()
    assert caller.heads == [
        (200, [_EVENTS, (b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"), _ID, _NAMED])
    ]
    assert caller.bodies == [b"data: 1\n\ndata: 2\n\n", b"data: 3\n\n", b""]
    assert caller.ended


async def test_headers_of_one_answer_do_not_grow_into_another() -> None:
    caller = Caller()
    headers = [_EVENTS]
    to, _ = reply(caller, form="events", reply_headers=headers)
    await to.frames([event(b"1")])
    await to.end()
    assert headers == [_EVENTS]


async def test_pieces_have_no_length_and_no_headers_of_a_stream() -> None:
    caller = Caller()
    to, _ = reply(caller, form="pieces", committed=True, reply_headers=[(b"content-type", b"audio/mpeg")])
    await to.frames([Frame(b"a", None)])
    await to.frames([Frame(b"b", None)])
    await to.end()
    assert caller.heads == [(200, [(b"content-type", b"audio/mpeg"), _ID, _NAMED])]
    assert (caller.text, caller.ended) == (b"ab", True)


@pytest.mark.parametrize(
    ("dialect", "theirs", "told"),
    [
        ("chat", b"request-id", {b"request-id": b"theirs", b"x-request-id": b"req_1"}),
        ("messages", b"x-request-id", {b"x-request-id": b"theirs", b"request-id": b"req_1"}),
        ("count_tokens", b"date", {b"request-id": b"req_1"}),
        ("chat", b"x-request-id", {b"x-request-id": b"theirs"}),
        ("messages", b"request-id", {b"request-id": b"theirs"}),
    ],
)
async def test_the_id_is_where_the_sdk_looks_unless_the_upstream_gave_its_own(
    dialect: str, theirs: bytes, told: dict[bytes, bytes]
) -> None:
    caller = Caller()
    to, _ = reply(caller, dialect=dialect, reply_headers=[(theirs, b"theirs")])
    await to.frames([Frame(b"{}", None)])
    _, headers = caller.head
    assert {name: value for name, value in headers.items() if name in (b"request-id", b"x-request-id")} == told


# -- errors


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
async def test_an_error_before_anything_is_a_status_and_a_body(dialect: str) -> None:
    caller = Caller()
    to, x = reply(caller, dialect=dialect)
    error = GatewayError("rate_limited", "Slow down.", retry_after=2.4)
    await to.refuse(Refused(error))
    status, headers = caller.head
    assert msgspec.json.decode(caller.text) == x.dialect.error_body(error, "req_1")
    assert (status, caller.ended) == (429, True)
    assert headers == {
        **dict([_JSON, _ID]),
        b"request-id" if dialect == "messages" else b"x-request-id": b"req_1",  # where its SDK looks
        b"x-should-retry": b"true",
        b"retry-after": b"2",
        b"content-length": str(len(caller.text)).encode(),
    }


@pytest.mark.parametrize(
    ("code", "retry_after", "advice"),
    [
        ("rate_limited", 0.2, (b"true", b"1")),
        ("overloaded", None, (b"true", None)),
        ("invalid_json", None, (b"false", None)),
    ],
)
async def test_the_sdks_are_told_whether_to_come_again(
    code: str, retry_after: float | None, advice: tuple[bytes, bytes | None]
) -> None:
    caller = Caller()
    to, _ = reply(caller)
    await to.refuse(Refused(GatewayError(code, "No.", retry_after=retry_after)))
    _, headers = caller.head
    assert (headers[b"x-should-retry"], headers.get(b"retry-after")) == advice
    assert b"connection" not in headers


async def test_who_sends_too_slowly_is_told_that_the_line_ends() -> None:
    caller = Caller()
    to, _ = reply(caller)
    await to.refuse(Refused(GatewayError("request_timeout", "Too slow.")))
    assert caller.head[0] == 408
    assert caller.head[1][b"connection"] == b"close"


async def test_the_upstreams_own_words_pass_with_our_id() -> None:
    caller = Caller()
    to, _ = reply(caller)
    own = {"error": {"message": "theirs", "type": "t", "param": None, "code": "c"}}
    headers = [_JSON, (b"x-ratelimit-limit", b"5")]
    await to.refuse(Refused(_ERROR, Passed("chat", 422, headers, msgspec.json.encode(own))))
    status, sent = caller.head
    said = msgspec.json.decode(caller.text)
    assert status == 422
    assert said["error"] == {**own["error"], "request_id": "req_1"} or said == {**own, "request_id": "req_1"}
    assert sent[b"content-length"] == str(len(caller.text)).encode()
    assert sent[b"x-ratelimit-limit"] == b"5"
    assert b"x-should-retry" not in sent
    assert headers == [_JSON, (b"x-ratelimit-limit", b"5")]


@pytest.mark.parametrize("body", [b"not json", b"[1]", b'"text"'])
async def test_what_cannot_be_stamped_passes_as_it_came(body: bytes) -> None:
    caller = Caller()
    to, _ = reply(caller)
    await to.refuse(Refused(_ERROR, Passed("chat", 500, [_JSON], body)))
    assert caller.text == body


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
async def test_an_error_inside_a_stream_is_its_last_event(dialect: str) -> None:
    caller = Caller()
    to, x = streamed(caller, dialect=dialect)
    await to.frames([event(b"1")])
    await to.refuse(Refused(_ERROR, Passed("chat", 422, [], b"{}")))
    assert caller.bodies[1:] == [b"".join(frame.raw for frame in x.dialect.error_frames(_ERROR, "req_1"))]
    assert b"stream_cut" in caller.text or b"error" in caller.text
    assert b"[DONE]" not in caller.text
    assert caller.ended


async def test_the_error_of_a_responses_stream_goes_on_counting() -> None:
    """A stream that was taken up again begins to count somewhere else than at 0; a comment has no number."""
    caller = Caller()
    to, _ = streamed(caller, dialect="responses")
    await to.frames([numbered(41), numbered(42)])
    await to.frames([comment("ping")])
    await to.refuse(Refused(_ERROR))
    data = caller.bodies[-1].partition(b"data: ")[2]
    assert msgspec.json.decode(data)["sequence_number"] == 43


def numbered(number: int) -> Frame:
    return frame({"type": "response.output_text.delta", "sequence_number": number}, "response.output_text.delta")


async def test_an_error_behind_the_end_is_not_the_callers() -> None:
    caller = Caller()
    to, x = streamed(caller)
    x.ended = True
    await to.frames([event(b"[DONE]")])
    await to.refuse(Refused(_ERROR))
    assert (caller.text, caller.ended) == (b"data: [DONE]\n\n", True)


async def test_bytes_that_break_off_are_not_ended() -> None:
    """So that the server cuts the line, and nobody takes half a file for a whole one."""
    caller = Caller()
    to, _ = reply(caller, form="pieces", committed=True)
    await to.frames([Frame(b"half", None)])
    await to.refuse(Refused(_ERROR))
    assert (caller.text, caller.ended) == (b"half", False)


# -- heartbeats


async def test_a_silence_before_the_answer_is_filled() -> None:
    """The head goes with the first heartbeat; from then on an error is an event."""
    caller = Caller()
    to, _ = reply(caller, _SHORT)
    to.begin_beating()
    await caller.next()
    assert caller.head == (
        200,
        dict([_EVENTS, (b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"), _ID, _NAMED]),
    )
    await caller.next()
    assert caller.text == _HEARTBEAT * 2
    await to.refuse(Refused(_ERROR))
    assert caller.text.startswith(_HEARTBEAT * 2 + b"data: ")
    assert caller.ended


async def test_after_heartbeats_the_answer_needs_no_head() -> None:
    caller = Caller()
    to, x = reply(caller, _SHORT)
    to.begin_beating()
    await caller.next()
    x.form, x.committed, x.reply_headers = "events", True, [_EVENTS]
    await to.frames([event(b"1")])
    await to.end()
    assert caller.text == _HEARTBEAT + b"data: 1\n\n"
    assert (len(caller.heads), caller.ended) == (1, True)


async def test_a_silence_between_frames_is_filled() -> None:
    caller = Caller()
    to, _ = streamed(caller, _SHORT)
    to.begin_beating()
    await to.frames([event(b"1")])
    await caller.next()
    await to.frames([event(b"2")])
    await to.end()
    assert caller.text == b"data: 1\n\n" + _HEARTBEAT + b"data: 2\n\n"


async def test_while_frames_come_there_are_no_heartbeats() -> None:
    caller = Caller()
    to, _ = streamed(caller, 0.2)
    to.begin_beating()
    ends = asyncio.get_running_loop().time() + 0.5
    while asyncio.get_running_loop().time() < ends:
        await to.frames([event(b"1")])
        await asyncio.sleep(0.02)
    await to.end()
    assert _HEARTBEAT not in caller.text


@pytest.mark.parametrize("how", ["end", "refuse", "stop"])
async def test_what_is_over_beats_no_more(how: str) -> None:
    caller = Caller()
    to, _ = streamed(caller, _SHORT)
    to.begin_beating()
    await to.frames([event(b"1")])
    await {"end": to.end, "refuse": lambda: to.refuse(Refused(_ERROR)), "stop": to.stop_beating}[how]()
    before = list(caller.bodies)
    await asyncio.sleep(3 * _SHORT)  # an absence can only be waited for
    assert caller.bodies == before
    assert len(asyncio.all_tasks()) == 1


async def test_a_slow_caller_gets_no_heartbeats_on_top() -> None:
    """What waits for it is more than it can take already."""
    caller = Caller()
    to, _ = streamed(caller, _SHORT)
    to.begin_beating()
    caller.reads.clear()
    writing = asyncio.create_task(to.frames([event(b"1")]))
    await asyncio.sleep(4 * _SHORT)
    assert caller.bodies == [b"data: 1\n\n"]
    caller.reads.set()
    await writing
    await to.end()


async def test_a_frame_waits_for_a_heartbeat_that_is_half_out() -> None:
    caller = Caller()
    to, _ = streamed(caller, _SHORT)
    await to.frames([event(b"1")])
    to.begin_beating()
    caller.reads.clear()
    await caller.next()
    writing = asyncio.create_task(to.frames([event(b"2")]))
    await asyncio.sleep(0.01)
    assert caller.text == b"data: 1\n\n" + _HEARTBEAT
    caller.reads.set()
    await writing
    await to.end()
    assert caller.text == b"data: 1\n\n" + _HEARTBEAT + b"data: 2\n\n"


async def test_beating_that_never_began_can_be_stopped() -> None:
    to, _ = reply(Caller())
    await to.stop_beating()
    await to.stop_beating()
