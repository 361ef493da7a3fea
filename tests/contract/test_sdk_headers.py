"""What reaches the upstream of a caller's request, and what the caller sees of the answer's head: parameters, headers, models."""

from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.simulation import Simulation

_USER: Any = [{"role": "user", "content": "hi"}]
_UNKNOWN: dict[str, Any] = {
    "zeta": {"b": [1, None, {"c": 1.5}], "a": "한글"},
    "alpha": True,
    "big": 12345678901234567890123,
}


@pytest.fixture
def client(gateway: GatewayProcess, behind: Simulation) -> Any:
    with OpenAI(base_url=gateway.v1, api_key="canary-of-the-caller", max_retries=0) as made:
        yield made


@pytest.fixture
def other(gateway: GatewayProcess, behind: Simulation) -> Any:
    with Anthropic(base_url=gateway.url, api_key="canary-of-the-caller", max_retries=0) as made:
        yield made


_CALLS: dict[str, Callable[[Any, str, dict[str, Any]], Any]] = {
    "chat": lambda c, m, more: c.chat.completions.create(model=m, messages=_USER, temperature=0.5, **more),
    "completions": lambda c, m, more: c.completions.create(model=m, prompt="hi", **more),
    "embeddings": lambda c, m, more: c.embeddings.create(model=m, input="hi", **more),
    "moderations": lambda c, m, more: c.moderations.create(model=m, input="hi", **more),
    "responses": lambda c, m, more: c.responses.create(model=m, input="hi", **more),
    "images": lambda c, m, more: c.images.generate(model=m, prompt="hi", **more),
    "speech": lambda c, m, more: c.audio.speech.create(model=m, input="hi", voice="alloy", **more),
    "rerank": lambda c, m, more: c.post(
        "/rerank",
        body={"model": m, "query": "a", "documents": ["b"], **more.get("extra_body", {})},
        cast_to=object,
        options={"headers": more.get("extra_headers", {})},
    ),
}


@pytest.mark.parametrize("call", _CALLS.keys())
@pytest.mark.parametrize("model", ["demo", "alias"])
def test_parameters_that_nobody_knows_arrive_as_they_are_and_in_order(
    client: OpenAI, behind: Simulation, call: str, model: str
) -> None:
    with OpenAI(base_url=behind.v1, api_key="any", max_retries=0) as direct:
        _CALLS[call](direct, "demo", {"extra_body": _UNKNOWN})
    _CALLS[call](client, model, {"extra_body": _UNKNOWN})
    without, through = (request["body"] for request in behind.requests())
    assert list(through.items()) == list({**without, "model": "real" if model == "alias" else "demo"}.items())
    assert through["zeta"] == _UNKNOWN["zeta"]


def test_parameters_of_a_message_that_nobody_knows_arrive_too(other: Anthropic, behind: Simulation) -> None:
    other.messages.create(model="alias", messages=_USER, max_tokens=9, extra_body=_UNKNOWN)
    other.messages.count_tokens(model="alias", messages=_USER, extra_body=_UNKNOWN)
    for request in behind.requests():
        assert {name: request["body"][name] for name in _UNKNOWN} == _UNKNOWN
        assert request["body"]["model"] == "real"


_SENT = {
    "OpenAI-Beta": "assistants=v2",
    "openai-something-new": "x",
    "anthropic-beta": "one,two",
    "Cookie": "session=canary-of-the-caller",
    "OpenAI-Organization": "canary-of-the-caller",
    "OpenAI-Project": "canary-of-the-caller",
    "x-api-key": "canary-of-the-caller",
    "api-key": "canary-of-the-caller",
    "Proxy-Authorization": "Basic canary-of-the-caller",
}


@pytest.mark.parametrize("call", _CALLS.keys())
def test_headers_of_the_vendor_arrive_and_those_of_the_caller_never_do(
    client: OpenAI, behind: Simulation, call: str
) -> None:
    _CALLS[call](client, "demo", {"extra_headers": _SENT})
    (request,) = behind.requests()
    assert request["headers"]["openai-beta"] == "assistants=v2"
    assert request["headers"]["openai-something-new"] == "x"
    assert "anthropic-beta" not in request["headers"]
    assert request["headers"]["authorization"] == "Bearer simulated"
    assert "canary" not in str(request)


def test_the_same_for_messages(other: Anthropic, behind: Simulation) -> None:
    sent = {**_SENT, "anthropic-version": "2024-01-01"}
    other.messages.create(model="demo", messages=_USER, max_tokens=9, extra_headers=sent)
    other.beta.messages.create(model="demo", messages=_USER, max_tokens=9, betas=["one"])
    first, second = behind.requests()
    assert first["headers"]["anthropic-beta"] == "one,two"
    assert first["headers"]["anthropic-version"] == "2024-01-01"
    assert "openai-beta" not in first["headers"]
    assert second["headers"]["anthropic-beta"] == "one"
    assert second["query"] in ({}, {"beta": "true"})
    assert "canary" not in str([first, second])


