"""litellm as an upstream, through real sockets to the simulator: what is sent, and what comes back."""

from typing import Any

import msgspec
import pytest

from gateway.config.structs import Limits
from gateway.errors import GatewayError
from gateway.upstream.http import AttemptFailed
from gateway.upstream.litellm import Library
from tests.support.librarycalls import (
    ANTHROPIC,
    HELLO,
    KEY,
    MISTRAL,
    ONE_LOOP,
    OPENAI,
    PROVIDERS_ASKED,
    QUIET,
    TOOL,
    VLLM,
    Asking,
    asking,
    failure,
    library,
)
from tests.support.simulation import Simulation

pytestmark = [ONE_LOOP, *QUIET]
__all__ = ["asking", "library"]  # fixtures

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
    asks: Any = {"tools": [TOOL], "messages": [{"role": "user", "content": "서울 날씨를 tool 로 알려줘"}]}
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
    assert request["body"] == {"model": "demo", "messages": HELLO, "temperature": 0.5}


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
    library: Library, behind: Simulation, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind our own refusal stands the library's: shown with its check for private addresses switched off."""
    module = library._module
    monkeypatch.setattr(module, "user_url_validation", False)
    fetch = module.litellm_core_utils.prompt_templates.image_handling.async_convert_url_to_base64
    with pytest.raises(module.ImageFetchError):
        await fetch(url.format(port=behind.port))
    assert behind.requests() == []
