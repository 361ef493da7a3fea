"""Whatever stands in a field of a request, the gateway has no defect of its own: a wrong type is a 4xx, or the upstream's failure.

Through the whole application and over a socket to the simulator, native and translated, streamed and not.
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.api.asgi import application
from gateway.app import Gateway, start
from gateway.config.structs import Breaker, Config, Model, Provider, Retry, Target
from tests.support.asgi import called

_TURNS: Final = [{"role": "user", "content": "Hi"}]
_ASKED: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "chat": ("/v1/chat/completions", {"messages": _TURNS}),
    "completions": ("/v1/completions", {"prompt": "Hi"}),
    "embeddings": ("/v1/embeddings", {"input": "Hi"}),
    "moderations": ("/v1/moderations", {"input": "Hi"}),
    "responses": ("/v1/responses", {"input": "Hi"}),
    "messages": ("/v1/messages", {"messages": _TURNS, "max_tokens": 10}),
    "count_tokens": ("/v1/messages/count_tokens", {"messages": _TURNS}),
}
_SAMPLED: Final = "stream temperature top_p user metadata service_tier "
_FIELDS: Final = {
    "chat": _SAMPLED + "messages tools tool_choice functions function_call parallel_tool_calls max_tokens stop n seed "
    "max_completion_tokens presence_penalty frequency_penalty logit_bias logprobs top_logprobs response_format "
    "reasoning_effort stream_options store prompt_cache_key web_search_options prediction audio modalities verbosity top_k",
    "completions": _SAMPLED + "prompt suffix max_tokens n logprobs echo stop best_of stream_options seed logit_bias",
    "embeddings": "stream stream_options input dimensions encoding_format user",
    "moderations": "stream stream_options input",
    "responses": _SAMPLED
    + "input instructions tools tool_choice parallel_tool_calls max_output_tokens max_tool_calls text "
    "reasoning include store background conversation previous_response_id prompt prompt_cache_key truncation "
    "top_logprobs stream_options safety_identifier context_management moderation",
    "messages": _SAMPLED + "messages system tools tool_choice max_tokens stop_sequences top_k thinking output_config "
    "container mcp_servers context_management stream_options cache_control",
    "count_tokens": "stream messages system tools tool_choice thinking mcp_servers",
}
_PAIRS: Final = [(dialect, field) for dialect, fields in _FIELDS.items() for field in fields.split()]

_KEYS: Final = (
    "type role content text name function parameters input_schema json_schema schema format include_usage id effort"
)
_WORDS: Final = (
    "function tool assistant user system json_schema text tool_result tool_use thinking message reasoning auto x"
)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([*_WORDS.split(), ""])
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS.split()), inner, max_size=4),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as made:
        yield made


@pytest.fixture(scope="module")
def gateway(runner: asyncio.Runner) -> Iterator[Gateway]:
    """`native` leads to an upstream that speaks everything, the other models to one that speaks only what they are called."""
    config = Config(
        providers={
            "native": Provider(kind="simulated"),
            "chat": Provider(kind="simulated", dialects=["chat"]),
            "messages": Provider(kind="simulated", dialects=["messages"]),
            "responses": Provider(kind="simulated", dialects=["responses"]),
        },
        models={
            name: Model(targets=[Target(provider=name, model="demo")])
            for name in ("native", "chat", "messages", "responses")
        },
        retry=Retry(attempts=1),
        breaker=Breaker(failures=1000),
    )
    logging.getLogger("haechi").setLevel(logging.CRITICAL)
    made = runner.run(start(config))
    yield made
    runner.run(made.close())
    logging.getLogger("haechi").setLevel(logging.NOTSET)


@pytest.mark.parametrize(("dialect", "field"), _PAIRS, ids=[f"{dialect}, {field}" for dialect, field in _PAIRS])
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=_JSON, model=st.sampled_from(["native", "chat", "messages", "responses"]), streamed=st.booleans())
def test_no_value_of_any_field_is_a_defect_of_ours(
    dialect: str, field: str, value: Any, model: str, streamed: bool, runner: asyncio.Runner, gateway: Gateway
) -> None:
    path, body = _ASKED[dialect]
    said = msgspec.json.encode({"model": model, "stream": streamed, **body, field: value})
    _, answer = runner.run(called(application(gateway.gate), path, said))
    assert b'"internal"' not in answer


@pytest.mark.parametrize("dialect", ["chat", "completions"])
@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], "stream_options"),
        ("x", "stream_options"),
        (7, "stream_options"),
        (True, "stream_options"),
        ({"include_usage": "yes"}, "stream_options.include_usage"),
    ],
)
def test_stream_options_of_a_wrong_type_are_named(
    dialect: str, value: Any, place: str, runner: asyncio.Runner, gateway: Gateway
) -> None:
    """The gateway writes its own over them, so no upstream would notice."""
    path, body = _ASKED[dialect]
    said = msgspec.json.encode({"model": "native", "stream": True, **body, "stream_options": value})
    status, answer = runner.run(called(application(gateway.gate), path, said))
    assert (status, msgspec.json.decode(answer)["error"]["param"]) == (400, place)


@pytest.mark.parametrize("dialect", ["embeddings", "moderations", "count_tokens"])
def test_where_nothing_streams_the_flag_means_nothing(dialect: str, runner: asyncio.Runner, gateway: Gateway) -> None:
    path, body = _ASKED[dialect]
    answers = [
        runner.run(called(application(gateway.gate), path, msgspec.json.encode({"model": "native", **body, **more})))
        for more in ({}, {"stream": True})
    ]
    plain, flagged = [(status, sorted(msgspec.json.decode(answer))) for status, answer in answers]
    assert plain[0] == 200
    assert flagged == plain


@pytest.mark.parametrize("model", ["native", "chat"])
@pytest.mark.parametrize("value", [5, ["resp_1"], {"id": "resp_1"}, True])
def test_a_previous_response_of_a_wrong_type_is_named_and_never_left_out(
    model: str, value: Any, runner: asyncio.Runner, gateway: Gateway
) -> None:
    """An answer without the conversation that the caller meant would be a wrong one."""
    body = {"model": model, "input": "Hi", "previous_response_id": value}
    status, answer = runner.run(called(application(gateway.gate), "/v1/responses", msgspec.json.encode(body)))
    assert (status, msgspec.json.decode(answer)["error"]["param"]) == (400, "previous_response_id")
