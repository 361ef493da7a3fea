"""The shelf on Redis: what it keeps, and that nobody waits for it longer than said."""

import asyncio
import contextlib
import logging
import signal
import time
from typing import Any, Final

import pytest

from gateway.config.strict import Secret
from gateway.config.structs import Redis as Settings
from gateway.store.breaker import FAILURES
from gateway.store.redis import Library, Redis
from gateway.store.shelf import Away
from tests.stores.conftest import Connect
from tests.support.redis_server import RedisServer

SOON: Final = 20
"""Seconds: no wait that a machine's other work makes longer takes so long, and one without an end does."""


async def test_what_was_put_is_got_and_deleted_under_its_prefix(server: RedisServer, connect: Connect) -> None:
    shelf = await connect(server.url, prefix="house:")
    assert await shelf.put("a", b"\x00\xff", 60)
    assert server.keys() == [b"house:a"]
    assert await shelf.get("a") == b"\x00\xff"
    assert await (await connect(server.url)).get("a") is None
    assert await shelf.delete("a")
    assert not await shelf.delete("a")
    assert await shelf.get("a") is None


async def test_to_look_at_something_does_not_make_it_live_longer(server: RedisServer, connect: Connect) -> None:
    shelf = await connect(server.url)
    await shelf.put("a", b"", 0.3)
    ends = time.monotonic() + 30
    while await shelf.get("a") is not None:
        assert time.monotonic() < ends
        await asyncio.sleep(0.01)


async def test_many_at_once_share_few_connections(server: RedisServer, connect: Connect) -> None:
    shelf = await connect(server.url, connections=3)

    async def one(number: int) -> None:
        await shelf.put(f"many{number}", b"%d" % number, 60)
        assert await shelf.get(f"many{number}") == b"%d" % number

    await asyncio.gather(*(one(number) for number in range(20)))
    with server.client() as client:
        clients = [line for line in client.client_list() if line["cmd"] in ("get", "set")]
    assert len(clients) <= 3


async def test_more_than_may_wait_are_turned_away_at_once(server: RedisServer, connect: Connect) -> None:
    shelf = await connect(server.url, connections=1)
    found = await asyncio.gather(*(shelf.get("x") for _ in range(50)), return_exceptions=True)
    away = [one for one in found if isinstance(one, Away)]
    assert len(away) == 50 - 8
    assert await shelf.get("x") is None


async def test_a_server_that_does_not_answer_is_not_waited_for_and_mixes_nothing_up(
    server: RedisServer, connect: Connect
) -> None:
    shelf = await connect(server.url, timeout_ms=2000, connections=4)
    for number in range(8):
        await shelf.put(f"slow{number}", b"%d" % number, 60)
    server.signal(signal.SIGSTOP)
    try:
        for _ in range(FAILURES):
            began = time.monotonic()
            with pytest.raises(Away):
                await shelf.get("slow0")
            assert time.monotonic() - began < SOON
    finally:
        server.signal(signal.SIGCONT)
    await _again(shelf)
    for _ in range(3):
        found = await asyncio.gather(*(shelf.get(f"slow{number}") for number in range(8)))
        assert found == [b"%d" % number for number in range(8)]


class Stuck(Library):
    """A library that never gives an answer, whatever it was told of time-outs."""

    def clients(self, settings: Settings) -> tuple[Any, list[Any]]:
        client, beside = super().clients(settings)
        client.get = lambda _name: asyncio.Event().wait()
        return client, beside


async def test_nobody_waits_longer_than_said_whatever_the_library_does(server: RedisServer) -> None:
    shelf = Redis(Settings(url=Secret(server.url), timeout_ms=5000), Stuck())
    began = time.monotonic()
    with pytest.raises(Away, match="in time"):
        await shelf.get("a")
    assert time.monotonic() - began < 14  # its own guard comes after 15
    await shelf.aclose()


async def test_a_caller_that_leaves_spoils_no_connection(server: RedisServer, connect: Connect) -> None:
    shelf = await connect(server.url, connections=2)
    for number in range(4):
        await shelf.put(f"left{number}", b"%d" % number, 60)
    for number in range(40):
        task = asyncio.ensure_future(shelf.get(f"left{number % 4}"))
        for _ in range(number % 7):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert await shelf.get(f"left{(number + 1) % 4}") == b"%d" % ((number + 1) % 4)


async def test_a_server_that_has_gone_is_not_asked_again_until_it_has_rested(
    connect: Connect, server: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.breaker.REST", 5.0)
    shelf = await connect(server.url)
    await shelf.put("a", b"", 60)
    server.kill()
    try:
        with caplog.at_level(logging.WARNING):
            for _ in range(FAILURES):
                with pytest.raises(Away):
                    await shelf.get("a")
            assert shelf.is_there is False
            for _ in range(200):
                with pytest.raises(Away, match="rests"):
                    await shelf.get("a")
    finally:
        server.start()
    await _again(shelf)
    assert [shelf.is_there] == [True]
    said = [one.getMessage() for one in caplog.records]
    assert said == ["Redis is away: ConnectionError", "Redis is there again"]


async def test_nobody_there_from_the_beginning_is_away(connect: Connect) -> None:
    with pytest.raises(Away):
        await (await connect("redis://127.0.0.1:1")).get("a")


async def test_a_wrong_password_is_away_and_does_not_print(
    server: RedisServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    with server.client() as client:
        client.config_set("requirepass", "the right one")
    try:
        shelf = await connect(server.url.replace("//", "//:the%20wrong%20one@"))
        for _ in range(FAILURES):
            with pytest.raises(Away) as caught:
                await shelf.get("a")
            assert "wrong" not in str(caught.value)
        assert "wrong" not in caplog.text
        right = await connect(server.url.replace("//", "//:the%20right%20one@"))
        assert await right.get("a") is None
    finally:
        with server.client("the right one") as client:
            client.config_set("requirepass", "")


async def _again(shelf: Redis) -> None:
    ends = time.monotonic() + 40
    while True:
        try:
            await shelf.get("a")
        except Away:
            assert time.monotonic() < ends
            await asyncio.sleep(0.01)
        else:
            return
