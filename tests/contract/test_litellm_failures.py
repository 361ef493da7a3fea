"""litellm as an upstream, through real sockets to the simulator: what a failure is called, and how fast it lets go."""

import asyncio
import time
from typing import Any

import pytest

from gateway.config.structs import Timeouts
from gateway.wire.frames import Frame
from tests.support.librarycalls import (
    KEY,
    MISTRAL,
    ONE_LOOP,
    OPENAI,
    PROVIDERS_ASKED,
    QUIET,
    VLLM,
    Asking,
    asking,
    failure,
    library,
)
from tests.support.simulation import Simulation

pytestmark = [ONE_LOOP, *QUIET]
__all__ = ["asking", "library"]  # fixtures

# --- failures --------------------------------------------------------------------------------------------------------

ERRORS: list[tuple[str, str, str]] = [
    ("invalid_api_key", "auth", "upstream_auth_failed"),
    ("permission_denied", "auth", "upstream_auth_failed"),
    ("model_not_found", "bad_request", "model_not_found"),
    ("invalid_request", "bad_request", "invalid_request"),
    ("unprocessable", "bad_request", "invalid_request"),
    ("rate_limit", "status", "rate_limited"),
    ("server_error", "status", "upstream_error"),
    ("bad_gateway", "status", "upstream_error"),
    ("unavailable", "status", "upstream_error"),
    ("overloaded", "status", "upstream_error"),
]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("model", PROVIDERS_ASKED)
async def test_errors_are_told_by_class_and_status(
    asking: Asking, behind: Simulation, model: str, streamed: bool
) -> None:
    for name, kind, code in ERRORS:
        behind.misbehave({"error": name, "retry_after": 7, "message": f"says {KEY}"})
        failed = await failure(asking(model, stream=streamed))
        assert (name, failed.failure.kind, failed.error.code) == (name, kind, code)
        if name == "rate_limit":
            assert failed.failure.status == 429
            assert failed.failure.retry_after == 7


@pytest.mark.parametrize("model", [OPENAI, VLLM, MISTRAL])
async def test_structured_codes_lead_to_their_own_fallbacks(asking: Asking, behind: Simulation, model: str) -> None:
    for name in ("context_length_exceeded", "content_filter"):
        behind.misbehave({"error": name})
        failed = await failure(asking(model))
        assert failed.failure.kind == f"refused_{name.removesuffix('_exceeded')}"
        assert failed.error.code == name


async def test_what_is_wrong_with_the_request_is_told_in_the_providers_words(
    asking: Asking, behind: Simulation
) -> None:
    for model in PROVIDERS_ASKED:
        behind.misbehave({"error": "invalid_request", "message": "temperature는 0과 1 사이"})
        assert (await failure(asking(model))).error.message == "temperature는 0과 1 사이"


CUTS: list[dict[str, Any]] = [
    {"cut": {"after_frames": 3}},
    {"cut": {"after_frames": 3, "how": "fin"}},
    {"end_after": 3},
]


@pytest.mark.parametrize("model", PROVIDERS_ASKED)
@pytest.mark.parametrize("fault", CUTS, ids=["reset", "closed", "ended"])
async def test_a_cut_stream_never_ends_cleanly(
    asking: Asking, behind: Simulation, model: str, fault: dict[str, Any]
) -> None:
    behind.misbehave(fault)
    asked = asking(model, stream=True)
    failed = await failure(asked)
    assert failed.failure.kind == "cut"
    assert failed.error.code == "stream_cut"
    assert asked.finishes() == {}
    assert not asked.ended


async def test_one_choice_that_never_finishes_is_a_cut(asking: Asking, behind: Simulation) -> None:
    behind.misbehave({"end_after": -5})
    asked = asking(OPENAI, stream=True, n=2)
    assert (await failure(asked)).failure.kind == "cut"


@pytest.mark.parametrize("model", PROVIDERS_ASKED)
async def test_an_error_inside_a_stream_is_told(asking: Asking, behind: Simulation, model: str) -> None:
    behind.misbehave({"error": "server_error", "error_after": 3})
    failed = await failure(asking(model, stream=True))
    assert failed.failure.kind == "stream_error"
    assert failed.error.code == "upstream_error"


