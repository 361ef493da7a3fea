"""An answer is played to the client: in time, whole, or broken as the behaviour says."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Receive, Scope, Send

from gateway.simulator.errors import Family, RefusalError, named_for, refuse
from gateway.simulator.line import line_of
from gateway.simulator.outcome import Event, Outcome
from gateway.simulator.script import Behaviour, Cut


def instead(family: Family, behaviour: Behaviour, request_id: str) -> Outcome | None:
    """The answer that the script puts in place of the real one, if it does."""
    if behaviour.body is not None:
        return Outcome([Event(behaviour.body.encode(), token=True)], behaviour.status or 200)
    if behaviour.status is None and (behaviour.error is None or behaviour.error_after is not None):
        return None
    if behaviour.status == 200 and behaviour.error is None:
        return None
    error = RefusalError(behaviour.error or named_for(behaviour.status or 500), behaviour.message)
    return refuse(family, error, request_id, status=behaviour.status)


def reshape(outcome: Outcome, behaviour: Behaviour) -> Outcome:
    """Everything about an answer that is wrong before the first byte leaves: frames, head, type."""
    frames = outcome.frames
    if behaviour.malformed_after is not None:
        at = _place(behaviour.malformed_after, frames)
        torn = Event(b'data: {"id": "torn", "choices": [{\n\n' if outcome.streamed else b'{"id": "torn", "cho')
        frames = [*frames[:at], torn, *(frames[at:] if outcome.streamed else [])]
    if behaviour.error_after is not None and outcome.broken:
        frames = [*frames[: _place(behaviour.error_after, frames)], *map(Event, outcome.broken)]
    if behaviour.end_after is not None:
        frames = frames[: _place(behaviour.end_after, frames)]
    outcome.frames = frames
    outcome.content_type = behaviour.content_type or outcome.content_type
    if behaviour.retry_after is not None:
        wait = behaviour.retry_after
        outcome.headers["retry-after"] = wait if isinstance(wait, str) else f"{wait:g}"
    if behaviour.after == "announce":
        outcome.headers["connection"] = "close"
    outcome.headers.update(behaviour.headers)
    return outcome


def _place(count: int, frames: list[Event]) -> int:
    return count if count >= 0 else max(0, len(frames) + count)


class Client:
    """The client as the server sees it: there, or gone. `watch` runs beside the answer where somebody asks for it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.send = send
        self.gone = asyncio.Event()
        self._receive = receive

    async def watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone.set()

    async def pause(self, seconds: float | None) -> None:
        """Wait, for ever if `seconds` is None; a client that goes ends it with `ClientGoneError`."""
        if seconds is not None and seconds <= 0:
            return
        try:
            await asyncio.wait_for(self.gone.wait(), seconds)
        except TimeoutError:
            return
        raise ClientGoneError


class ClientGoneError(Exception):
    """The client closed its connection before the end of the answer."""


def takes_time(behaviour: Behaviour) -> bool:
    """Whether playing needs to notice a client that goes."""
    timed = behaviour.delay_head or behaviour.delay_first_token or behaviour.tokens_per_second
    return bool(timed or behaviour.bytes_per_second or behaviour.cut or behaviour.stall_after is not None)


async def play(outcome: Outcome, behaviour: Behaviour, client: Client) -> bool:
    """Send `outcome`; True if it went out to its end. Needs `client.watch` running if `takes_time(behaviour)`."""
    cut = behaviour.cut
    await client.pause(behaviour.delay_head)
    if cut and cut.before_head:
        await _break(cut, client)
        return False
    await client.send(_head(outcome))
    left = _bytes_before(cut, outcome)
    async for piece in _pieces(outcome, behaviour, client):
        if left is not None and len(piece) >= left:
            await client.send({"type": "http.response.body", "body": piece[:left], "more_body": True})
            break
        await client.send({"type": "http.response.body", "body": piece, "more_body": True})
        left = None if left is None else left - len(piece)
    if cut:
        await _break(cut, client)
        return False
    await client.send({"type": "http.response.body", "body": b""})
    if behaviour.after == "close":
        line_of(client.scope).close()
    return True


def _head(outcome: Outcome) -> dict[str, object]:
    headers = {"content-type": outcome.content_type, **outcome.headers}
    if not outcome.streamed:
        headers["content-length"] = str(sum(len(frame.data) for frame in outcome.frames))
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": outcome.status, "headers": encoded}


def _bytes_before(cut: Cut | None, outcome: Outcome) -> int | None:
    """How many bytes of the body go out before the cut."""
    if cut is None:
        return None
    sizes = [len(frame.data) for frame in outcome.frames]
    if cut.after_bytes is not None:
        return cut.after_bytes
    if cut.half:
        return sum(sizes) // 2
    return sum(sizes[: _place(cut.after_frames or 0, outcome.frames)])


async def _pieces(outcome: Outcome, behaviour: Behaviour, client: Client) -> AsyncIterator[bytes]:
    """The body in the pieces and at the pace in which it is written."""
    stall = None if behaviour.stall_after is None else _place(behaviour.stall_after, outcome.frames)
    wait = behaviour.delay_first_token
    for at, frame in enumerate(outcome.frames):
        if at == stall:
            await client.pause(None)
        if frame.token:
            await client.pause(wait)
            wait = 1 / behaviour.tokens_per_second if behaviour.tokens_per_second else 0
        if behaviour.bytes_per_second is None:
            yield frame.data
            continue
        size = max(1, int(behaviour.bytes_per_second / 20))
        for start in range(0, len(frame.data), size):
            yield frame.data[start : start + size]
            await client.pause(size / behaviour.bytes_per_second)
    if stall is not None and stall >= len(outcome.frames):
        await client.pause(None)


async def _break(cut: Cut, client: Client) -> None:
    """Break the line and wait until the server has noticed."""
    await client.pause(cut.pause)
    line = line_of(client.scope)
    if cut.how == "rst":
        line.reset()
    else:
        line.close()
    await client.gone.wait()
