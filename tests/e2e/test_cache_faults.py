"""Redis killed, flushed, full, slow, replaced by an older one, never there: requests go on, none is wrong, and the cache comes back."""

import asyncio
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import aiohttp
import msgspec
import pytest

from gateway.cache.redis import AWAY, EVICTS_ALL, EVICTS_NOTHING, NO_VECTOR_SETS, VECTOR_SETS
from tests.e2e.test_cache_isolation import certify, written
from tests.support.crossings import PATHS, Crossings, body_of, drawn, headers_of
from tests.support.eventually import connections
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.redis_server import RedisServer, free_port, program_of, redis_server
from tests.support.telling import Telling, telling

CALLERS: Final = 4
DURING: Final = 60
"""Requests that are answered while something is wrong."""
PATIENCE: Final = 60.0
MOST_ADDED: Final = 0.5
"""Seconds, by the median, that a request takes while something is wrong: the upstream takes none."""
LONGEST: Final = 4.5
"""Seconds of any request: less than the time-out of its Redis."""
POOLS: Final = 2 * 32
OLDER: Final = "redis-server"


class Came(NamedTuple):
    mark: str
    seconds: float
    status: int


@dataclass
class Load:
    """Callers that ask without end, each a little after its last answer."""

    url: str
    crossings: Crossings
    came: list[Came] = field(default_factory=list)

    async def ask(self, seed: int) -> None:
        rng = Random(seed)
        async with aiohttp.ClientSession() as session:
            while True:
                asked, api = drawn(rng, 0.03), rng.choice(("chat", "messages", "responses"))
                body = msgspec.json.encode(body_of(asked, api, streamed=rng.random() < 0.5))
                headers = {**headers_of(asked), "content-type": "application/json"}
                began = time.perf_counter()
                async with session.post(self.url + PATHS[api], data=body, headers=headers) as answer:
                    text = await answer.read()
                mark = answer.headers.get("x-haechi-cache", "")
                self.came.append(Came(mark, time.perf_counter() - began, answer.status))
                self.crossings.came(asked, api, mark, text)
                await asyncio.sleep(0.01)  # fewer than the gateway could answer

    async def until(self, said: str, done: Callable[[list[Came]], bool]) -> list[Came]:
        """Those that came from now on, once they are enough."""
        begin, ends = len(self.came), time.monotonic() + PATIENCE
        while not done(self.came[begin:]):
            assert time.monotonic() < ends, f"{said}: {self.came[-20:]}"
            await asyncio.sleep(0.02)
        return self.came[begin:]


@dataclass
class Scene:
    """A gateway under load."""

    redis: RedisServer
    load: Load
    gateway: GatewayProcess
    semantic: bool

    async def starts(self) -> None:
        await asyncio.to_thread(self.redis.start)
        await self.certifies()

    async def certifies(self) -> None:
        if self.semantic:
            await certify(self.redis)

    async def says(self, *command: str) -> None:
        def said() -> None:
            with self.redis.client() as client:
                client.execute_command(*command)

        await asyncio.to_thread(said)

    async def answers_from_the_cache(self) -> None:
        def enough(came: list[Came]) -> bool:
            marks = [one.mark for one in came]
            return marks.count("hit") >= 15 and (not self.semantic or marks.count("semantic") >= 5)

        await self.load.until("the cache does not answer", enough)

    async def goes_on(self, count: int = DURING) -> list[Came]:
        came = await self.load.until("requests do not go on", lambda came: len(came) >= count)
        assert statistics.median(one.seconds for one in came) < MOST_ADDED, came
        assert max(one.seconds for one in came) < LONGEST, came
        assert connections(self.redis.url) <= POOLS + 2
        return came


@asynccontextmanager
async def scene(folder: Path, program: str, *, there: bool = True) -> AsyncIterator[Scene]:
    """In the end: no request has failed, and none got another's answer."""
    async with AsyncExitStack() as stack:
        redis = RedisServer(folder, free_port(), program=program)
        stack.callback(redis.kill)
        semantic = program != OLDER
        if there:
            redis.start()
            if semantic:
                await certify(redis)
        upstream = await stack.enter_async_context(telling())
        process = stack.enter_context(running(folder, written(folder, "user", redis, upstream, semantic=semantic)))
        load = Load(process.url, Crossings("user"))
        made = Scene(redis, load, process, semantic)
        callers = [asyncio.ensure_future(load.ask(seed)) for seed in range(CALLERS)]
        try:
            yield made
        finally:
            for caller in callers:
                caller.cancel()
            ended = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended
    load.crossings.ended()
    assert {one.status for one in load.came} == {200}
    assert not load.crossings.found, load.crossings.found[:5]
    assert "Traceback" not in process.log, process.log


@pytest.fixture(params=["7", "8"])
def program(request: pytest.FixtureRequest) -> str:
    return program_of(request.param)


async def test_killed_and_started_again(program: str, tmp_path: Path) -> None:
    async with scene(tmp_path, program) as on:
        for _ in range(2):
            await on.answers_from_the_cache()
            on.redis.kill()
            came = await on.goes_on()
            assert {one.mark for one in came[-20:]} == {"miss"}
            await on.starts()
        await on.answers_from_the_cache()


async def test_flushed(program: str, tmp_path: Path) -> None:
    async with scene(tmp_path, program) as on:
        await on.answers_from_the_cache()
        await on.says("FLUSHALL")
        await on.goes_on()
        await on.certifies()
        await on.answers_from_the_cache()


