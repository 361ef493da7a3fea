"""litellm as an upstream, through real sockets to the simulator: what comes back, what a failure is called, what is let go."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import msgspec
import pytest

from gateway.config.structs import Limits, Timeouts
from gateway.dialects import DIALECTS
from gateway.errors import GatewayError
from gateway.upstream.aiohttp_transport import AiohttpTransport
from gateway.upstream.http import AttemptFailed, Outbound, Progress, Upstream
from gateway.upstream.litellm import Library, load
from gateway.upstream.providers import PROVIDERS
from gateway.wire.frames import DONE, Frame
from tests.support.simulation import Simulation

pytestmark = [
    # `load` puts these in force for a gateway; pytest takes every filter back after each test.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:litellm"),
    pytest.mark.filterwarnings("ignore::UserWarning:pydantic"),
]

KEY = "canary-litellm-0451"
OPENAI, ANTHROPIC, VLLM, MISTRAL = "openai/demo", "anthropic/demo", "hosted_vllm/demo", "mistral/demo"
PROVIDERS_ASKED = [OPENAI, ANTHROPIC, VLLM, MISTRAL]
_TOOL: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
_HELLO = [{"role": "user", "content": "안녕하세요 hi"}]

Take = Callable[[list[Frame]], Awaitable[None]]


@pytest.fixture(scope="session")
def loaded() -> Iterator[Library]:
    with warnings.catch_warnings():
        yield load()


@pytest.fixture
async def library(loaded: Library) -> AsyncIterator[Library]:
    yield loaded
    await loaded.aclose()


class Asked:
    """One attempt: what it gave, and where it stands."""

    def __init__(self, library: Library, upstream: Upstream, outbound: Outbound) -> None:
        self.progress = Progress()
        self.frames: list[Frame] = []
        self._library = library
        self._upstream = upstream
        self._outbound = outbound

    async def run(self, take: Take | None = None, limits: Limits | None = None) -> "Asked":
        await self._library.ask(
            self._upstream, self._outbound, limits or Limits(), self.progress, take or self._collect
        )
        return self

    async def _collect(self, frames: list[Frame]) -> None:
        self.progress.begun = True
        self.frames += frames

    @property
    def chunks(self) -> list[dict[str, Any]]:
        return [frame.json for frame in self.frames if frame.data != DONE]

    @property
    def ended(self) -> bool:
        return bool(self.frames) and self.frames[-1].data == DONE

    def text(self, choice: int = 0) -> str:
        return "".join(
            one["delta"].get("content") or ""
            for chunk in self.chunks
            for one in chunk["choices"]
            if one["index"] == choice
        )

    def finishes(self) -> dict[int, str]:
        return {
            one["index"]: one["finish_reason"]
            for chunk in self.chunks
            for one in chunk["choices"]
            if one["finish_reason"]
        }


Asking = Callable[..., Asked]


@pytest.fixture
def asking(library: Library, behind: Simulation) -> Asking:
    """`asking(model, **fields)`: an attempt at the simulator, in the words of that model's provider."""

    def made(model: str, timeouts: Timeouts | None = None, dialect: str = "chat", **fields: Any) -> Asked:
        base = behind.url if model.startswith("anthropic/") else behind.v1
        upstream = Upstream(
            name="others",
            row=PROVIDERS["litellm"],
            base_url=fields.pop("base", base),
            speaks=PROVIDERS["litellm"].speaks,
            timeouts=timeouts or Timeouts(first_token=5, between_tokens=5),
            transport=AiohttpTransport(),
            headers={"authorization": f"Bearer {KEY}", "x-operator": "yes"},
        )
        body = {"messages": _HELLO, **fields} if dialect == "chat" else fields
        DIALECTS[dialect].prepare(body)
        raw = msgspec.json.encode({**body, "model": model})
        headers = {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "openai-beta": "x"}
        return Asked(
            library,
            upstream,
            Outbound(DIALECTS[dialect], "POST", "/x", headers, raw, streamed=fields.get("stream") is True),
        )

    return made


