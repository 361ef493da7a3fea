"""One cycle by itself: the head and the first piece of an answer in one write, the body of a request without copies."""

import asyncio
from collections.abc import Sequence

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from gateway.api.cycle import Cycle
from gateway.api.replying import ANSWER
from gateway.api.server import Farewell

pytestmark = pytest.mark.clockwork

_DATE = (b"date", b"today")
_TYPE = (b"content-type", b"text/plain")


class Line(asyncio.Transport):
    """Writes down each write, as the kernel would see it. `unsent` bytes wait for a peer that does not read."""

    def __init__(self, unsent: int = 0) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.writes: list[bytes] = []
        self.ended: list[str] = []
        self.paused = False
        self._unsent = unsent

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.ended, "written behind the end"
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.ended.append("close")

    def abort(self) -> None:
        self.ended.append("abort")

    def is_closing(self) -> bool:
        return bool(self.ended)

    def get_write_buffer_size(self) -> int:
        return self._unsent

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Turn:
    """A cycle on a line, and how often it has said that its answer is complete."""

    def __init__(self, *, keep_alive: bool = True, expect_100_continue: bool = False) -> None:
        self.line = Line()
        self.flow = FlowControl(self.line)
        self.completed = 0
        self.cycle = Cycle(
            {"type": "http", "method": "POST"},
            self.line,
            self.flow,
            [_DATE],
            self._complete,
            keep_alive=keep_alive,
            expect_100_continue=expect_100_continue,
        )

    def _complete(self) -> None:
        self.completed += 1

    async def answer(
        self, body: bytes, *, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = (_TYPE,)
    ) -> None:
        """All of it."""
        framed = [*headers, (b"content-length", b"%d" % len(body))]
        head = {"type": ANSWER, "status": status, "headers": framed, "whole": True}
        await self.cycle.send({**head, "body": body, "more_body": False})

    async def begin(self, body: bytes, *, more: bool = True) -> None:
        """The first piece."""
        head = {"type": ANSWER, "status": 200, "headers": [_TYPE], "whole": False}
        await self.cycle.send({**head, "body": body, "more_body": more})


async def test_a_whole_answer_goes_out_in_one_write() -> None:
    turn = Turn()
    await turn.answer(b"ok", status=404)
    assert turn.line.writes == [
        b"HTTP/1.1 404 Not Found\r\ndate: today\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok"
    ]
    assert (turn.completed, turn.cycle.response_complete, turn.line.ended) == (1, True, [])


async def test_a_stream_begins_in_one_write_and_goes_on_in_chunks() -> None:
    turn = Turn()
    await turn.begin(b"first")
    assert turn.completed == 0
    await turn.cycle.send({"type": "http.response.body", "body": b"second", "more_body": True})
    await turn.cycle.send({"type": "http.response.body", "body": b"", "more_body": False})
    assert turn.line.writes == [
        b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n",
        b"6\r\nsecond\r\n",
        b"0\r\n\r\n",
    ]
    assert turn.completed == 1


async def test_a_head_with_nothing_behind_it_yet_does_not_end_the_body() -> None:
    turn = Turn()
    await turn.begin(b"")
    assert turn.line.writes[0].endswith(b"chunked\r\n\r\n")


async def test_a_stream_that_comes_in_one_piece_is_one_still() -> None:
    turn = Turn()
    await turn.begin(b"all", more=False)
    assert turn.line.writes[0].endswith(b"chunked\r\n\r\n3\r\nall\r\n0\r\n\r\n")
    assert turn.completed == 1


@pytest.mark.parametrize(
    ("keep_alive", "headers"), [(False, [_TYPE]), (True, [_TYPE, (b"connection", b"close")])], ids=["caller", "answer"]
)
async def test_the_end_of_the_connection_is_told_once(keep_alive: bool, headers: Sequence[tuple[bytes, bytes]]) -> None:
    turn = Turn(keep_alive=keep_alive)
    await turn.answer(b"ok", headers=headers)
    assert turn.line.writes[0].count(b"connection: close\r\n") == 1
    assert turn.line.ended == ["close"]


