"""Every error of the vendors, raised by their SDKs through the gateway as straight at the upstream.

What an upstream says about the gateway's own account is not the caller's business: those become a 502.
"""

import itertools
from collections.abc import Callable
from typing import Any, Final

import anthropic
import openai
import pytest

from gateway.simulator.errors import ROWS
from tests.support.gatewayprocess import GatewayProcess
from tests.support.simulation import Simulation, close, result

# Named by the table of the simulator; and bare statuses, among them some that no vendor documents.
_STEPS: Final[dict[str, dict[str, Any]]] = {
    **{name: {"error": name} for name in ROWS if name != "method_not_allowed"},
    **{str(status): {"status": status} for status in (400, 404, 408, 409, 413, 418, 422, 429, 451, 500, 501, 503, 529)},
}
_OURS: Final = {"invalid_api_key", "billing", "permission_denied"}
_USER: Final[Any] = [{"role": "user", "content": "hi"}]

_OPENAI: Final[dict[str, Callable[[Any, str], Any]]] = {
    "chat": lambda client, model: client.chat.completions.create(model=model, messages=_USER),
    "chat streamed": lambda client, model: client.chat.completions.create(model=model, messages=_USER, stream=True),
    "responses": lambda client, model: client.responses.create(model=model, input="hi"),
    "completions": lambda client, model: client.completions.create(model=model, prompt="hi"),
    "embeddings": lambda client, model: client.embeddings.create(model=model, input="hi"),
    "moderations": lambda client, model: client.moderations.create(model=model, input="hi"),
    "images": lambda client, model: client.images.generate(model=model, prompt="hi"),
    "speech": lambda client, model: client.audio.speech.create(model=model, voice="alloy", input="hi"),
    "transcriptions": lambda client, model: client.audio.transcriptions.create(model=model, file=b"hi"),
}
_ANTHROPIC: Final[dict[str, Callable[[Any, str], Any]]] = {
    "messages": lambda client, model: client.messages.create(model=model, messages=_USER, max_tokens=9),
    "messages streamed": lambda client, model: client.messages.create(
        model=model, messages=_USER, max_tokens=9, stream=True
    ),
    "count": lambda client, model: client.messages.count_tokens(model=model, messages=_USER),
}


_numbers = itertools.count()


async def _raised(call: Callable[[Any, str], Any], kind: Any, url: str) -> Any:
    client = kind(base_url=url, api_key="any", max_retries=0)
    try:
        with pytest.raises((openai.APIStatusError, anthropic.APIStatusError)) as caught:
            # A target that said `Retry-After` is left alone for so long; each name is a target of its own.
            await result(call(client, f"demo-{next(_numbers)}"))
    finally:
        await close(client)
    return caught.value


def _told(error: Any) -> dict[str, Any]:
    """All that an application can see of it."""
    body = error.body if isinstance(error.body, dict) else {"body": error.body}
    inner = body.get("error", body)
    return {
        "class": type(error),
        "status": error.status_code,
        **{name: inner.get(name) for name in ("message", "type", "code", "param", "innererror")},
        "retry": error.response.headers.get("retry-after"),
        "named": bool(error.request_id),
        "limits": {
            name: held for name, held in error.response.headers.items() if "ratelimit" in name and "reset" not in name
        },
    }


def _compare(here: Any, there: Any) -> None:
    """What is wrong with the request is told in the upstream's words; what it says of itself and of its account is not."""
    status = there.status_code
    if status != 429 and (status < 500 or status == 501):
        assert _told(here) == _told(there)
        return
    assert {**_told(here), **_WORDS} == {**_told(there), **_WORDS}
    assert there.body is None or str(_told(there)["message"]) not in here.response.text
    assert here.response.json()["error"]["message"]
    assert here.response.headers["x-should-retry"] == "true"


_WORDS: Final = dict.fromkeys(("message", "type", "code", "param", "limits"))


_CASES: Final = [
    *(("openai", call, step) for call in ("chat", "chat streamed", "responses") for step in _STEPS),
    *(("openai", call, step) for call in _OPENAI for step in ("invalid_value", "rate_limit", "server_error")),
    *(("anthropic", call, step) for call in _ANTHROPIC for step in _STEPS),
]