async def failure(asked: Asked) -> AttemptFailed:
    with pytest.raises(AttemptFailed) as caught:
        await asked.run()
    assert KEY not in caught.value.error.message
    return caught.value


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", PROVIDERS_ASKED)
async def test_a_unary_answer_is_one_body_as_the_api_writes_it(asking: Asking, model: str) -> None:
    asked = await asking(model).run()
    (frame,) = asked.frames
    (choice,) = frame.json["choices"]
    assert choice["message"] == {"role": "assistant", "content": "You said: 안녕하세요 hi"}
    assert choice["finish_reason"] == "stop"
    assert frame.json["usage"]["completion_tokens"] > 0
    assert asked.progress.form == "whole"
    assert b"null" not in frame.raw


@pytest.mark.parametrize("model", PROVIDERS_ASKED)
async def test_a_stream_gives_text_then_one_finish_then_usage_then_its_end(asking: Asking, model: str) -> None:
    asked = await asking(model, stream=True).run()
    assert asked.text() == "You said: 안녕하세요 hi"
    assert asked.finishes() == {0: "stop"}
    assert asked.progress.form == "events"
    assert asked.ended
    *texts, finish, usage = asked.chunks if model != MISTRAL else [*asked.chunks, {"choices": [], "usage": {}}]
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == []
    assert model == MISTRAL or usage["usage"]["completion_tokens"] > 0, (
        "Mistral counts without being asked, the simulator does not"
    )
    assert all("usage" not in chunk for chunk in [*texts, finish])


@pytest.mark.parametrize("model", PROVIDERS_ASKED)
async def test_a_tool_call_survives_whole_and_streamed(asking: Asking, behind: Simulation, model: str) -> None:
    asks: Any = {"tools": [_TOOL], "messages": [{"role": "user", "content": "서울 날씨를 tool 로 알려줘"}]}
    whole = await asking(model, **asks).run()
    (call,) = whole.frames[0].json["choices"][0]["message"]["tool_calls"]
    assert call["function"]["name"] == "weather"
    assert "서울" in msgspec.json.decode(call["function"]["arguments"])["city"]
    assert whole.frames[0].json["choices"][0]["message"]["content"] is None or model == ANTHROPIC
    streamed = await asking(model, stream=True, **asks).run()
    calls = [
        call for chunk in streamed.chunks for one in chunk["choices"] for call in one["delta"].get("tool_calls", ())
    ]
    assert [call["function"]["name"] for call in calls if call["function"].get("name")] == ["weather"]
    joined = "".join(call["function"].get("arguments") or "" for call in calls)
    assert "서울" in msgspec.json.decode(joined)["city"]
    assert streamed.finishes() == {0: "tool_calls"}


@pytest.mark.parametrize("model", PROVIDERS_ASKED)
async def test_reasoning_survives(asking: Asking, behind: Simulation, model: str) -> None:
    behind.misbehave({"reasoning": "생각 중이다"})
    whole = await asking(model).run()
    assert whole.frames[0].json["choices"][0]["message"]["reasoning_content"] == "생각 중이다"
    streamed = await asking(model, stream=True).run()
    thoughts = [one["delta"].get("reasoning_content") or "" for chunk in streamed.chunks for one in chunk["choices"]]
    assert "".join(thoughts) == "생각 중이다"


@pytest.mark.parametrize("model", [OPENAI, VLLM])
async def test_two_choices_each_keep_their_text_and_their_own_finish(asking: Asking, model: str) -> None:
    whole = await asking(model, n=2).run()
    assert [one["index"] for one in whole.frames[0].json["choices"]] == [0, 1]
    streamed = await asking(model, n=2, stream=True).run()
    assert streamed.text(0) == "You said: 안녕하세요 hi"
    assert streamed.text(1) == "You said: 안녕하세요 hi (2)"
    assert streamed.finishes() == {0: "stop", 1: "stop"}
    assert streamed.ended
    assert streamed.chunks[-1]["usage"]["completion_tokens"] > 0


async def test_an_answer_that_repeats_itself_is_no_failure(asking: Asking, behind: Simulation) -> None:
    behind.misbehave({"chunks": ["----"] * 300})
    assert (await asking(OPENAI, stream=True).run()).text() == "----" * 300


