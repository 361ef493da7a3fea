"""The gateway's own way in: through the spine, and counted there, whatever becomes of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from gateway.api.internal import NAME, PATH, Internal
from gateway.app import Gateway, start
from gateway.config.structs import Config, Model, Prices, Provider, Target
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.policy.behind import Behind
from tests.support import rawserver
from tests.unit.policy.documents import document as written
from tests.unit.policy.documents import policies, rule

ASKER: Final = Behind((), "blue", frozenset({"t"}), 1)
ASKED: Final = {"messages": [{"role": "user", "content": "hello"}], "max_completion_tokens": 10}
PRICES: Final = Prices(input=1.0, output=2.0)


def config(url: str | None = None, *models: str) -> Config:
    provider = Provider(kind="openai_compatible", base_url=f"{url}/v1") if url else Provider(kind="simulated")
    targets = [Target(provider="sim", model="demo", prices=PRICES)]
    return Config(providers={"sim": provider}, models={name: Model(targets=targets) for name in models or ("demo",)})


@asynccontextmanager
async def gateway(made: Config) -> AsyncIterator[tuple[Gateway, Internal, list[Exchange]]]:
    """With what was recorded."""
    one = await start(made)
    rows: list[Exchange] = []
    record = one.gate.pipeline.recorder.record

    def recorded(x: Exchange) -> None:
        rows.append(x)
        record(x)

    one.gate.pipeline.recorder.record = recorded  # type: ignore[method-assign]
    try:
        yield one, Internal(one.gate.pipeline, one.gate.pipeline.setup), rows
    finally:
        await one.close()


async def test_an_answer_is_that_of_the_model_and_costs_what_is_recorded() -> None:
    costs: list[int | None] = []
    async with gateway(config()) as (_, internal, rows):
        answer = await internal.ask("chat", "demo", ASKED, ASKER, costs.append)
    assert answer["choices"][0]["message"]["content"]
    (x,) = rows
    assert x.principal is not None
    assert (x.path, x.principal.name, x.principal.team, x.principal.tags) == (PATH, NAME, "blue", frozenset({"t"}))
    assert costs == [x.cost_nanodollars]
    assert x.cost_nanodollars


async def test_a_moderation_is_asked_for_in_its_own_form() -> None:
    async with gateway(config()) as (_, internal, _):
        answer = await internal.ask("moderations", "demo", {"input": "violence"}, ASKER)
    assert answer["results"][0]["flagged"] is True


async def test_what_is_refused_is_raised_and_costs_nothing() -> None:
    costs: list[int | None] = []
    async with gateway(config()) as (_, internal, rows):
        with pytest.raises(GatewayError, match="nobody") as raised:
            await internal.ask("chat", "nobody", ASKED, ASKER, costs.append)
    assert raised.value.code == "model_not_found"
    assert costs == [0]
    assert [x.outcome for x in rows] == ["failed"]


async def test_who_asks_for_nobody_is_turned_away() -> None:
    async with gateway(config()) as (_, internal, rows):
        with pytest.raises(GatewayError):
            await internal.ask("chat", "demo", ASKED, None)
    assert not rows


async def test_of_what_nobody_waited_for_the_cost_is_not_known() -> None:
    costs: list[int | None] = []
    came = asyncio.Event()

    async def silent(peer: rawserver.Peer) -> None:
        await peer.request()
        came.set()
        await peer.gone()

    async with rawserver.serve(silent) as server, gateway(config(server.url)) as (one, internal, rows):
        asking = asyncio.create_task(internal.ask("chat", "demo", ASKED, ASKER, costs.append))
        await came.wait()
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        assert costs == [None]
        assert [x.outcome for x in rows] == ["failed"]
        assert one.gate.pipeline.setup.under_way == 0


async def test_those_under_way_are_still_judged_while_the_gateway_drains() -> None:
    async with gateway(config()) as (one, internal, _):
        one.gate.drain()
        assert await internal.ask("chat", "demo", ASKED, ASKER)


async def test_those_under_way_are_judged_by_the_models_they_began_with() -> None:
    async with gateway(config(None, "demo", "umpire")) as (one, internal, _):
        internal.setup.enter()  # as the exchange that is checked does
        await one.prepare(config())
        assert await internal.ask("chat", "umpire", ASKED, ASKER)
        with pytest.raises(GatewayError):
            await Internal(one.gate.pipeline, one.gate.pipeline.setup).ask("chat", "umpire", ASKED, ASKER)
        internal.setup.leave()


async def test_the_most_that_something_can_cost_is_more_than_it_does() -> None:
    costs: list[int | None] = []
    async with gateway(config()) as (_, internal, _):
        most = internal.most_cost("demo", ASKED)
        await internal.ask("chat", "demo", ASKED, ASKER, costs.append)
        assert most is not None
        assert costs[0] is not None
        assert costs[0] <= most
        assert internal.most_cost("nobody", ASKED) is None


def judging(**more: Any) -> Any:
    spec = {"kind": "judge", "model": "demo", "rubric": "No fruit.", **more}
    return policies(written("p", rule(where=["content"]), detectors={"d": spec}))


async def test_policies_that_cannot_be_checked_leave_everything_as_it_was() -> None:
    unpriced = Config(
        providers={"sim": Provider(kind="simulated")},
        models={"demo": Model(targets=[Target(provider="sim", model="no-such-model-4711")])},
    )
    async with gateway(config()) as (one, internal, _):
        before = one.gate.pipeline.setup
        with pytest.raises(ValueError, match="price"):
            await one.prepare(unpriced, judging(budget=1.0))
        assert one.gate.pipeline.setup is before
        assert await internal.ask("chat", "demo", ASKED, ASKER)
        await one.prepare(config(), judging(budget=1.0))
        assert one.gate.pipeline.setup.guards is not None


async def test_what_asks_by_a_configuration_of_before_is_answered_or_refused_and_breaks_nothing() -> None:
    """A review in the background may ask after a reload; its provider may be gone."""
    async with gateway(config()) as (one, internal, rows):
        await one.prepare(config())
        for _ in range(2):
            answer = await internal.ask("chat", "demo", ASKED, ASKER)
            assert answer["choices"]
        async with rawserver.serve(_never) as server:
            await one.prepare(config(server.url))
            with contextlib.suppress(GatewayError):
                await internal.ask("chat", "demo", ASKED, ASKER)
    assert len(rows) == 3


async def _never(_peer: rawserver.Peer) -> None:
    """Closes whatever comes."""
