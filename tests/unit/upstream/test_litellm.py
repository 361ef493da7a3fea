"""What is decided without litellm, and how it is loaded: what may be told, what chunks become, what words are passed on."""

import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects import DIALECTS
from gateway.errors import KINDS, GatewayError
from gateway.upstream.http import Outbound
from gateway.upstream.library import Chunks, arguments, discreet, plain_message, whole

_HELLO: Any = [{"role": "user", "content": "see http://example.com"}]


def told(body: dict[str, Any], dialect: str = "chat") -> dict[str, Any]:
    outbound = Outbound(DIALECTS[dialect], "POST", "/x", {}, msgspec.json.encode(body))
    return arguments(outbound, body)


def refused(body: dict[str, Any], dialect: str = "chat") -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        told(body, dialect)
    assert caught.value.kind.blame == "caller"
    return caught.value


# --- what may be told ------------------------------------------------------------------------------------------------


def test_what_the_api_has_goes_along_and_labels_stay_behind() -> None:
    body = {"model": "x/y", "messages": _HELLO, "temperature": 0, "top_k": 5, "metadata": {"a": "b"}, "seed": None}
    assert told(body) == {"messages": _HELLO, "temperature": 0, "top_k": 5}


def test_no_argument_of_the_library_that_is_not_of_the_api_can_be_set() -> None:
    """The names are read from its own signatures and lists, so that a new switch of a new version is tried too."""
    code = """
import inspect, json, warnings
warnings.simplefilter("ignore")
from gateway.upstream.litellm import load
module = load()._module
names = {*inspect.signature(module.acompletion).parameters, *inspect.signature(module.completion).parameters}
names |= {*module.types.utils.all_litellm_params, *module.OPENAI_CHAT_COMPLETION_PARAMS}
print(json.dumps(sorted(names)))
"""
    names = msgspec.json.decode(_python(code).splitlines()[-1])
    assert len(names) > 100
    allowed = []
    for name in names:
        body = {"messages": _HELLO, name: "x"}
        try:
            told(body)
        except GatewayError as error:
            if error.code == "unsupported_parameter" and error.param == name:
                continue
        allowed.append(name)
    assert set(allowed) <= {
        *[
            "audio",
            "frequency_penalty",
            "function_call",
            "functions",
            "logit_bias",
            "logprobs",
            "max_completion_tokens",
            "max_tokens",
        ],
        *[
            "messages",
            "metadata",
            "modalities",
            "model",
            "n",
            "parallel_tool_calls",
            "prediction",
            "presence_penalty",
            "prompt_cache_key",
        ],
        *[
            "prompt_cache_retention",
            "reasoning_effort",
            "response_format",
            "safety_identifier",
            "seed",
            "service_tier",
            "stop",
            "store",
        ],
        *[
            "stream",
            "stream_options",
            "temperature",
            "thinking",
            "tool_choice",
            "tools",
            "top_logprobs",
            "top_p",
            "user",
            "verbosity",
        ],
        "web_search_options",
    }


@given(st.text().filter(lambda name: name not in ("model", "metadata", "prompt_cache_retention")))
def test_a_field_that_nobody_listed_is_refused_by_name(name: str) -> None:
    body = {"input": "x", name: "x"}
    if name not in ("input", "encoding_format", "user", "dimensions"):
        assert refused(body, "embeddings").param == name


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest"}},
        {"type": "image_url", "image_url": "https://example.com/x.png"},
        {"type": "image_url", "image_url": {"url": "gs://bucket/x"}},
        {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "file", "file": {"file_data": "s3://bucket/x"}},
        {"type": "text", "text": "x", "image_url": {"url": "http://127.0.0.1/"}},
        {"type": "video_url", "video_url": {"url": "http://127.0.0.1/"}},
    ],
)
def test_no_address_in_a_message_is_fetched(part: dict[str, Any]) -> None:
    assert refused({"messages": [{"role": "user", "content": [part]}]}).code == "unsupported_parameter"
    beside = {"messages": [{"role": "assistant", "content": "x", "images": [part]}]}
    assert refused(beside).code == "unsupported_parameter"