@pytest.mark.parametrize("call", _CALLS.keys())
def test_the_head_of_an_answer_says_what_the_sdks_read(client: OpenAI, behind: Simulation, call: str) -> None:
    raw = _CALLS[call](_Raw(client), "demo", {})
    assert raw.headers["x-request-id"] == behind.requests()[0]["request_id"] == raw.request_id
    assert raw.headers["x-ratelimit-remaining-tokens"] == "1999000"
    assert raw.headers["openai-processing-ms"] == "7"
    assert raw.headers["x-haechi-request-id"].startswith("req_")
    assert not {"openai-organization", "openai-project"} & set(raw.headers)


class _Raw:
    """The client whose methods give the whole answer. `post` has no such form, so its own is asked for by a header."""

    def __init__(self, client: OpenAI) -> None:
        self._client = client.with_raw_response

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def post(self, path: str, **more: Any) -> Any:
        client = self._client._client
        more.pop("cast_to")
        options = {"headers": {"x-stainless-raw-response": "true"}}
        return client.post(path, cast_to=openai.BaseModel, **{**more, "options": options})


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_the_same_for_the_head_of_a_message(other: Anthropic, behind: Simulation, streamed: bool) -> None:
    raw: Any = other.messages.with_raw_response.create(model="demo", messages=_USER, max_tokens=9, stream=streamed)
    assert raw.headers["request-id"] == behind.requests()[0]["request_id"]
    assert raw.headers["anthropic-ratelimit-tokens-remaining"]
    assert "anthropic-organization-id" not in raw.headers
    raw.http_response.close()


def test_a_form_names_the_targets_own_model(client: OpenAI, behind: Simulation) -> None:
    """Fields before and behind the file, in the order and with every byte that the SDK sent."""
    sound = b'--\r\nContent-Disposition: form-data; name="model"\r\n\r\nalias\r\n--' * 3000
    client.audio.transcriptions.create(model="alias", file=('소리 "x"; name=model.wav', sound), prompt="name=model")
    client.audio.translations.create(model="alias", file=("a.wav", sound))
    client.images.edit(model="alias", image=[("a.png", sound), ("b.png", sound)], prompt="x")
    client.images.create_variation(model="alias", image=("a.png", sound))
    requests = behind.requests()
    assert [request["body"]["model"] for request in requests] == ["real"] * 4
    assert requests[0]["body"]["prompt"] == "name=model"
    heard = client.audio.transcriptions.create(model="alias", file=("a.wav", sound))
    assert heard.text == f"{len(sound)} bytes of sound"


def test_no_form_says_two_models(client: OpenAI, behind: Simulation) -> None:
    with pytest.raises(openai.BadRequestError) as differ:
        client.audio.transcriptions.create(model="alias", file=b"x", extra_query={"model": "demo"})
    assert differ.value.param == "model"
    answer = client._client.post(
        str(client.base_url.join("audio/transcriptions")),
        files=[("model", (None, b"demo")), ("file", ("a", b"x")), ("model", (None, b"alias"))],
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "duplicate_key")
    assert behind.requests() == []


def test_the_anthropic_sdk_does_not_retry_what_cannot_help(gateway: GatewayProcess, behind: Simulation) -> None:
    """`x-should-retry` is what both SDKs look at first."""
    behind.misbehave({"error": "invalid_api_key"})
    with (
        Anthropic(base_url=gateway.url, api_key="any", max_retries=3) as client,
        pytest.raises(anthropic.InternalServerError),
    ):
        client.messages.create(model="never", messages=_USER, max_tokens=9)
    assert len(behind.requests()) == 1


_CHAINS: dict[str, dict[str, Any]] = {
    "native": {},
    "from chat": {"dialects": ["chat"]},
    "from messages": {"dialects": ["messages"]},
    "from responses": {"dialects": ["responses"]},
}


@pytest.fixture(scope="module")
def translating(gateway_upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A model for each dialect that answers can be translated from."""
    folder = tmp_path_factory.mktemp("translating")
    config = simulated(gateway_upstream.url, retry={"attempts": 1})
    provider = {"kind": "simulated", "base_url": gateway_upstream.v1}
    config["providers"] = {name.replace(" ", "-"): {**provider, **more} for name, more in _CHAINS.items()}
    config["models"] = {name: {"targets": [{"provider": name.replace(" ", "-"), "model": "real"}]} for name in _CHAINS}
    with running(folder, written(folder, config)) as process:
        yield process


@pytest.mark.parametrize("model", _CHAINS.keys())
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_every_answer_has_a_request_id_where_its_sdk_looks(
    translating: GatewayProcess, behind: Simulation, model: str, streamed: bool
) -> None:
    with (
        OpenAI(base_url=translating.v1, api_key="any", max_retries=0) as openai_client,
        Anthropic(base_url=translating.url, api_key="any", max_retries=0) as anthropic_client,
    ):
        calls: list[tuple[Any, dict[str, Any]]] = [
            (openai_client.chat.completions, {"messages": _USER}),
            (openai_client.responses, {"input": "hi"}),
            (anthropic_client.messages, {"messages": _USER, "max_tokens": 99}),
        ]
        for api, asked in calls:
            raw: Any = api.with_raw_response.create(model=model, stream=streamed, **asked)
            assert raw.request_id, api
            assert streamed or raw.parse()._request_id == raw.request_id
            raw.http_response.close()
        for client in (openai_client, anthropic_client):
            assert client.models.with_raw_response.list().request_id
