"""Half load: the rate follows from the shares that were seen, and an open loop counts what was due in its window."""

import asyncio
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench import payloads
from tests.bench.half_load import HALF, LOAD_LIMIT, NEAR, better_rate
from tests.bench.pace import LONGEST_TICK, Pace, constant_rate
from tests.bench.timer import Timer
from tests.bench.upstream import Pacer, Speaker

RATES = st.floats(0.5, 20_000)
SHARES = st.floats(0.001, 1)


@pytest.mark.parametrize(
    ("core", "load_core", "rate"),
    [
        (0.25, 0.2, 200),  # half as much as it should be
        (0.80, 0.2, 62.5),
        (0.46, 0.2, None),  # near enough
        (0.54, 0.6, None),
        (0.50, 0.9, 77.8),  # right for the gateway, too much for the load
        (0.25, 0.5, 140),  # could be doubled, if the load could
        (0.25, 0.69, None),  # the load allows no more
    ],
)
def test_the_rate_is_corrected_towards_half_of_the_core(core: float, load_core: float, rate: float | None) -> None:
    assert better_rate(100, core, load_core) == (None if rate is None else pytest.approx(rate, rel=0.001))


@given(RATES, SHARES, SHARES)
def test_after_one_correction_both_shares_are_right_if_costs_are_proportional(
    rate: float, core: float, load_core: float
) -> None:
    factor = (better_rate(rate, core, load_core) or rate) / rate
    assert core * factor <= HALF + NEAR
    assert load_core * factor <= LOAD_LIMIT * (1 + NEAR) + 1e-9
    assert core * factor >= HALF - NEAR or load_core * factor >= LOAD_LIMIT * (1 - NEAR) - 1e-9


@given(RATES)
def test_the_clock_is_looked_at_whenever_a_request_is_due_and_often(rate: float) -> None:
    tick = Pace(rate, 0.6, 1.0).tick
    assert tick <= LONGEST_TICK + 1e-12
    assert (1 / rate) / tick == pytest.approx(round((1 / rate) / tick))


async def _server() -> tuple[asyncio.Server, int]:
    pacer = Pacer()
    server = await asyncio.get_running_loop().create_server(lambda: Speaker(pacer), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    return server, port


def test_only_what_is_due_in_the_window_is_timed_and_its_edges_are_marked() -> None:
    marks: list[float] = []

    async def run() -> None:
        server, port = await _server()
        async with server:
            request = payloads.http_request("/v1", port, payloads.paced_body(3, 10_000), {})
            pace = Pace(100, 0.1, 0.2)
            tally = await constant_rate(port, request, pace, lambda: marks.append(perf_counter()))
        assert (pace.total, len(tally.latencies)) == (30, 20)
        assert len(tally.firsts) == 20
        assert tally.chunks == 30 * 6  # role, three texts, finish, end
        assert min(tally.latencies) >= 0.025  # two gaps, the first of which is at least half of one, and the end

    asyncio.run(run())
    begun, ended = marks
    assert ended - begun >= 0.2 - LONGEST_TICK


def test_a_timer_that_is_set_anew_fires_for_the_last_time_it_was_set_for() -> None:
    async def run() -> list[float]:
        fired: list[float] = []
        done = asyncio.Event()

        def tick() -> None:
            fired.append(perf_counter())
            done.set()

        began = perf_counter()
        with Timer(began + 60, 0, tick) as timer:
            timer.set(began + 0.01)
            async with asyncio.timeout(10):
                await done.wait()
        return [at - began for at in fired]

    (only,) = asyncio.run(run())
    assert only >= 0.0095