def test_text_may_hold_addresses_and_images_may_be_sent() -> None:
    told(
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "http://example.com"}]},
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}],
                },
                {
                    "role": "assistant",
                    "tool_calls": [
                        {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"u":"http://x"}'}}
                    ],
                },
                {"role": "tool", "tool_call_id": "1", "content": "http://example.com"},
            ]
        }
    )


@pytest.mark.parametrize(
    "body",
    [
        {"messages": "hi"},
        {"messages": [1]},
        {"messages": _HELLO, "tools": {"a": 1}},
        {"messages": _HELLO, "n": "2"},
        {"messages": _HELLO, "temperature": "hot"},
        {"messages": _HELLO, "model": "huggingface/http://127.0.0.1/x"},
        {},
    ],
)
def test_wrong_types_are_the_callers_fault_and_never_reach_the_library(body: dict[str, Any]) -> None:
    assert refused(body).status == 400


def test_embeddings_need_an_input() -> None:
    assert refused({}, "embeddings").param == "input"
    assert refused({"input": {"a": 1}}, "embeddings").param == "input"


def test_only_chat_and_embeddings_can_be_asked_for() -> None:
    assert refused({"input": "x"}, "moderations").code == "unsupported_parameter"


# --- chunks ----------------------------------------------------------------------------------------------------------


def _chunk(index: int = 0, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, **({"finish_reason": finish} if finish else {})}
    return {"id": "c", "created": 1, "model": "m", "object": "chat.completion.chunk", "choices": [choice]}


def test_usage_leaves_in_a_chunk_of_its_own_behind_everything() -> None:
    chunks = Chunks(None)
    assert chunks.feed({**_chunk(content="a"), "usage": {"prompt_tokens": 1}}) == _with_finish(_chunk(content="a"))
    assert chunks.feed(_chunk(finish="stop")) is not None
    assert chunks.feed({**_chunk(), "usage": {"prompt_tokens": 2}}) is None
    (usage,) = chunks.rest(reported=True)
    assert usage["choices"] == []
    assert usage["usage"] == {"prompt_tokens": 2}
    assert chunks.complete


def test_an_invented_count_is_dropped() -> None:
    chunks = Chunks(None)
    chunks.feed({**_chunk(finish="stop"), "usage": {"prompt_tokens": 0}})
    assert chunks.rest(reported=False) == []


def test_every_choice_finishes_with_its_own_reason_whatever_the_library_says() -> None:
    reasons: dict[int, str] = {}
    chunks = Chunks(reasons)
    chunks.feed(_chunk(0, content="a"))
    chunks.feed(_chunk(1, content="b"))
    reasons[1] = "length"
    assert chunks.feed(_chunk(0, finish="length")) is None
    reasons[0] = "stop"
    rest = chunks.rest(reported=False)
    assert [(one["choices"][0]["index"], one["choices"][0]["finish_reason"]) for one in rest] == [
        (0, "stop"),
        (1, "length"),
    ]
    assert chunks.complete


def test_a_choice_that_began_and_did_not_finish_is_not_complete() -> None:
    chunks = Chunks({0: "stop"})
    chunks.feed(_chunk(0, content="a"))
    chunks.feed(_chunk(1, content="b"))
    chunks.rest(reported=False)
    assert not chunks.complete


def test_a_stream_that_said_nothing_is_not_complete() -> None:
    assert not Chunks(None).complete