@pytest.mark.parametrize(("family", "call", "step"), [case for case in _CASES if case[2] not in _OURS], ids=str)
async def test_the_error_is_the_one_that_the_upstream_raises(
    family: str, call: str, step: str, behind: Simulation, gateway: GatewayProcess
) -> None:
    behind.misbehave({**_STEPS[step], "retry_after": 7})
    calls = _OPENAI if family == "openai" else _ANTHROPIC
    ways: Any = {
        "openai": (openai.OpenAI, behind.v1, gateway.v1),
        "anthropic": (anthropic.Anthropic, behind.url, gateway.url),
    }
    kind, direct, through = ways[family]
    there = await _raised(calls[call], kind, direct)
    here = await _raised(calls[call], kind, through)
    _compare(here, there)


@pytest.mark.parametrize("step", [step for step in _STEPS if step not in _OURS])
@pytest.mark.parametrize("kind", [openai.AsyncOpenAI, anthropic.AsyncAnthropic], ids=["openai", "anthropic"])
async def test_the_async_client_raises_the_same(
    kind: Any, step: str, behind: Simulation, gateway: GatewayProcess
) -> None:
    behind.misbehave(_STEPS[step])
    ours = kind is openai.AsyncOpenAI
    call = _OPENAI["chat"] if ours else _ANTHROPIC["messages"]
    there = await _raised(call, kind, behind.v1 if ours else behind.url)
    here = await _raised(call, kind, gateway.v1 if ours else gateway.url)
    _compare(here, there)


@pytest.mark.parametrize("step", sorted(_OURS))
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_trouble_with_the_gateways_own_account_is_a_502_that_says_nothing_of_it(
    step: str, streamed: bool, behind: Simulation, gateway: GatewayProcess
) -> None:
    behind.misbehave({**_STEPS[step], "message": "Incorrect API key provided: sk-canary"})
    ways: list[tuple[Any, str, dict[str, Callable[[Any, str], Any]]]] = [
        (openai.OpenAI, gateway.v1, _OPENAI),
        (anthropic.Anthropic, gateway.url, _ANTHROPIC),
    ]
    for kind, url, calls in ways:
        for name, call in calls.items():
            if name.endswith("streamed") == streamed:
                error = await _raised(call, kind, url)
                assert error.status_code == 502
                assert isinstance(error, openai.InternalServerError | anthropic.InternalServerError)
                assert "canary" not in error.response.text
                assert error.response.headers["x-should-retry"] == "false"


def _misled(client: Any) -> Any:
    return client.chat.completions.create(model="demo", messages=_USER, extra_body={"stream": "yes"})


def test_the_gateways_own_errors_have_the_form_of_the_api(gateway: GatewayProcess) -> None:
    with openai.OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as wrong:
            _misled(client)
        assert (wrong.value.code, wrong.value.param, wrong.value.type) == (
            "invalid_request",
            "stream",
            "invalid_request_error",
        )
        with pytest.raises(openai.NotFoundError):
            client.get("/nothing", cast_to=object)
        with pytest.raises(openai.APIStatusError) as refused:
            client.get("/chat/completions", cast_to=object)
        assert refused.value.status_code == 405
        assert refused.value.response.headers["allow"] == "POST"
        for form in ({}, {"model": ""}):
            with pytest.raises(openai.BadRequestError) as missing:
                client.post("/audio/speech", body={**form, "input": "x", "voice": "alloy"}, cast_to=object)
            assert missing.value.param == "model"
        with pytest.raises(openai.BadRequestError) as missing:
            client.post(
                "/audio/transcriptions",
                files={"file": b"x"},
                body={"a": "b"},
                options={"headers": {"Content-Type": "multipart/form-data"}},
                cast_to=object,
            )
        assert missing.value.param == "model"
    with anthropic.Anthropic(base_url=gateway.url, api_key="any", max_retries=0) as other:
        with pytest.raises(anthropic.BadRequestError) as told:
            other.messages.create(model="demo", messages=_USER, max_tokens=9, extra_body={"stream": 1})
        body: Any = told.value.body
        assert body["type"] == "error"
        assert body["error"]["type"] == "invalid_request_error"
        assert told.value.request_id == body["request_id"]