@pytest.mark.parametrize("model", PROVIDERS_ASKED)
async def test_a_token_count_that_nobody_reported_is_not_passed_on(
    asking: Asking, behind: Simulation, model: str
) -> None:
    behind.misbehave({"usage": False})
    asked = await asking(model, stream=True).run()
    assert asked.ended
    assert all("usage" not in chunk for chunk in asked.chunks)


async def test_embeddings_are_asked_for_in_their_own_dialect(asking: Asking, behind: Simulation) -> None:
    asked = await asking(OPENAI, dialect="embeddings", input=["a", "나"], encoding_format="float").run()
    body = asked.frames[0].json
    assert [one["index"] for one in body["data"]] == [0, 1]
    assert body["usage"]["prompt_tokens"] > 0


async def test_an_answer_larger_than_allowed_is_refused(asking: Asking) -> None:
    with pytest.raises(AttemptFailed) as caught:
        await asking(OPENAI).run(limits=Limits(answer_bytes=100))
    assert caught.value.failure.kind == "invalid_response"


# --- what is sent ----------------------------------------------------------------------------------------------------


async def test_the_operators_key_and_headers_go_and_nothing_of_the_callers(asking: Asking, behind: Simulation) -> None:
    await asking(VLLM, temperature=0.5, metadata={"who": "me"}).run()
    (request,) = behind.requests()
    assert request["headers"]["authorization"] == f"Bearer {KEY}"
    assert request["headers"]["x-operator"] == "yes"
    assert request["headers"]["traceparent"].startswith("00-aaaa")
    assert "openai-beta" not in request["headers"]
    assert request["body"] == {"model": "demo", "messages": _HELLO, "temperature": 0.5}


async def test_nothing_is_retried_inside(asking: Asking, behind: Simulation) -> None:
    for model in PROVIDERS_ASKED:
        behind.clear()
        behind.misbehave({"error": "server_error"})
        await failure(asking(model))
        assert len(behind.requests()) == 1


async def test_a_parameter_the_provider_lacks_is_refused_by_name(asking: Asking, behind: Simulation) -> None:
    failed = await failure(asking(ANTHROPIC, logit_bias={"1": 1}))
    assert failed.error.code == "unsupported_parameter"
    assert failed.failure.kind == "bad_request"
    assert "logit_bias" in failed.error.message
    assert "drop_params" not in failed.error.message
    assert behind.requests() == []


HOSTILE: dict[str, Any] = {
    "api_key": "sk-mine",
    "api_base": "http://127.0.0.1:9/v1",
    "base_url": "http://127.0.0.1:9/v1",
    "custom_llm_provider": "ollama",
    "extra_headers": {"x-evil": "1"},
    "headers": {"x-evil": "1"},
    "extra_body": {"api_base": "http://127.0.0.1:9"},
    "mock_response": "forged",
    "mock_tool_calls": [],
    "fallbacks": ["ollama/x"],
    "num_retries": 9,
    "callbacks": ["langfuse"],
    "success_callback": ["langfuse"],
    "litellm_metadata": {"a": "b"},
    "litellm_credential_name": "other",
    "user_continue_message": {"role": "user", "content": "x"},
    "cache": {"no-store": False},
    "caching": True,
    "client": {},
    "timeout": 0.001,
    "model_list": [{"model_name": "demo"}],
    "deployment_id": "gpt",
    "drop_params": True,
    "allowed_openai_params": ["api_base"],
    "aws_access_key_id": "AKIA",
    "aws_bedrock_runtime_endpoint": "http://127.0.0.1:9",
    "vertex_credentials": "/etc/passwd",
    "azure_ad_token": "t",
    "organization": "org",
    "proxy_server_request": {},
    "shared_session": {},
    "prompt_id": "p",
    "_skip_mcp_handler": False,
    "hf_model_name": "x/y",
    "ssl_verify": False,
}


@pytest.mark.parametrize("field", HOSTILE)
async def test_no_switch_of_the_library_can_be_set_by_a_caller(asking: Asking, behind: Simulation, field: str) -> None:
    with pytest.raises(GatewayError) as caught:
        await asking(OPENAI, **{field: HOSTILE[field]}).run()
    assert caught.value.code == "unsupported_parameter"
    assert caught.value.param == field
    assert behind.requests() == []


