"""Signed and encrypted blocks of an answer that is given again: whoever got them goes on with them, in the account they came from.

The simulators bind them to their text, to their item's id and to the API key, and refuse all others with 400.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from anthropic import Anthropic
from openai import OpenAI

from gateway.limits.keys import hashed
from tests.e2e.test_signed import config, reason, think
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.simulation import Simulation

CALLERS: Final = ("ann", "bob")
TALKS: Final = 12
"""Each next turn goes to the right account by chance in one of two."""
STREAMED: Final = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
STORED: Final = pytest.mark.parametrize("stored", [False, True], ids=["of a whole", "of a stream"])


@pytest.fixture
def gateway(
    request: pytest.FixtureRequest, upstream: Simulation, second: Simulation, tmp_path: Path
) -> Iterator[GatewayProcess]:
    keys = [{"name": one, "hash": hashed(one), "team": "desk"} for one in CALLERS]
    cache = {"share": "team", **getattr(request, "param", {})}
    with running(tmp_path, written(tmp_path, config(upstream, second, keys=keys, cache=cache))) as process:
        yield process


@STORED
@STREAMED
def test_signed_thinking_that_another_was_given_first(
    gateway: GatewayProcess, simulation: Simulation, two: Simulation, stored: bool, streamed: bool
) -> None:
    with ExitStack() as stack:
        ann, bob = [stack.enter_context(Anthropic(base_url=gateway.url, api_key=one, max_retries=0)) for one in CALLERS]
        for number in range(TALKS):
            said = f"Thinking {number} {stored} {streamed}"
            think(ann, "weighted", [{"role": "user", "content": said}], streamed=stored)
            asked = len(simulation.requests()) + len(two.requests())
            turns: list[Any] = [{"role": "user", "content": said}]
            think(bob, "weighted", turns, streamed=streamed)
            assert len(simulation.requests()) + len(two.requests()) == asked, "it was given again"
            turns.append({"role": "user", "content": "And now?"})
            assert think(bob, "weighted", turns, streamed=streamed).content[-1].text == "You said: And now?"


@STORED
@STREAMED
def test_encrypted_reasoning_that_another_was_given_first(
    gateway: GatewayProcess, simulation: Simulation, two: Simulation, stored: bool, streamed: bool
) -> None:
    with ExitStack() as stack:
        ann, bob = [stack.enter_context(OpenAI(base_url=gateway.v1, api_key=one, max_retries=0)) for one in CALLERS]
        for number in range(TALKS):
            said = f"Reasoning {number} {stored} {streamed}"
            first = reason(ann, "weighted", [{"role": "user", "content": said}], streamed=stored)
            asked = len(simulation.requests()) + len(two.requests())
            items: list[Any] = [{"role": "user", "content": said}]
            given = reason(bob, "weighted", items, streamed=streamed)
            assert len(simulation.requests()) + len(two.requests()) == asked, "it was given again"
            assert [one.id for one in given] == [one.id for one in first], "the vendor knows its items"
            items.append({"role": "user", "content": "And now?"})
            assert reason(bob, "weighted", items, streamed=streamed)[-1].content[0].text == "You said: And now?"


@pytest.mark.parametrize("gateway", [{"single_flight": "always"}], indirect=True, ids=["together"])
@STREAMED
def test_signed_thinking_that_two_were_given_at_once(
    gateway: GatewayProcess, simulation: Simulation, two: Simulation, streamed: bool
) -> None:
    for one in (simulation, two):
        one.misbehave({"delay_head": 0.05})

    def first_turn(client: Anthropic, said: str) -> list[Any]:
        turns: list[Any] = [{"role": "user", "content": said}]
        think(client, "weighted", turns, streamed=streamed)
        return turns

    with ExitStack() as stack, ThreadPoolExecutor(2) as threads:
        clients = [stack.enter_context(Anthropic(base_url=gateway.url, api_key=one, max_retries=0)) for one in CALLERS]
        for number in range(TALKS):
            said = f"At once {number} {streamed}"
            asked = len(simulation.requests()) + len(two.requests())
            both = list(threads.map(first_turn, clients, [said, said]))
            assert len(simulation.requests()) + len(two.requests()) == asked + 1
            for client, turns in zip(clients, both, strict=True):
                turns.append({"role": "user", "content": f"And now, {client.api_key}?"})
                think(client, "weighted", turns, streamed=streamed)
