"""What an answer of the Responses API leaves behind when it goes to the caller: a conversation, or the map of its placeholders."""

from collections.abc import Awaitable, Callable
from typing import Any

from gateway.exchange import Exchange
from gateway.store.maps import Maps
from gateway.store.responses import KeptResponses
from gateway.wire.dialect import END
from gateway.wire.frames import Frame, NotJSON
from gateway.wire.responses.conversation import wants_keeping
from gateway.wire.sealed import Sealer

Keep = Callable[[list[Frame], int], Awaitable[None]]
"""Told of the frames that the caller is about to get, and of what was seen in them."""


def keeping(x: Exchange, asked_in: str, responses: KeptResponses, maps: Maps, sealer: Sealer) -> Keep | None:
    """`asked_in`: the dialect of the upstream. None for answers of which nothing is kept."""
    if x.dialect.name != "responses" or x.body is None or x.principal is None:
        return None
    owner = x.principal.id
    if asked_in != "responses":
        return None if x.whole is None else _Whole(x, owner, responses)
    if x.guarding is None or not wants_keeping(x.body):
        return None
    return _Map(x, owner, maps, sealer)


class _Whole:
    """A conversation is kept once its answer is complete, before the caller has the end of it and can go on from there."""

    def __init__(self, x: Exchange, owner: str, responses: KeptResponses) -> None:
        self._x = x
        self._owner = owner
        self._responses = responses

    async def __call__(self, frames: list[Frame], seen: int) -> None:
        if seen & END and frames:
            await self._responses.keep(self._x, self._owner, response_of(frames[-1]))


class _Map:
    """A map is kept as soon as the vendor has named the response: it is complete by then, and the caller may leave."""

    def __init__(self, x: Exchange, owner: str, maps: Maps, sealer: Sealer) -> None:
        self._x = x
        self._owner = owner
        self._maps = maps
        self._sealer = sealer
        self._done = False

    async def __call__(self, frames: list[Frame], _seen: int) -> None:
        for frame in frames if not self._done else ():
            response = response_of(frame)
            sealed = response.get("id") if isinstance(response, dict) else None
            resource = self._sealer.open(self._owner, sealed) if isinstance(sealed, str) else None
            if resource is not None and self._x.guarding is not None:
                self._done = True
                await self._maps.keep(self._x, self._owner, resource, self._x.guarding.placeholders())
                return


def response_of(frame: Frame) -> Any:
    """The response object: a whole body, or what an event holds that tells how the response stands."""
    if frame.data is None or (frame.event is not None and frame.event.endswith(".delta")):
        return None
    try:
        value = frame.json
    except NotJSON:
        return None
    return value if frame.raw is frame.data else value.get("response")