async def test_a_kept_connection_stays_open_without_a_word() -> None:
    turn = Turn()
    await turn.answer(b"ok")
    assert b"connection" not in turn.line.writes[0]


@pytest.mark.parametrize(
    "header",
    [
        (b"x", b"a\r\nset-cookie: b"),
        (b"x", b"a\nb"),
        (b"x", b"a\0"),
        (b"x", b"a\x7f"),
        (b"x\r\ny", b"a"),
        (b"x y", b"a"),
        (b"x:", b"a"),
        (b"", b"a"),
    ],
)
async def test_a_header_cannot_become_two(header: tuple[bytes, bytes]) -> None:
    turn = Turn()
    with pytest.raises(RuntimeError, match="forbidden character"):
        await turn.answer(b"ok", headers=[header])
    assert (turn.line.writes, turn.cycle.response_started) == ([], False)


async def test_a_header_may_hold_tabs_and_latin_letters() -> None:
    turn = Turn()
    await turn.answer(b"ok", headers=[(b"X-Name", b"a\tb: \xe9")])
    assert b"\r\nX-Name: a\tb: \xe9\r\n" in turn.line.writes[0]


async def test_nothing_is_written_to_a_caller_that_has_left() -> None:
    turn = Turn()
    turn.cycle.disconnected = True
    await turn.answer(b"ok")
    assert turn.line.writes == []


async def test_an_answer_waits_for_a_caller_that_does_not_read() -> None:
    turn = Turn()
    turn.flow.pause_writing()
    answering = asyncio.create_task(turn.answer(b"ok"))
    await asyncio.sleep(0)
    assert turn.line.writes == []
    turn.flow.resume_writing()
    await answering
    assert len(turn.line.writes) == 1


async def test_a_body_is_handed_on_as_it_came() -> None:
    turn = Turn()
    piece = bytes(range(100))
    turn.cycle.take(piece)
    assert turn.cycle.held == 100
    message = await turn.cycle.receive()
    assert message["body"] is piece
    assert message["more_body"]
    assert turn.cycle.held == 0


async def test_pieces_that_came_meanwhile_are_handed_on_together_and_once() -> None:
    turn = Turn()
    for piece in (b"a", b"b"):
        turn.cycle.take(piece)
    turn.cycle.more_body = False
    assert await turn.cycle.receive() == {"type": "http.request", "body": b"ab", "more_body": False}
    turn.cycle.message_event.set()
    assert (await turn.cycle.receive())["body"] == b""


async def test_who_asks_for_the_body_has_it_read_on() -> None:
    turn = Turn()
    turn.flow.pause_reading()
    turn.cycle.take(b"a")
    await turn.cycle.receive()
    assert not turn.line.paused


async def test_a_caller_that_waits_for_leave_gets_it_when_its_body_is_asked_for() -> None:
    turn = Turn(expect_100_continue=True)
    turn.cycle.take(b"a")
    await turn.cycle.receive()
    assert turn.line.writes == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    await turn.answer(b"ok")
    assert len(turn.line.writes) == 2


async def test_who_waits_for_a_body_is_told_that_the_caller_left() -> None:
    turn = Turn()
    waiting = asyncio.create_task(turn.cycle.receive())
    await asyncio.sleep(0)
    turn.cycle.disconnected = True
    turn.cycle.message_event.set()
    assert await waiting == {"type": "http.disconnect"}


@pytest.mark.parametrize(("unsent", "ends"), [(0, ["close"]), (9, ["close", "abort"])])
async def test_a_peer_that_does_not_read_cannot_hold_the_end(
    unsent: int, ends: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.api.server._FAREWELL_SECONDS", 0.01)
    line = Line(unsent)
    Farewell(line, asyncio.get_running_loop()).close()
    assert line.ended == ["close"]
    await asyncio.sleep(0.03)
    assert line.ended == ends


async def test_what_else_is_asked_of_the_line_is_its_own() -> None:
    line = Line()
    transport = Farewell(line, asyncio.get_running_loop())
    transport.write(b"a")
    assert line.writes == [b"a"]
    assert transport.get_extra_info("peername") == ("127.0.0.1", 1)
    assert not transport.is_closing()
