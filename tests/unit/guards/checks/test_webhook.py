"""A webhook over real sockets: signed, bounded, and whatever goes wrong is a failure."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.guards.check import Nonsense
from gateway.guards.checks.ports import MOST_BYTES, PostFailed
from gateway.guards.checks.webhook import SIGNATURE, TIMESTAMP, WebhookCheck, WebhookFailed, findings_of
from gateway.upstream.aiohttp_transport import AiohttpTransport
from gateway.upstream.posting import Poster
from tests.support import rawserver
from tests.unit.guards.checks.ported import ports, said, spans

SECRET = "canary-4711"
NOW = 1_800_000_000.7


def answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body


@asynccontextmanager
async def hooked(*replies: bytes, stay: bool = False) -> AsyncIterator[tuple[WebhookCheck, rawserver.Server]]:
    async def script(peer: rawserver.Peer) -> None:
        server.requests.append(await peer.request())
        for reply in replies:
            await peer.send(reply)
        if stay:
            await peer.gone()

    async with rawserver.serve(script) as server:
        poster = Poster(AiohttpTransport())
        try:
            yield WebhookCheck(f"{server.url}/look", SECRET, ports(post=poster.post, now=lambda: NOW)), server
        finally:
            await poster.aclose()


async def test_it_is_told_the_place_and_the_text_and_its_findings_are_code_points() -> None:
    found = b'{"findings": [{"start": 5, "end": 9, "kind": "FRUIT", "score": 0.5}, {"start": 0, "end": 1, "kind": "SIGN", "score": 1}]}'
    async with hooked(answer(found)) as (check, server):
        assert spans(await check.look(said("\U0001f600 한국 pear", "tool_args", tool="eat"))) == [
            (0, 1, "SIGN", 1.0),
            (5, 9, "FRUIT", 0.5),
        ]
    (asked,) = server.requests
    assert asked.line == "POST /look HTTP/1.1"
    assert msgspec.json.decode(asked.body) == {"place": "tool_args", "text": "\U0001f600 한국 pear", "tool": "eat"}
    assert asked.all("content-type") == ["application/json"]


async def test_the_receiver_can_tell_who_signed_what_and_when() -> None:
    async with hooked(answer(b'{"findings": []}')) as (check, server):
        assert not await check.look(said("pear"))
    (asked,) = server.requests
    assert asked.all(TIMESTAMP) == ["1800000000"]

    def signed(secret: str, body: bytes, timestamp: str = "1800000000") -> str:
        return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()

    assert asked.all(SIGNATURE) == [signed(SECRET, asked.body)]
    assert asked.all(SIGNATURE) != [signed("another", asked.body)]
    assert asked.all(SIGNATURE) != [signed(SECRET, asked.body + b" ")]
    assert asked.all(SIGNATURE) != [signed(SECRET, asked.body, "1800000001")]
    assert SECRET not in repr(asked)


@pytest.mark.parametrize("status", ["500 Oops", "401 Unauthorized", "302 Found", "204 No Content"])
async def test_another_answer_than_findings_is_a_failure(status: str) -> None:
    async with hooked(answer(b"", status, "location: /elsewhere\r\n")) as (check, server):
        with pytest.raises((WebhookFailed, Nonsense)):
            await check.look(said("pear"))
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["500 Oops", "302 Found", "401 Unauthorized"])
async def test_findings_count_only_with_a_status_that_says_so(status: str) -> None:
    async with hooked(answer(b'{"findings": []}', status)) as (check, _), asyncio.timeout(30):
        with pytest.raises(WebhookFailed):
            await check.look(said("pear"))


async def test_an_answer_that_is_too_large_is_a_failure() -> None:
    async with hooked(answer(b'{"findings": []}' + b" " * MOST_BYTES)) as (check, _):
        with pytest.raises(PostFailed, match="larger"):
            await check.look(said("pear"))


async def test_half_an_answer_is_a_failure() -> None:
    async with hooked(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"findings": []}') as (check, _):
        with pytest.raises(PostFailed):
            await check.look(said("pear"))


async def test_who_is_not_there_is_a_failure() -> None:
    async with hooked() as (check, _):
        with pytest.raises(PostFailed):
            await check.look(said("pear"))


async def test_a_webhook_that_hangs_can_be_given_up_and_its_connection_is_closed() -> None:
    async with hooked(stay=True) as (check, server):
        looking = asyncio.create_task(check.look(said("pear")))
        while not server.requests:  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.001)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        assert server.accepted == 1


async def test_a_post_ends_after_its_seconds() -> None:
    async def script(peer: rawserver.Peer) -> None:
        await peer.request()
        await peer.gone()

    async with rawserver.serve(script) as server:
        poster = Poster(AiohttpTransport())
        with pytest.raises(PostFailed, match="within"):
            await poster.post(server.url, {}, b"", 0.2)
        await poster.aclose()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"findings": null}',
        b'{"findings": [], "more": 1}',
        b'{"findings": [{"start": 0, "end": 1, "kind": "A"}]}',
        b'{"findings": [{"start": 0, "end": 1, "kind": "a", "score": 1}]}',
        b'{"findings": [{"start": 0, "end": 1, "kind": "A", "score": 2}]}',
        b'{"findings": [{"start": 0, "end": 5, "kind": "A", "score": 1}]}',
        b'{"findings": [{"start": 1, "end": 1, "kind": "A", "score": 1}]}',
        b'{"findings": [{"start": -1, "end": 1, "kind": "A", "score": 1}]}',
        b'{"findings": [{"start": 0.5, "end": 1, "kind": "A", "score": 1}]}',
        b'{"findings": [{"start": 0, "end": 1, "kind": "A", "score": 1, "x": 1}]}',
        b"[" * 100_000,
        b"\xff",
    ],
    ids=lambda body: repr(body[:80]),
)
def test_nonsense_is_a_failure_that_quotes_nothing(body: bytes) -> None:
    with pytest.raises(Nonsense) as raised:
        findings_of(body, "pear")
    assert raised.value.__cause__ is None


@given(st.binary(max_size=200))
def test_any_answer_is_findings_or_nonsense(body: bytes) -> None:
    with suppress(Nonsense):
        findings_of(body, "pear")


@pytest.mark.parametrize(("text", "depth"), [("pear", 1), ("", 0)])
async def test_what_a_judge_asks_is_shown_to_nobody(text: str, depth: int) -> None:
    async with hooked() as (check, server):
        assert not await check.look(said(text, depth=depth))
    assert server.accepted == 0