@pytest.mark.parametrize("url", ["image.png", "http://127.0.0.1:{port}/x.png"])
async def test_the_library_itself_fetches_no_address_either(
    loaded: Library, behind: Simulation, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind our own refusal stands the library's: shown with its check for private addresses switched off."""
    module = loaded._module
    monkeypatch.setattr(module, "user_url_validation", False)
    fetch = module.litellm_core_utils.prompt_templates.image_handling.async_convert_url_to_base64
    with pytest.raises(module.ImageFetchError):
        await fetch(url.format(port=behind.port))
    assert behind.requests() == []


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
        assert failed.failure.kind in ("invalid_response", "cut", "status")  # OpenAI's client calls it a 500


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_connection_that_fails_says_whether_the_request_was_sent(
    asking: Asking, behind: Simulation, streamed: bool
) -> None:
    failed = await failure(asking(OPENAI, stream=streamed, base="http://127.0.0.1:9/v1"))
    assert (failed.failure.kind, failed.failure.sent) == ("connect", False)
    behind.misbehave({"cut": {"before_head": True}})
    failed = await failure(asking(OPENAI, stream=streamed))
    assert (failed.failure.kind, failed.failure.sent) == ("connect", True)


async def test_half_a_body_is_a_cut(asking: Asking, behind: Simulation) -> None:
    for model in PROVIDERS_ASKED:
        behind.misbehave({"cut": {"half": True}})
        assert (await failure(asking(model))).failure.kind == "cut"


async def test_a_slow_first_token_and_a_long_silence_are_told_apart(asking: Asking, behind: Simulation) -> None:
    hasty = Timeouts(first_token=0.3, between_tokens=0.3)
    for model in PROVIDERS_ASKED:
        behind.misbehave({"delay_head": 5})
        assert (await failure(asking(model, hasty, stream=True))).failure.kind == "timeout_first_token"
        assert (await failure(asking(model, hasty))).failure.kind == "timeout_first_token"
        behind.misbehave({"stall_after": 4})
        failed = await failure(asking(model, hasty, stream=True))
        assert failed.failure.kind in ("stalled", "timeout_first_token")
        assert failed.failure.kind == "stalled" or model == ANTHROPIC  # its first events hold no text


# --- letting go ------------------------------------------------------------------------------------------------------


async def until_gone(simulation: Simulation) -> float:
    """Milliseconds from the request until the simulator saw its client leave."""
    async with asyncio.timeout(5):
        while True:
            gone = (await asyncio.to_thread(simulation.requests))[-1]["client_gone_after_ms"]
            if gone is not None:
                return float(gone)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("model", PROVIDERS_ASKED)
@pytest.mark.parametrize("where", ["head", "silence", "caller"])
async def test_a_cancelled_attempt_closes_its_connection_within_100_ms(
    asking: Asking, behind: Simulation, model: str, where: str
) -> None:
    """While it waits for the head, for the next chunk, and for a caller who does not read."""
    faults: dict[str, Any] = {
        "head": {"delay_head": 30},
        "silence": {"stall_after": 6},
        "caller": {"chunks": ["a "] * 200, "tokens_per_second": 20},
    }
    behind.misbehave(faults[where])
    first = asyncio.Event()

    async def take(_frames: list[Frame]) -> None:
        first.set()
        if where == "caller":
            await asyncio.Event().wait()

    attempt = asyncio.create_task(asking(model, stream=True).run(take))
    async with asyncio.timeout(10):
        while not (await asyncio.to_thread(behind.requests)):
            await asyncio.sleep(0.01)
        if where != "head":
            await first.wait()
    arrived = (await asyncio.to_thread(behind.requests))[-1]["at"]
    loop = asyncio.get_running_loop()
    cancelled = loop.time()
    wall = await asyncio.to_thread(_now)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert loop.time() - cancelled < 0.1
    assert await until_gone(behind) - (wall - arrived) * 1000 < 100


def _now() -> float:
    import time

    return time.time()