def test_hollow_boxes_of_the_library_go_and_full_ones_stay() -> None:
    chunks = Chunks(None)
    shown = chunks.feed(_chunk(content="a", provider_specific_fields={"signature": None}))
    assert shown is not None
    assert shown["choices"][0]["delta"] == {"content": "a"}
    kept = chunks.feed(_chunk(provider_specific_fields={"signature": "s"}))
    assert kept is not None
    message = whole({"choices": [{"message": {"role": "assistant", "annotations": [], "tool_calls": [1]}}]})
    assert message["choices"][0]["message"] == {"role": "assistant", "tool_calls": [1], "content": None}


def _with_finish(chunk: dict[str, Any]) -> dict[str, Any]:
    return {**chunk, "choices": [{**one, "finish_reason": None} for one in chunk["choices"]]}


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("litellm.BadRequestError: OpenAIException - temperature is off", "temperature is off"),
        ("litellm.ContextWindowExceededError: litellm.BadRequestError: X_yException - long", "long"),
        ("litellm.UnsupportedParamsError: x lacks y. To drop these, set `litellm.drop_params`", "x lacks y."),
        ("no prefix: stays", "no prefix: stays"),
    ],
)
def test_class_names_and_hints_for_programmers_are_taken_off(said: str, plain: str) -> None:
    assert plain_message(said) == plain


@given(st.sampled_from(sorted(KINDS)), st.text(), st.text(min_size=4), st.text())
def test_no_credential_ever_reaches_a_caller(code: str, before: str, secret: str, after: str) -> None:
    shown = discreet(GatewayError(code, f"{before}{secret}{after}"), [secret])
    assert f"{before}{secret}{after}" != shown.message
    assert shown.code == code


@given(st.sampled_from(sorted(KINDS)), st.text(min_size=1))
def test_words_are_passed_on_only_where_the_caller_is_at_fault(code: str, words: str) -> None:
    shown = discreet(GatewayError(code, words), [])
    at_fault = KINDS[code].blame == "caller" and code != "rate_limited"
    assert (shown.message == words) == at_fault or words == "The upstream could not answer."


# --- loading ---------------------------------------------------------------------------------------------------------


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_loads_without_the_library() -> None:
    _python("import gateway.cli, sys; assert not {'litellm', 'openai', 'httpx', 'jsonschema'} & {*sys.modules}")


def test_a_missing_extra_is_told_with_what_to_install() -> None:
    code = """
import sys
sys.modules["litellm"] = None
from gateway.upstream.litellm import load
try:
    load()
except ValueError as error:
    print(error)
"""
    assert 'pip install "haechi[providers]"' in _python(code)


def test_nothing_but_the_provider_is_asked_and_every_switch_is_off() -> None:
    code = """
import asyncio, sys, warnings
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        print("NETWORK", event, arguments[1:])
sys.addaudithook(watch)
warnings.simplefilter("error")
from gateway.upstream.litellm import load
module = load()._module
assert not (module.telemetry or module.drop_params or module.modify_params or module.num_retries or module.fallbacks)
assert not (module.callbacks or module.success_callback or module.failure_callback or module._async_success_callback)
assert module.suppress_debug_info and module.disable_token_counter and module.cache is None
warnings.simplefilter("ignore")
asked = {"model": "anthropic/claude-3-5-haiku-20241022", "messages": [{"role": "user", "content": "hi"}]}
try:
    asyncio.run(module.acompletion(**asked, api_key="k", api_base="http://127.0.0.1:9", num_retries=0, max_retries=0))
except module.InternalServerError:
    pass
"""
    assert set(_python(code).splitlines()) == {"NETWORK socket.connect (('127.0.0.1', 9),)"}


def test_what_the_library_logs_holds_no_text_of_a_request() -> None:
    code = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
from gateway.upstream.litellm import load
load()
for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx", "openai"):
    try:
        raise ValueError("canary")
    except ValueError:
        logging.getLogger(name).exception("canary %s", "canary")
    logging.getLogger(name).info("canary")
"""
    said = _python(code)
    assert said.count("<string>") == said.count("\n") > 0
    assert "canary" not in said
