"""The head of an answer waits for its body, and never longer than one turn of the loop."""

import asyncio

import pytest

from gateway.api.server import HeadWithBody

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Line(asyncio.Transport):
    """Writes down each write, as the kernel would see it. `unsent` bytes wait for a peer that does not read."""

    def __init__(self, unsent: int = 0) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.writes: list[bytes] = []
        self.ended: list[str] = []
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


def held(line: Line) -> HeadWithBody:
    return HeadWithBody(line, asyncio.get_running_loop())


async def test_head_and_body_go_out_in_one_write() -> None:
    line = Line()
    transport = held(line)
    transport.write(_HEAD)
    assert not line.writes
    transport.write(b"ok")
    assert line.writes == [_HEAD + b"ok"]
    await asyncio.sleep(0)
    assert line.writes == [_HEAD + b"ok"]


async def test_a_head_alone_goes_out_by_itself() -> None:
    """A stream whose first frame takes its time."""
    line = Line()
    transport = held(line)
    transport.write(_HEAD)
    await asyncio.sleep(0)
    assert line.writes == [_HEAD]
    transport.write(b"later")
    assert line.writes == [_HEAD, b"later"]


async def test_a_body_is_never_held() -> None:
    line = Line()
    transport = held(line)
    for piece in (b"a", b"HTTP/2", b"HTTP/1.0 200 OK"):
        transport.write(piece)
    assert line.writes == [b"a", b"HTTP/2", b"HTTP/1.0 200 OK"]


async def test_order_stays_whatever_a_body_looks_like() -> None:
    line = Line()
    transport = held(line)
    pieces = [b"HTTP/1.1 100 Continue\r\n\r\n", _HEAD, b"HTTP/1.1 is text here", b"b", _HEAD, _HEAD, b"c"]
    for piece in pieces:
        transport.write(piece)
    await asyncio.sleep(0)
    assert b"".join(line.writes) == b"".join(pieces)


async def test_the_head_of_a_second_answer_waits_for_its_own_body() -> None:
    line = Line()
    transport = held(line)
    for piece in (_HEAD, b"ok", _HEAD, b"ko"):
        transport.write(piece)
    assert line.writes == [_HEAD + b"ok", _HEAD + b"ko"]


async def test_closing_sends_what_is_held_first() -> None:
    line = Line()
    transport = held(line)
    transport.write(_HEAD)
    transport.close()
    assert (line.writes, line.ended) == ([_HEAD], ["close"])
    await asyncio.sleep(0)
    assert line.writes == [_HEAD]
    assert transport.is_closing()


@pytest.mark.parametrize(("unsent", "ends"), [(0, ["close"]), (9, ["close", "abort"])])
async def test_a_peer_that_does_not_read_cannot_hold_the_end(
    unsent: int, ends: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.api.server._FAREWELL_SECONDS", 0.01)
    line = Line(unsent)
    held(line).close()
    assert line.ended == ["close"]
    await asyncio.sleep(0.03)
    assert line.ended == ends


async def test_what_is_asked_of_the_line_is_its_own() -> None:
    transport = held(Line())
    assert transport.get_extra_info("peername") == ("127.0.0.1", 1)
    assert transport.get_extra_info("missing", 7) == 7
    assert not transport.is_closing()