@pytest.mark.parametrize("model", PROVIDERS_ASKED)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_body_that_is_no_answer_is_none(asking: Asking, behind: Simulation, model: str, streamed: bool) -> None:
    for fault in ({"body": "<html>", "content_type": "text/html"}, {"body": "{}", "content_type": "application/json"}):
        behind.misbehave(fault)
        failed = await failure(asking(model, stream=streamed))
        unary = "status" if model == OPENAI else "invalid_response"  # OpenAI's own client calls it a 500
        assert failed.failure.kind == ("cut" if streamed else unary)


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_connection_that_fails_says_whether_the_request_was_sent(
    asking: Asking, behind: Simulation, streamed: bool
) -> None:
    failed = await failure(asking(OPENAI, stream=streamed, base="http://127.0.0.1:9/v1"))
    assert (failed.failure.kind, failed.failure.sent) == ("connect", False)
    for model in PROVIDERS_ASKED:
        behind.reset()
        behind.misbehave({"cut": {"before_head": True}})
        failed = await failure(asking(model, stream=streamed))
        assert (failed.failure.kind, failed.failure.sent) == ("connect", True)
        assert len(behind.requests()) == 1, "whether it may be sent twice is not the library's to decide"


async def test_half_a_body_is_a_cut(asking: Asking, behind: Simulation) -> None:
    for model in PROVIDERS_ASKED:
        behind.misbehave({"cut": {"half": True}})
        assert (await failure(asking(model))).failure.kind == "cut"


async def test_a_slow_first_token_and_a_long_silence_are_told_apart(asking: Asking, behind: Simulation) -> None:
    hasty, stalling = Timeouts(first_token=0.5, between_tokens=60), Timeouts(first_token=60, between_tokens=2)
    for model in PROVIDERS_ASKED:
        behind.misbehave({"delay_head": 60})
        assert (await failure(asking(model, hasty, stream=True))).failure.kind == "timeout_first_token"
        assert (await failure(asking(model, hasty))).failure.kind == "timeout_first_token"
        behind.misbehave({"stall_after": 6})
        assert (await failure(asking(model, stalling, stream=True))).failure.kind == "stalled"


# --- letting go ------------------------------------------------------------------------------------------------------


async def until(simulation: Simulation, field: str) -> float:
    """What the simulator knows of the last request in `field`, as soon as it does."""
    async with asyncio.timeout(30):
        while True:
            for request in (await asyncio.to_thread(simulation.requests))[-1:]:
                if request[field] is not None:
                    return float(request[field])
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("model", PROVIDERS_ASKED)
@pytest.mark.parametrize("where", ["head", "silence", "caller"])
async def test_a_cancelled_attempt_closes_its_connection_within_100_ms(
    asking: Asking, behind: Simulation, model: str, where: str
) -> None:
    """While it waits for the head, for the next chunk, and for a caller who does not read. A busy machine may be late, not each time."""
    faults: dict[str, Any] = {
        "head": {"delay_head": 60},
        "silence": {"stall_after": 6},
        "caller": {"chunks": ["a "] * 2000, "tokens_per_second": 20},
    }
    behind.misbehave(faults[where])
    took = [await _let_go(asking, behind, model, where)]
    while min(took) >= 0.1 and len(took) < 20:
        took.append(await _let_go(asking, behind, model, where))
    assert min(took) < 0.1


async def _let_go(asking: Asking, behind: Simulation, model: str, where: str) -> float:
    """Seconds from the cancelling until the attempt has ended and its connection too."""
    behind.clear()
    first = asyncio.Event()

    async def take(_frames: list[Frame]) -> None:
        first.set()
        if where == "caller":
            await asyncio.Event().wait()

    attempt = asyncio.create_task(asking(model, stream=True).run(take))
    arrived = await until(behind, "at")
    if where != "head":
        await asyncio.wait_for(first.wait(), 60)
    loop = asyncio.get_running_loop()
    cancelled = loop.time()
    wall = time.time()
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    ended = loop.time() - cancelled
    return max(ended, await until(behind, "client_gone_after_ms") / 1000 - (wall - arrived))