async def test_full(program: str, tmp_path: Path) -> None:
    """What it holds is given still, and what is new is asked for each time."""
    async with scene(tmp_path, program) as on:
        await on.answers_from_the_cache()
        await on.says("CONFIG", "SET", "maxmemory", "1")
        held = await asyncio.to_thread(on.redis.keys)
        came = await on.goes_on()
        assert "hit" in {one.mark for one in came}
        assert set(await asyncio.to_thread(on.redis.keys)) == set(held)
        await on.says("CONFIG", "SET", "maxmemory", "0")
        await on.load.until("nothing is kept again", lambda _: len(on.redis.keys()) > len(held))
        await on.answers_from_the_cache()


async def test_silent(program: str, tmp_path: Path) -> None:
    """Its connections stand, and nothing comes."""
    async with scene(tmp_path, program) as on:
        await on.answers_from_the_cache()
        on.redis.signal(signal.SIGSTOP)
        try:
            came = await on.goes_on(2 * DURING)
        finally:
            on.redis.signal(signal.SIGCONT)
        assert {one.mark for one in came[-20:]} == {"miss"}
        await on.answers_from_the_cache()


async def test_slow(program: str, tmp_path: Path) -> None:
    """Answers come, but later than anybody waits for them: now and then, and then all the time."""
    async with scene(tmp_path, program) as on:
        await on.answers_from_the_cache()
        for _ in range(20):
            await on.says("CLIENT", "PAUSE", "40", "ALL")
            await asyncio.sleep(0.02)
        await on.goes_on(2 * DURING)
        await on.answers_from_the_cache()


async def test_replaced_by_an_older_one_and_back(tmp_path: Path) -> None:
    newer = program_of("8")
    async with scene(tmp_path, newer) as on:
        await on.answers_from_the_cache()
        await asyncio.to_thread(on.redis.become, OLDER)
        came = await on.load.until("no hit", lambda came: [one.mark for one in came].count("hit") >= 15)
        assert "semantic" not in {one.mark for one in came[10:]}
        await on.load.until("it does not say so", lambda _: NO_VECTOR_SETS in on.gateway.log)
        await asyncio.to_thread(on.redis.become, newer)
        await on.certifies()
        await on.answers_from_the_cache()
        await on.load.until("it does not say that they are back", lambda _: VECTOR_SETS in on.gateway.log)


async def test_not_there_at_the_start(program: str, tmp_path: Path) -> None:
    async with scene(tmp_path, program, there=False) as on:
        came = await on.goes_on()
        assert {one.mark for one in came} == {"miss"}
        await on.starts()
        await on.answers_from_the_cache()


@pytest.fixture
def older(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


def checked(path: Path, *, without: str = "") -> tuple[int, str, str]:
    """`haechi check` of this file, as if that library were not installed: status, standard output, standard error."""
    hidden = f"sys.modules[{without!r}] = None; " if without else ""
    script = f"import sys; {hidden}from gateway.cli import main; sys.exit(main(['check', {str(path)!r}]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_check_says_when_like_questions_cannot_be_found_and_why(older: RedisServer, tmp_path: Path) -> None:
    path = written(tmp_path, "user", older, Telling("http://127.0.0.1:9/v1"), semantic=True)
    status, out, err = checked(path)
    assert (status, err) == (0, "")
    assert out.endswith(f"haechi.yaml: cache: {NO_VECTOR_SETS}\n")
    older.kill()
    status, out, err = checked(path)
    assert (status, err) == (0, ""), "away is no mistake of the configuration"
    assert out.endswith(f"haechi.yaml: cache: {AWAY}\n")
    status, out, err = checked(path, without="wordllama")
    assert status == 1
    assert 'pip install "haechi[semantic]"' in err
    exact = written(tmp_path, "user", older, Telling("http://127.0.0.1:9/v1"), semantic=False)
    assert "cache:" not in checked(exact, without="wordllama")[1]


def test_the_check_says_nothing_of_a_server_that_has_all(tmp_path: Path) -> None:
    newer = program_of("8")
    with redis_server(tmp_path, program=newer) as server:
        path = written(tmp_path, "user", server, Telling("http://127.0.0.1:9/v1"), semantic=True)
        status, out, err = checked(path)
    assert (status, err, "cache:" in out) == (0, "", False)


def test_the_first_lines_say_it_too(older: RedisServer, tmp_path: Path) -> None:
    path = written(tmp_path, "user", older, Telling("http://127.0.0.1:9/v1"), semantic=True)
    with running(tmp_path, path) as gateway:
        assert f"\ncache: {NO_VECTOR_SETS}\n" in gateway.greeting
    older.kill()
    with running(tmp_path, path) as gateway:
        assert f"\ncache: {AWAY}\n" in gateway.greeting


@pytest.mark.parametrize(("policy", "said"), [("allkeys-lru", EVICTS_ALL), ("noeviction", EVICTS_NOTHING)])
def test_the_check_and_the_first_lines_say_when_a_full_redis_would_lose_or_refuse_what_it_should_not(
    older: RedisServer, tmp_path: Path, policy: str, said: str
) -> None:
    path = written(tmp_path, "user", older, Telling("http://127.0.0.1:9/v1"), semantic=False)
    with older.client() as client:
        client.config_set("maxmemory-policy", policy)
        assert "cache:" not in checked(path)[1], "without a bound it does neither"
        client.config_set("maxmemory", "100mb")
        assert checked(path)[1].endswith(f"haechi.yaml: cache: {said.format(policy)}\n")
        with running(tmp_path, path) as gateway:
            assert f"\ncache: {said.format(policy)}\n" in gateway.greeting
        client.config_set("maxmemory-policy", "volatile-lfu")
        assert "cache:" not in checked(path)[1]
        client.config_set("maxmemory-policy", policy)
        client.execute_command("ACL", "SETUSER", "default", "-info", "-config")
        assert "cache:" not in checked(path)[1], "where it may not be asked nothing is said"
        client.execute_command("ACL", "SETUSER", "default", "+@all")
