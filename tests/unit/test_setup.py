"""A setup goes when its last exchange has left, once; and with it the connections that nobody else has a use for."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import encode

from gateway.app import Gateway, start
from gateway.config.strict import Secret
from gateway.config.structs import Config, Key, Listen, Model, Provider, Target, Timeouts
from gateway.limits.keys import KeyRing
from gateway.routing.plan import resolve
from gateway.setup import Setup
from gateway.store.maps import Maps
from gateway.store.memory import Memory
from gateway.store.responses import KeptResponses
from gateway.store.vault import Vault
from gateway.upstream.http import Upstream
from gateway.wire.sealed import Sealer
from tests.support.asgi import called
from tests.support.eventually import connections
from tests.support.simulation import Simulation, in_thread

_CHAT: Final = "/v1/chat/completions"


def setup(retired: list[Setup], config: Config | None = None) -> Setup:
    config = config or Config()
    vault = Vault(Memory(max_count=1, max_bytes=1, clock=lambda: 0.0), b"k" * 32)
    return Setup(
        config=config,
        keys=KeyRing([]),
        routes=resolve(config),
        upstreams={},
        sealer=Sealer(b"k" * 32),
        responses=KeptResponses(vault, 1.0),
        maps=Maps(vault, 1.0),
        retire=retired.append,
    )


# -- when


def test_one_that_is_idle_goes_when_it_is_superseded() -> None:
    retired: list[Setup] = []
    one = setup(retired)
    assert not retired
    one.supersede()
    assert retired == [one]


def test_one_in_force_does_not_go_when_its_last_exchange_leaves() -> None:
    retired: list[Setup] = []
    one = setup(retired)
    one.enter()
    one.leave()
    assert not retired


@given(st.lists(st.booleans(), max_size=12), st.integers(0, 12))
def test_it_goes_once_when_it_is_superseded_and_the_last_has_left(coming: list[bool], when: int) -> None:
    """Comings and goings in any order; nobody comes after it was superseded."""
    retired: list[Setup] = []
    one = setup(retired)
    inside = 0
    for at, comes in enumerate(coming):
        if at == when:
            one.supersede()
            assert len(retired) == (inside == 0)
        if comes and at < when:
            one.enter()
            inside += 1
        elif not comes and inside:
            one.leave()
            inside -= 1
            assert bool(retired) == (at >= when and inside == 0)
    if when >= len(coming):
        one.supersede()
    while inside:
        assert not retired
        one.leave()
        inside -= 1
    assert retired == [one]


def test_targets_and_checked_providers_are_those_of_the_configuration() -> None:
    config = Config(
        providers={"house": Provider(base_url="http://127.0.0.1:1")},
        models={name: Model(targets=[Target(provider="house", model=name)]) for name in ("a", "b")},
    )
    made = setup([], config)
    assert made.targets == {"a/0:house/a", "b/0:house/b"}
    assert made.checked == frozenset()


# -- what goes with it


_MEANWHILE = 3.0
"""Seconds that an upstream takes while other things happen: longer than a busy machine holds them up."""


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with in_thread() as running:
        yield running


@asynccontextmanager
async def gateway(config: Config) -> AsyncIterator[Gateway]:
    made = await start(config)
    try:
        yield made
    finally:
        await made.close()


def config(url: str, *providers: str, **changed: Any) -> Config:
    """Each provider serves the model of its name. `changed` are fields of the providers."""
    return Config(
        providers={name: Provider(kind="openai_compatible", base_url=f"{url}/v1", **changed) for name in providers},
        models={name: Model(targets=[Target(provider=name, model=name)]) for name in providers},
    )


async def ask(made: Gateway, model: str) -> tuple[int, bytes]:
    return await called(made.app, _CHAT, encode({"model": model, "messages": [{"role": "user", "content": "Hi"}]}))


async def begun(made: Gateway, simulation: Simulation, model: str, seen: int) -> "asyncio.Task[tuple[int, bytes]]":
    """An exchange that the upstream has got and does not answer yet."""
    asking = asyncio.create_task(ask(made, model))
    async with asyncio.timeout(30):
        while len(await asyncio.to_thread(simulation.requests)) < seen:  # noqa: ASYNC110 - it is another server's event
            await asyncio.sleep(0.01)
    return asking


def upstream(made: Gateway, name: str) -> Upstream:
    return made.gate.pipeline.setup.upstreams[name]


async def closed(made: Gateway) -> None:
    """What is being closed, is."""
    await asyncio.gather(*made._closing)


async def held(simulation: Simulation, count: int) -> int:
    """How many connections the upstream holds, once they are `count` or in the end."""
    for _ in range(2000):
        if (found := connections(simulation.url)) == count:
            break
        await asyncio.sleep(0.01)
    return found


async def test_an_unchanged_provider_keeps_its_connections(simulation: Simulation) -> None:
    async with gateway(config(simulation.url, "a", "b")) as made:
        assert (await ask(made, "a"))[0] == 200
        before = upstream(made, "a")
        await made.prepare(config(simulation.url, "a"))
        assert upstream(made, "a") is before
        await closed(made)
        assert (await ask(made, "a"))[0] == 200
        assert await held(simulation, 1) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"api_key": Secret("new")},
        {"connections": 7},
        {"timeouts": Timeouts(connect=1)},
        {"headers": {"x-team": Secret("b")}},
        {"dialects": ["chat"]},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_a_changed_provider_gets_connections_of_its_own(simulation: Simulation, changed: dict[str, Any]) -> None:
    async with gateway(config(simulation.url, "a")) as made:
        await ask(made, "a")
        before = upstream(made, "a")
        await made.prepare(config(simulation.url, "a", **changed))
        assert upstream(made, "a") is not before
        await closed(made)
        assert await held(simulation, 0) == 0
        assert (await ask(made, "a"))[0] == 200


async def test_general_timeouts_are_part_of_what_a_provider_is(simulation: Simulation) -> None:
    async with gateway(config(simulation.url, "a")) as made:
        before = upstream(made, "a")
        kept = config(simulation.url, "a")
        await made.prepare(Config(providers=kept.providers, models=kept.models, timeouts=Timeouts(total=5)))
        assert upstream(made, "a") is not before
        assert upstream(made, "a").timeouts.total == 5


async def test_a_removed_provider_is_let_go_after_its_last_exchange(simulation: Simulation) -> None:
    simulation.misbehave({"delay_head": _MEANWHILE})
    async with gateway(config(simulation.url, "a", "b")) as made:
        asking = await begun(made, simulation, "a", 1)
        await made.prepare(config(simulation.url, "b"))
        assert not made._closing
        assert (await ask(made, "a"))[0] == 404
        assert (await asking)[0] == 200
        await closed(made)
        assert await held(simulation, 0) == 0


async def test_an_exchange_between_two_reloads_keeps_its_provider(simulation: Simulation) -> None:
    """The first setup ends while an exchange of the second is under way on a provider that the third has no more."""
    simulation.play({"models": {"a": {"steps": [{"delay_head": _MEANWHILE}, {"delay_head": 2 * _MEANWHILE}]}}})
    async with gateway(config(simulation.url, "a")) as made:
        first = await begun(made, simulation, "a", 1)
        await made.prepare(config(simulation.url, "a", "b"))
        second = await begun(made, simulation, "a", 2)
        await made.prepare(config(simulation.url, "b"))
        assert (await first)[0] == 200
        await closed(made)
        assert not second.done()
        status, body = await second
        assert (status, b"error" in body) == (200, False)
        await closed(made)
        assert await held(simulation, 0) == 0
        assert [name for name, *_ in made._upstreams] == ["b"]


async def test_one_that_comes_back_while_it_is_still_used_is_the_same(simulation: Simulation) -> None:
    simulation.misbehave({"delay_head": _MEANWHILE}, then="normal")
    async with gateway(config(simulation.url, "a")) as made:
        before = upstream(made, "a")
        asking = await begun(made, simulation, "a", 1)
        await made.prepare(config(simulation.url, "b"))
        await made.prepare(config(simulation.url, "a"))
        assert upstream(made, "a") is before
        assert (await asking)[0] == 200
        assert (await ask(made, "a"))[0] == 200


async def test_what_cannot_be_used_changes_nothing(simulation: Simulation) -> None:
    async with gateway(config(simulation.url, "a")) as made:
        before = made.gate.pipeline.setup
        kept = config(simulation.url, "b")
        with pytest.raises(ValueError, match="loopback only"):
            await made.prepare(Config(providers=kept.providers, models=kept.models, listen=Listen(host="0.0.0.0")))
        assert made.gate.pipeline.setup is before
        assert not before.retired
        assert (await ask(made, "a"))[0] == 200


async def test_closing_the_gateway_closes_every_connection(simulation: Simulation) -> None:
    async with gateway(config(simulation.url, "a", "b")) as made:
        await ask(made, "a")
        await ask(made, "b")
        assert await held(simulation, 2) == 2
    assert await held(simulation, 0) == 0


async def test_keys_of_a_new_configuration_hold_at_once(simulation: Simulation) -> None:
    async with gateway(config(simulation.url, "a")) as made:
        assert (await ask(made, "a"))[0] == 200
        kept = config(simulation.url, "a")
        key = Key(name="anna", hash="sha256:" + "0" * 64)
        await made.prepare(Config(providers=kept.providers, models=kept.models, keys=[key]))
        assert (await ask(made, "a"))[0] == 401
