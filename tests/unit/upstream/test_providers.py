"""The provider table: every row is fit for use, and what it says of a vendor's chat API is done to a body."""

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import pytest

from gateway.config.structs import Provider
from gateway.dialects import DIALECTS
from gateway.upstream.outgoing import _adapt
from gateway.upstream.providers import PROVIDERS, VARIABLES, Quirks, Row, row_of

_VENDORS: Final = {
    *("openai", "azure", "mistral", "groq", "together", "fireworks", "deepseek", "xai", "openrouter", "upstage"),
    *("anthropic", "gemini", "litellm"),
}
_SERVERS: Final = {
    *("vllm", "sglang", "tgi", "tensorrt_llm", "ollama", "llamacpp", "lmstudio", "backend_ai", "simulated"),
}
_CHAT_FIELDS: Final[dict[str, Any]] = {
    "max_tokens": 5,
    "max_completion_tokens": 7,
    "seed": 1,
    "user": "u",
    "stream_options": {"include_usage": True},
    "service_tier": "auto",
    "messages": [],
}

every_row = pytest.mark.parametrize("row", PROVIDERS.values(), ids=PROVIDERS)


@pytest.mark.parametrize("name", sorted(_VENDORS | _SERVERS))
def test_every_promised_vendor_has_a_row(name: str) -> None:
    assert PROVIDERS[name].name == name


@every_row
def test_an_address_is_one_that_a_path_can_follow(row: Row) -> None:
    if row.base_url is not None:
        parts = urlsplit(row.base_url)
        assert parts.hostname
        assert (parts.query, parts.fragment, parts.username) == ("", "", None)
        assert not row.base_url.endswith("/")
        assert parts.scheme == ("http" if parts.hostname == "127.0.0.1" else "https")


@every_row
def test_keys_go_out_over_tls_alone(row: Row) -> None:
    if row.variable is not None and row.base_url is not None:
        assert row.base_url.startswith("https://")


@every_row
def test_a_row_speaks_what_exists(row: Row) -> None:
    assert row.speaks
    assert row.speaks <= DIALECTS.keys()
    assert msgspec.convert({"dialects": sorted(row.speaks)}, Provider).dialects  # so the operator can say it, too


@every_row
def test_the_path_of_a_messages_dialect_follows_the_address(row: Row) -> None:
    """The Messages paths begin with `/v1`, so an address that ends otherwise would be asked at the wrong place."""
    if row.speaks & {"messages", "count_tokens"} and row.base_url is not None:
        assert urlsplit(row.base_url).path in ("", "/v1")


@every_row
def test_our_own_machines_are_internal_and_vendors_are_not(row: Row) -> None:
    assert row.zone == ("internal" if row.name in _SERVERS else "external")


@every_row
def test_quirks_do_not_undo_each_other(row: Row) -> None:
    olds = {old for old, _ in row.quirks.rename}
    news = {new for _, new in row.quirks.rename}
    assert not olds & news
    assert not (olds | news) & {*row.quirks.drop, *row.quirks.unknown}


@every_row
def test_the_quirks_of_a_row_are_done_to_a_chat_body(row: Row) -> None:
    for old, new in row.quirks.rename:
        body = {name: value for name, value in _CHAT_FIELDS.items() if name != new}
        _adapt(body, row.quirks)
        assert old not in body
        assert body[new] == _CHAT_FIELDS[old]
    body = dict(_CHAT_FIELDS)
    _adapt(body, row.quirks)
    assert not body.keys() & ({old for old, _ in row.quirks.rename} | set(row.quirks.drop))
    touched = {name for pair in row.quirks.rename for name in pair} | set(row.quirks.drop)
    assert {n: v for n, v in body.items() if n not in touched} == {
        n: v for n, v in _CHAT_FIELDS.items() if n not in touched
    }


def test_of_a_field_under_both_names_the_vendors_own_stays() -> None:
    body = {"max_tokens": 5, "max_completion_tokens": 7}
    _adapt(body, Quirks(rename=(("max_tokens", "max_completion_tokens"),)))
    assert body == {"max_completion_tokens": 7}


@pytest.mark.parametrize(
    ("name", "sent", "arrives"),
    [
        ("openai", {"max_tokens": 5}, {"max_completion_tokens": 5}),
        ("azure", {"max_tokens": 5}, {"max_completion_tokens": 5}),
        ("vllm", {"max_completion_tokens": 5}, {"max_tokens": 5}),
        ("ollama", {"max_completion_tokens": 5}, {"max_tokens": 5}),
        ("deepseek", {"max_completion_tokens": 5}, {"max_tokens": 5}),
        ("mistral", {"max_completion_tokens": 5, "seed": 1}, {"max_tokens": 5, "random_seed": 1}),
        ("mistral", {"user": "u", "service_tier": "auto", "stream_options": {}}, {}),
        ("openrouter", {"max_completion_tokens": 5}, {"max_completion_tokens": 5}),
        ("openai_compatible", {"max_tokens": 5, "seed": 1}, {"max_tokens": 5, "seed": 1}),
    ],
)
def test_a_limit_arrives_under_the_name_that_the_vendor_knows(
    name: str, sent: dict[str, Any], arrives: dict[str, Any]
) -> None:
    _adapt(sent, PROVIDERS[name].quirks)
    assert sent == arrives


def test_a_variable_switches_on_one_vendor_that_has_an_address() -> None:
    assert {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"} <= set(VARIABLES.values())
    assert len(set(VARIABLES.values())) == len(VARIABLES)
    assert all(
        PROVIDERS[name].base_url and PROVIDERS[name].variable == variable for name, variable in VARIABLES.items()
    )
    assert "azure" not in VARIABLES  # its address is the operator's


def test_anthropic_takes_its_key_in_its_own_header() -> None:
    assert (PROVIDERS["anthropic"].auth, PROVIDERS["azure"].auth) == ("x-api-key", "api-key")
    assert PROVIDERS["openai"].auth == "bearer"


@pytest.mark.parametrize(
    ("name", "kind", "row"),
    [
        ("groq", None, "groq"),
        ("groq", "vllm", "vllm"),
        ("gpu-room", "vllm", "vllm"),
        ("gpu-room", None, "openai_compatible"),
    ],
)
def test_the_row_is_what_is_said_then_the_name_then_any_compatible_server(
    name: str, kind: str | None, row: str
) -> None:
    assert row_of(name, Provider(kind=kind)) is PROVIDERS[row]
