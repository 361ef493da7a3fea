"""Active checks against real sockets: when they go, what they take for well, and that they end."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.structs import Breaker, HealthCheck, Timeouts
from gateway.routing.health import Health
from gateway.upstream.aiohttp_transport import AiohttpTransport
from gateway.upstream.checks import Checks, Watched, ailment, apart, pause, place
from gateway.upstream.client import Call, Reply, Transport, TransportLimits
from gateway.upstream.http import Upstream
from gateway.upstream.providers import PROVIDERS
from tests.support.rawserver import Peer, Script, open_sockets, serve

_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
_DOWN = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
_RARELY = 3600.0
_SOON = 0.01
_PATIENCE = 20.0


def upstream(url: str) -> Upstream:
    return Upstream(
        name="local",
        row=PROVIDERS["vllm"],
        base_url=f"{url}/v1",
        speaks=frozenset({"chat"}),
        timeouts=Timeouts(),
        transport=AiohttpTransport(),
        headers={"authorization": "Bearer canary-key-93"},
    )


def watched(one: Upstream, *, every: float = _SOON, timeout: float = _PATIENCE) -> Watched:
    return Watched(one, HealthCheck(every=every, timeout=timeout), lambda: AiohttpTransport(apart(TransportLimits())))


@asynccontextmanager
async def checking() -> AsyncIterator[tuple[Checks, Health]]:
    """Checks that are closed at the end, whereupon nothing may be left of them."""
    before = asyncio.all_tasks()
    health = Health(Breaker())
    checks = Checks(health, random.Random(0))
    try:
        yield checks, health
    finally:
        await checks.close()
        assert not {task for task in asyncio.all_tasks() - before if task.get_name().startswith("health of")}


def answering(*answers: bytes) -> Script:
    """One answer for each connection, the last again and again; then waits until the other end has gone."""
    left = list(answers)

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(left.pop(0) if len(left) > 1 else left[0])
        await peer.gone()

    return script


async def until(is_so: Callable[[], bool]) -> None:
    """Waits for something another task does."""
    async with asyncio.timeout(_PATIENCE):
        while not is_so():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


def admits(health: Health) -> bool:
    return health.admits("local", asyncio.get_running_loop().time())


@given(st.floats(0.01, 1e5), st.floats(0, 1e5), st.integers())
def test_checks_keep_to_their_interval_within_a_tenth(every: float, spent: float, seed: int) -> None:
    waits = pause(every, spent, random.Random(seed))
    assert waits >= 0
    assert waits <= max(0.0, 1.1 * every - spent) + 1e-6
    assert waits >= 0.9 * every - spent - 1e-6


def test_replicas_do_not_check_in_step() -> None:
    assert len({pause(5, 0, random.Random(seed)) for seed in range(20)}) == 20


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("http://h:8000/v1", "http://h:8000/health"),
        ("https://h/deep/down/v1", "https://h/health"),
        ("http://[::1]:8000", "http://[::1]:8000/health"),
    ],
)
def test_the_path_of_a_check_stands_in_place_of_the_whole_path(base_url: str, address: str) -> None:
    assert place(base_url, "/health") == address


def test_a_check_has_a_connection_of_its_own_and_the_providers_way() -> None:
    limits = TransportLimits(connections=500, keep_alive=15, connect=3, proxy="http://proxy:1", ca_file="ca.pem")
    own = apart(limits)
    assert own.connections == 1
    assert (own.connect, own.proxy, own.ca_file) == (limits.connect, limits.proxy, limits.ca_file)


def head(status: str, *lines: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *lines, "", "")).encode()


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (_OK, None),
        (head("204 No Content"), None),
        (head("200 OK", "content-length: 1000000") + bytes(200_000), None),
        (head("302 Found", "location: /v1", "content-length: 0"), "was answered with status 302"),
        (head("404 Not Found", "content-length: 0"), "was answered with status 404"),
        (_DOWN, "was answered with status 503"),
    ],
    ids=["ok", "no content", "far too long", "redirect", "not found", "unavailable"],
)
async def test_only_a_2xx_is_well(answer: bytes, wrong: str | None) -> None:
    assert await checked_once(answering(answer)) == wrong


async def checked_once(script: Script, seconds: float = _PATIENCE) -> str | None:
    async with serve(script) as server, connected() as transport:
        return await ailment(transport, upstream(server.url), HealthCheck(timeout=seconds))


@asynccontextmanager
async def connected() -> AsyncIterator[Transport]:
    transport = AiohttpTransport(apart(TransportLimits()))
    try:
        yield transport
    finally:
        await transport.aclose()


async def _no_answer(peer: Peer) -> None:
    await peer.request()


async def _half_an_answer(peer: Peer) -> None:
    await peer.request()
    await peer.send(_OK[:-1])


async def test_an_answer_that_breaks_off_is_not_well() -> None:
    for script in (_no_answer, _half_an_answer):
        assert str(await checked_once(script)).startswith("failed: http://127.0.0.1:")


@pytest.mark.parametrize("sent", [b"", _OK[:-1]], ids=["nothing", "half"])
async def test_an_answer_that_takes_too_long_is_not_well(sent: bytes) -> None:
    assert await checked_once(answering(sent), seconds=0.05) == "was not answered within 0.05 s"


async def test_nobody_who_listens_is_not_well() -> None:
    async with serve(answering(_OK)) as server:
        gone = upstream(server.url)
    async with connected() as transport:
        wrong = await ailment(transport, gone, HealthCheck())
    assert wrong is not None
    assert "connection refused" in wrong
    assert "canary" not in wrong


async def test_the_first_check_goes_at_once_with_the_providers_headers() -> None:
    asked: list[tuple[str, list[str]]] = []

    async def script(peer: Peer) -> None:
        request = await peer.request()
        asked.append((request.line, request.all("authorization")))
        await peer.send(_OK)

    async with serve(script) as server, checking() as (checks, _):
        checks.follow({"local": watched(upstream(server.url), every=_RARELY)})
        await until(lambda: bool(asked))
    assert asked == [("GET /health HTTP/1.1", ["Bearer canary-key-93"])]


async def test_a_provider_is_left_out_after_two_failed_checks_and_comes_back_by_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "haechi.checks")
    done = asyncio.Event()
    answers = [_OK, _DOWN, _OK, _DOWN, _DOWN, _DOWN]
    found: list[bool] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        found.append(admits(health))  # what the checks before this one led to
        if not answers:
            done.set()
        await peer.send(answers.pop(0) if answers else _OK)

    async with serve(script) as server, checking() as (checks, health):
        checks.follow({"local": watched(upstream(server.url))})
        async with asyncio.timeout(_PATIENCE):
            await done.wait()
        await until(lambda: admits(health))
    assert found[:7] == [True, True, True, True, True, False, False]
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "provider local is down, no requests go there: its health check was answered with status 503",
        "provider local is up again",
    ]


async def test_each_check_connects_anew() -> None:
    async with serve(answering(_OK)) as server, checking() as (checks, _):
        checks.follow({"local": watched(upstream(server.url))})
        await until(lambda: server.accepted >= 3)


async def test_between_checks_no_connection_is_held() -> None:
    """Some servers give each connection a thread."""
    left: list[Peer] = []

    async def script(peer: Peer) -> None:
        await answering(_OK)(peer)
        left.append(peer)

    async with serve(script) as server, checking() as (checks, _):
        checks.follow({"local": watched(upstream(server.url), every=_RARELY)})
        await until(lambda: len(left) == 1)


async def test_a_check_that_hangs_ends_with_its_time_and_counts() -> None:
    async with serve(answering(b"")) as server, checking() as (checks, health):
        checks.follow({"local": watched(upstream(server.url), timeout=0.02)})
        await until(lambda: not admits(health))


async def test_a_provider_that_stays_is_checked_on_as_before() -> None:
    async with serve(answering(_OK)) as server, checking() as (checks, _):
        one = upstream(server.url)
        checks.follow({"local": watched(one, every=_RARELY)})
        await until(lambda: server.accepted == 1)
        checks.follow({"local": watched(one, every=_RARELY), "other": watched(upstream(server.url), every=_RARELY)})
        await until(lambda: server.accepted == 2)
        checks.follow({"local": watched(one, every=_RARELY)})
        assert server.accepted == 2


def hanging(left: list[Peer]) -> Script:
    """Never answers, and notes who has gone, be it before its request was whole."""

    async def script(peer: Peer) -> None:
        try:
            await peer.request()
            await peer.gone()
        finally:
            left.append(peer)

    return script


@pytest.mark.parametrize("kept", [True, False], ids=["changed", "removed"])
async def test_a_provider_that_changes_or_goes_is_no_longer_asked_under_its_old_address(kept: bool) -> None:
    left: list[Peer] = []
    async with (
        serve(hanging(left)) as old,
        serve(answering(_OK)) as new,
        checking() as (checks, health),
    ):
        now = asyncio.get_running_loop().time()
        checks.follow({"local": watched(upstream(old.url), every=_RARELY)})
        await until(lambda: old.accepted == 1)
        health.checked("local", False, now)
        health.checked("local", False, now)
        checks.follow({"local": watched(upstream(new.url), every=_RARELY)} if kept else {})
        assert admits(health), "what was found at the old address says nothing of the new one"
        await until(lambda: len(left) == 1)
        await until(lambda: new.accepted == int(kept))


async def test_closing_ends_checks_under_way_and_their_connections() -> None:
    left: list[Peer] = []
    async with serve(hanging(left)) as server:
        before = open_sockets()
        async with checking() as (checks, _):
            checks.follow({"local": watched(upstream(server.url))})
            await until(lambda: server.accepted == 1)
        await until(lambda: len(left) == 1)
        await until(lambda: open_sockets() <= before)


async def test_closing_before_anything_began_is_fine() -> None:
    async with checking() as (checks, _):
        checks.follow({"local": watched(upstream("http://127.0.0.1:9"))})


class _Broken:
    """A transport with a defect."""

    closed = False

    async def open(self, call: Call) -> Reply:
        raise ZeroDivisionError

    async def close(self, reply: Reply) -> None:
        raise AssertionError

    async def aclose(self) -> None:
        self.closed = True


async def test_a_defect_is_said_and_leaves_the_provider_to_its_breaker(caplog: pytest.LogCaptureFixture) -> None:
    broken = _Broken()
    async with serve(answering(_OK)) as server, checking() as (checks, health):
        one = watched(upstream(server.url), every=_RARELY)
        now = asyncio.get_running_loop().time()
        health.checked("local", False, now)
        health.checked("local", False, now)
        checks.follow({"local": Watched(one.upstream, one.check, lambda: broken)})
        await until(lambda: bool(caplog.records))
        assert admits(health)
        assert broken.closed
        checks.follow({"local": one})
        await until(lambda: server.accepted == 1)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "provider local: its health checks ended by a defect" in record.getMessage()
    assert record.exc_info is not None
