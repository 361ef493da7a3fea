"""What an answer leaves behind, frame by frame."""

from typing import Any

import pytest

from gateway.exchange import Exchange
from gateway.store.keeping import keeping
from gateway.store.maps import Maps
from gateway.store.memory import Memory
from gateway.store.responses import KeptResponses
from gateway.store.shelf import Away
from gateway.store.vault import Vault
from gateway.wire import frames
from gateway.wire.dialect import END, NOTHING, TEXT
from gateway.wire.frames import Frame
from gateway.wire.sealed import Sealer
from tests.support.exchanges import exchange

RESPONSE: dict[str, Any] = {"id": "resp_1", "object": "response", "output": []}


class Nowhere:
    """A shelf that cannot be reached."""

    async def put(self, name: str, value: bytes, seconds: float) -> bool:
        raise Away

    async def get(self, name: str) -> bytes | None:
        raise Away

    async def delete(self, name: str) -> bool:
        raise Away


def shelf(size: int = 1 << 20) -> Memory:
    return Memory(max_count=10, max_bytes=size, clock=lambda: 0.0)


def asked(**fields: Any) -> Exchange:
    body = {"model": "m", "input": "hi", **fields}
    return exchange("responses", body=body, parsed=body, whole=None if body.get("store") is False else body)


async def after(x: Exchange, on: Memory | Nowhere, *pieces: tuple[Frame, int]) -> None:
    """The answer of an upstream that speaks chat."""
    vault = Vault(on, b"secret", most=1 << 20)
    keep = keeping(x, "chat", KeptResponses(vault, 60), Maps(vault, 60), Sealer(b"s"))
    for frame, seen in pieces:
        if keep is not None:
            await keep([frame], seen)


STREAM = (
    (frames.event({"type": "response.created", "response": RESPONSE}, "response.created"), NOTHING),
    (frames.event({"type": "response.output_text.delta", "delta": "hi"}, "response.output_text.delta"), TEXT),
    (frames.event({"type": "response.completed", "response": RESPONSE}, "response.completed"), END),
)


@pytest.mark.parametrize("pieces", [STREAM, ((frames.body(RESPONSE), TEXT | END),)], ids=["streamed", "whole"])
async def test_a_conversation_is_kept_when_its_answer_is_complete(pieces: Any) -> None:
    x, on = asked(), shelf()
    await after(x, on, *pieces[:-1])
    assert (len(on), x.vault) == (0, [])
    await after(x, on, *pieces)
    assert (len(on), x.vault) == (1, [("conversation", "kept")])


async def test_store_false_keeps_nothing() -> None:
    x, on = asked(store=False), shelf()
    await after(x, on, *STREAM)
    assert (len(on), x.vault) == (0, [])


async def test_what_cannot_be_kept_is_counted_and_stops_no_answer() -> None:
    x = asked()
    await after(x, Nowhere(), *STREAM)
    await after(x, shelf(100), *STREAM)
    await after(asked(), shelf(), (frames.body({"output": []}), END))  # without an id nobody could ask for it
    assert x.vault == [("conversation", "away"), ("conversation", "too_large")]


async def test_only_answers_of_the_responses_api_leave_something() -> None:
    body = {"model": "m", "messages": []}
    vault = Vault(shelf(), b"secret")
    x = exchange("chat", body=body)
    assert keeping(x, "chat", KeptResponses(vault, 60), Maps(vault, 60), Sealer(b"s")) is None
