"""The list of models, as each SDK reads it: what this key may ask for, and nothing else."""

from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI

from gateway.limits.keys import hashed
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.simulation import Simulation, close, result

_KEYS: dict[str, list[str]] = {
    "all": ["*"],
    "one": ["small"],
    "some": ["openai/gpt-*", "small"],
    "exact": ["openai/gpt-5"],
    "none": [],
}
_MODELS = ["small", "large", "openai/*"]
_LISTED = {
    "all": _MODELS,
    "one": ["small"],
    "some": ["small", "openai/gpt-*"],
    "exact": ["openai/gpt-5"],
    "none": [],
}


@pytest.fixture(scope="module")
def strict(gateway_upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("models")
    config = simulated(
        gateway_upstream.url,
        keys=[{"name": name, "hash": hashed(f"hk-{name}"), "models": models} for name, models in _KEYS.items()],
    )
    config["models"] = {
        name: {"targets": [{"provider": "sim", "model": "*" if name.endswith("*") else "demo"}]} for name in _MODELS
    }
    with running(folder, written(folder, config)) as process:
        yield process


@pytest.mark.parametrize("kind", [openai.OpenAI, openai.AsyncOpenAI], ids=["sync", "async"])
@pytest.mark.parametrize("key", _KEYS)
async def test_the_openai_sdk_lists_what_a_key_may_ask_for(strict: GatewayProcess, key: str, kind: Any) -> None:
    client = kind(base_url=strict.v1, api_key=f"hk-{key}", max_retries=0)
    page = await result(client.models.list())
    assert [model.id for model in page.data] == _LISTED[key]
    assert all(model.object == "model" and model.created and model.owned_by for model in page.data)
    for name in _LISTED[key]:
        assert (await result(client.models.retrieve(name))).id == name
    await close(client)


@pytest.mark.parametrize("kind", [anthropic.Anthropic, anthropic.AsyncAnthropic], ids=["sync", "async"])
@pytest.mark.parametrize("key", _KEYS)
async def test_the_anthropic_sdk_lists_the_same(strict: GatewayProcess, key: str, kind: Any) -> None:
    client = kind(base_url=strict.url, api_key=f"hk-{key}", max_retries=0)
    page = await result(client.models.list(limit=1000))
    assert [model.id for model in page.data] == _LISTED[key]
    assert not page.has_next_page()
    for name in _LISTED[key]:
        found = await result(client.models.retrieve(name))
        assert (found.id, found.type) == (name, "model")
        assert found.created_at.year >= 2025
    await close(client)


@pytest.mark.parametrize(
    ("key", "name", "found"),
    [
        ("all", "openai/anything", True),
        ("all", "openai/", False),
        ("all", "nothing", False),
        ("one", "large", False),
        ("some", "openai/gpt-5", True),
        ("some", "openai/o3", False),
        ("exact", "openai/gpt-5", True),
        ("exact", "gone", False),
        ("none", "small", False),
    ],
)
def test_a_model_is_retrieved_exactly_if_it_can_be_asked(
    strict: GatewayProcess, key: str, name: str, found: bool
) -> None:
    with (
        OpenAI(base_url=strict.v1, api_key=f"hk-{key}", max_retries=0) as client,
        Anthropic(base_url=strict.url, api_key=f"hk-{key}", max_retries=0) as other,
    ):
        asked: Any = [{"role": "user", "content": "hi"}]
        if found:
            assert client.models.retrieve(name).id == other.models.retrieve(name).id == name
            assert client.chat.completions.create(model=name, messages=asked).choices
            return
        with pytest.raises(openai.NotFoundError) as caught:
            client.models.retrieve(name)
        assert caught.value.code == "model_not_found"
        with pytest.raises(anthropic.NotFoundError):
            other.models.retrieve(name)
        with pytest.raises((openai.NotFoundError, openai.PermissionDeniedError)):
            client.chat.completions.create(model=name, messages=asked)


def test_nobody_sees_models_without_a_key(strict: GatewayProcess) -> None:
    with OpenAI(base_url=strict.v1, api_key="hk-wrong", max_retries=0) as client:
        for ask in (client.models.list, lambda: client.models.retrieve("small")):
            with pytest.raises(openai.AuthenticationError):
                ask()
    with (
        Anthropic(base_url=strict.url, api_key="hk-wrong", max_retries=0) as other,
        pytest.raises(anthropic.AuthenticationError),
    ):
        other.models.list()


def test_a_path_that_only_begins_like_models_is_not_there(strict: GatewayProcess) -> None:
    with OpenAI(base_url=strict.v1, api_key="hk-all", max_retries=0) as client, pytest.raises(openai.NotFoundError):
        client.get("/modelsopenai/x", cast_to=object)


def test_a_key_is_taken_from_wherever_an_sdk_puts_it(strict: GatewayProcess) -> None:
    asked: Any = [{"role": "user", "content": "hi"}]
    with Anthropic(base_url=strict.url, auth_token="hk-all", api_key=None, max_retries=0) as client:
        assert client.messages.create(model="small", messages=asked, max_tokens=9).content
    headers: Any = {"Authorization": openai.omit, "api-key": "hk-all"}
    with OpenAI(base_url=strict.v1, api_key="unused", max_retries=0) as azure:
        assert azure.chat.completions.create(model="small", messages=asked, extra_headers=headers).choices


@pytest.mark.parametrize("call", ["chat", "speech", "transcription", "image"])
def test_a_key_reaches_no_model_that_it_may_not_ask_for(
    strict: GatewayProcess, gateway_upstream: Simulation, call: str
) -> None:
    asked: dict[str, Any] = {
        "chat": lambda c: c.chat.completions.create(model="large", messages=[{"role": "user", "content": "hi"}]),
        "speech": lambda c: c.audio.speech.create(model="large", input="hi", voice="alloy"),
        "transcription": lambda c: c.audio.transcriptions.create(model="large", file=b"x"),
        "image": lambda c: c.images.edit(model="large", image=b"x", prompt="x"),
    }
    gateway_upstream.clear()
    with OpenAI(base_url=strict.v1, api_key="hk-one", max_retries=0) as client:
        with pytest.raises(openai.PermissionDeniedError) as caught:
            asked[call](client)
        assert caught.value.code == "model_not_allowed"
    assert gateway_upstream.requests() == []
