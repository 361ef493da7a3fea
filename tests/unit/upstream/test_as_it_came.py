"""What one attempt sends: the caller's bytes where only the model is another, and the headers that may go along."""

from io import BytesIO
from types import MappingProxyType
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.structs import Timeouts
from gateway.dialects import DIALECTS
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.upstream.client import Call, Reply
from gateway.upstream.http import Outbound, Upstream
from gateway.upstream.outgoing import Local, outgoing
from gateway.upstream.providers import PROVIDERS
from gateway.upstream.remembering import Remembering
from gateway.upstream.resources import Sealing
from gateway.wire.multipart import model_of
from gateway.wire.passage import Native, Passage
from gateway.wire.sealed import Sealer
from tests.support.exchanges import candidate, exchange, said

TRACEPARENT: Final = f"00-{'a' * 32}-{'b' * 16}-01"
_UNUSUAL: Final = b'{ "messages" : [ {"role":"user","content":"\\u0048i","n":1.0} ] ,\n "model":\t"asked" }'
_ACCOUNTS: Final = {
    "authorization": "Bearer hers",
    "x-api-key": "hers",
    "api-key": "hers",
    "cookie": "session=hers",
    "proxy-authorization": "Basic hers",
    "openai-organization": "org-hers",
    "openai-project": "proj-hers",
    "x-forwarded-for": "10.0.0.1",
    "host": "gateway.example",
    "connection": "keep-alive",
    "content-length": "999",
    "transfer-encoding": "chunked",
    "accept-encoding": "br",
    "content-encoding": "identity",
    "user-agent": "hers/1",
    "x-stainless-os": "Linux",
    "forwarded": "for=10.0.0.1",
}


class _Unasked:
    """What is sent is decided before anything is."""

    async def open(self, call: Call) -> Reply:
        raise AssertionError("asked")

    async def close(self, reply: Reply) -> None:
        raise AssertionError("asked")

    async def aclose(self) -> None:
        """Holds nothing."""


def sent(x: Exchange, row: str = "openai_compatible", speaks: frozenset[str] | None = None) -> Outbound:
    """What `candidate` would get."""
    outbound, _ = both(x, row, speaks)
    assert isinstance(outbound, Outbound)
    return outbound


def both(x: Exchange, row: str, speaks: frozenset[str] | None = None) -> tuple[Outbound | Local, Passage]:
    made = PROVIDERS[row]
    upstream = Upstream(
        name="house",
        row=made,
        base_url="http://127.0.0.1:1/v1",
        speaks=speaks or made.speaks,
        timeouts=Timeouts(),
        transport=_Unasked(),
        headers=MappingProxyType({}),
    )
    return outgoing(x, candidate(), upstream, DIALECTS, Sealer(b"k" * 32), TRACEPARENT)


def body_of(outbound: Outbound) -> dict[str, Any]:
    assert isinstance(outbound.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(outbound.body)
    return decoded


# -- the body


def test_a_body_goes_on_byte_for_byte_but_for_the_model() -> None:
    assert sent(said(_UNUSUAL)).body == _UNUSUAL.replace(b'"asked"', b'"served"')


def test_what_the_gateway_asks_for_itself_is_in_the_body() -> None:
    x = said(b'{"model":"asked","stream":true,"messages":[]}')
    assert body_of(sent(x))["stream_options"] == {"include_usage": True}


def test_usage_is_asked_for_where_the_caller_has_said_no() -> None:
    """As many fields as before, so that counting them does not tell."""
    raw = b'{"model":"asked","stream":true,"stream_options":{"include_usage":false,"x":1},"messages":[]}'
    x = said(raw)
    assert body_of(sent(x))["stream_options"] == {"include_usage": True, "x": 1}
    assert x.body == msgspec.json.decode(raw)


def test_a_renamed_field_is_renamed_in_the_bytes() -> None:
    """As many fields as before, so that counting them does not tell."""
    x = said(b'{"model":"asked","max_completion_tokens":5,"messages":[]}')
    assert body_of(sent(x, "vllm")) == {"model": "served", "max_tokens": 5, "messages": []}


def test_a_dropped_field_is_not_in_the_bytes() -> None:
    x = said(b'{"model":"asked","user":"u","messages":[]}')
    assert body_of(sent(x, "mistral")) == {"model": "served", "messages": []}


def test_a_body_that_was_changed_inside_does_not_go_as_it_came() -> None:
    x = said(_UNUSUAL)
    x.body = {"model": "asked", "messages": []}
    assert body_of(sent(x)) == {"model": "served", "messages": []}


def test_a_nested_change_does_not_go_as_it_came() -> None:
    """Whoever opens an id puts another object in place, of the same keys."""
    x = said(_UNUSUAL)
    x.body = dict(x.parsed or {})
    assert sent(x).body == msgspec.json.encode({"messages": x.body["messages"], "model": "served"})


def test_a_key_that_only_looks_like_the_model_leaves_the_choice_with_the_gateway() -> None:
    x = said(b'{"x\\"model":"asked","model":"asked","messages":[]}')
    assert body_of(sent(x)) == {'x"model': "asked", "model": "served", "messages": []}


_HOSTILE = st.sampled_from(["model", 'x"model', 'model"', "{", "}", "[", "]", '"model":"asked"', "\\", "a"])
_VALUES = st.recursive(
    st.none() | st.integers(0, 9) | _HOSTILE,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_HOSTILE, inner, max_size=2),
    max_leaves=6,
)


@given(st.lists(st.tuples(_HOSTILE.filter(lambda name: name != "model"), _VALUES), max_size=3), st.integers(0, 3))
def test_every_body_arrives_with_the_model_of_the_target(pairs: list[tuple[str, Any]], at: int) -> None:
    fields = list(dict(pairs).items())
    fields.insert(at, ("model", "asked"))
    x = said(msgspec.json.encode(dict(fields)))
    before = msgspec.json.decode(x.raw)
    assert body_of(sent(x)) == {**before, "model": "served"}
    assert x.body == before


def test_a_translated_body_is_written_anew() -> None:
    x = said(b'{"model":"asked","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}', "messages")
    outbound = sent(x, speaks=frozenset({"chat"}))
    assert outbound.path == "/chat/completions"
    assert body_of(outbound)["model"] == "served"


@pytest.mark.parametrize(("field", "row"), [("top_k", "openai"), ("top_k", "mistral")])
def test_a_translated_caller_hears_what_the_vendor_has_not(field: str, row: str) -> None:
    raw = b'{"model":"asked","max_tokens":5,"top_k":3,"messages":[{"role":"user","content":"Hi"}]}'
    with pytest.raises(GatewayError, match=f"no `{field}`"):
        sent(said(raw, "messages"), row, frozenset({"chat"}))


def test_quirks_are_of_the_chat_api_alone() -> None:
    raw = b'{"model":"asked","user":"u","max_completion_tokens":5}'
    assert body_of(sent(said(raw, "embeddings"), "mistral")) == {**msgspec.json.decode(raw), "model": "served"}


def test_a_request_without_a_body_is_refused() -> None:
    with pytest.raises(GatewayError, match="no body"):
        sent(exchange())


@pytest.mark.parametrize(("dialect", "sealed"), [("responses", True), ("chat", False)], ids=["responses", "chat"])
def test_answers_that_name_what_is_stored_are_sealed(dialect: str, sealed: bool) -> None:
    x = said(b'{"model":"asked","input":"Hi","messages":[]}', dialect)
    _, passage = both(x, "openai")
    assert isinstance(passage, Sealing) == sealed


def test_a_translated_answer_has_no_ids_of_the_vendor_to_seal() -> None:
    x = said(b'{"model":"asked","messages":[{"role":"user","content":"Hi"}]}', "chat")
    _, passage = both(x, "openai", frozenset({"responses"}))
    assert not isinstance(passage, Sealing)


def test_signed_blocks_are_remembered_where_somebody_asks() -> None:
    raw = b'{"model":"asked","messages":[]}'
    assert isinstance(both(said(raw), "openai")[1], Native)
    x = said(raw, remember=lambda _signed, _whose: None)
    assert isinstance(both(x, "openai")[1], Remembering)


def test_tokens_are_counted_here_where_the_vendor_cannot() -> None:
    raw = b'{"model":"asked","messages":[{"role":"user","content":"Hi"}]}'
    counted, _ = both(said(raw, "count_tokens"), "openai")
    assert isinstance(counted, Local)
    assert counted.frame.json["input_tokens"] > 0
    with pytest.raises(GatewayError, match="through this API"):
        sent(said(raw, "rerank"), "openai")


def test_a_translated_stream_is_billed_too() -> None:
    raw = b'{"model":"asked","stream":true,"max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}'
    outbound = sent(said(raw, "messages"), speaks=frozenset({"chat"}))
    assert body_of(outbound)["stream_options"] == {"include_usage": True}


def test_what_another_api_cannot_say_is_refused_before_anything_is_sent() -> None:
    x = said(b'{"model":"asked","input":"Hi","background":true}', "responses")
    with pytest.raises(GatewayError) as refused:
        sent(x, speaks=frozenset({"chat"}))
    assert refused.value.code == "unsupported_parameter"


def test_unknown_fields_are_those_of_the_chat_api() -> None:
    """The same vendor's Messages API may know what its chat API does not."""
    raw = b'{"model":"asked","max_tokens":5,"top_k":3,"messages":[{"role":"user","content":"Hi"}]}'
    assert body_of(sent(said(raw, "messages"), "openai", frozenset({"messages"})))["top_k"] == 3


# -- what is handed on


def test_a_path_that_is_handed_on_keeps_its_method_and_bytes() -> None:
    x = exchange("files", method="GET", target_path="/files/f/content?x=1", headers={"openai-beta": "b"})
    outbound = sent(x, "openai")
    assert (outbound.method, outbound.path, outbound.body) == ("GET", "/files/f/content?x=1", b"")
    assert outbound.verbatim
    assert outbound.headers["openai-beta"] == "b"
    assert "content-type" not in outbound.headers


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/files/f"), ("POST", "/files/f/content"), ("GET", "/files?after=/content")]
)
def test_only_a_files_content_is_somebodys_file(method: str, path: str) -> None:
    assert not sent(exchange("files", method=method, target_path=path), "openai").verbatim


@pytest.mark.parametrize(
    ("raw", "arrives"),
    [
        (b'{"model":"asked","prompt":"a"}', {"model": "served", "prompt": "a"}),
        (b'{"prompt":"a"}', {"prompt": "a"}),
    ],
)
def test_a_handed_on_body_names_the_targets_model_if_it_names_one(raw: bytes, arrives: dict[str, Any]) -> None:
    x = said(raw, "images", target_path="/images/generations")
    outbound = sent(x, "openai")
    assert body_of(outbound) == arrives
    assert outbound.headers["content-type"] == "application/json"


def test_an_upload_keeps_its_type_and_changes_its_model() -> None:
    form = (
        b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nasked\r\n'
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nasked\r\n--b--\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=b"}
    fields: dict[str, Any] = {"headers": headers, "target_path": "/audio/transcriptions"}
    upload = BytesIO(form)
    _, fields["model_place"] = model_of(headers["content-type"], "", upload)
    outbound = sent(exchange("audio", upload=upload, model="asked", **fields), "openai")
    assert not isinstance(outbound.body, bytes)
    with outbound.body as changed:
        assert changed.read() == form.replace(b"asked", b"served", 1)
    assert not upload.closed, "another attempt may need it"
    assert outbound.headers["content-type"] == headers["content-type"]
    assert sent(exchange("audio", upload=upload, model="served", **fields), "openai").body is upload
    fields["model_place"] = None
    assert sent(exchange("audio", upload=upload, model="asked", **fields), "openai").body is upload


# -- headers


@pytest.mark.parametrize("dialect", ["chat", "messages"])
def test_what_belongs_to_the_callers_account_or_line_never_goes_along(dialect: str) -> None:
    x = said(b'{"model":"asked","messages":[]}', dialect, headers=_ACCOUNTS)
    outbound = sent(x, speaks=frozenset({dialect}))
    assert "hers" not in str(outbound.headers)
    assert not (outbound.headers.keys() & _ACCOUNTS.keys())


@pytest.mark.parametrize("name", ["accept-language"])
@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
def test_what_every_api_understands_goes_along(name: str, dialect: str) -> None:
    x = said(b'{"model":"asked","messages":[]}', dialect, headers={name: "v"})
    assert sent(x, speaks=frozenset({dialect})).headers[name] == "v"


@pytest.mark.parametrize(
    ("dialect", "own", "foreign"),
    [("chat", "openai-beta", "anthropic-beta"), ("messages", "anthropic-beta", "openai-beta")],
)
def test_a_vendors_headers_go_to_its_api_alone(dialect: str, own: str, foreign: str) -> None:
    x = said(b'{"model":"asked","messages":[]}', dialect, headers={own: "a", foreign: "b"})
    headers = sent(x, speaks=frozenset({dialect})).headers
    assert headers[own] == "a"
    assert foreign not in headers


def test_the_messages_api_always_hears_a_version() -> None:
    raw = b'{"model":"asked","messages":[]}'
    spoken = frozenset({"messages"})
    assert sent(said(raw, "messages"), speaks=spoken).headers["anthropic-version"] == "2023-06-01"
    own = said(raw, "messages", headers={"anthropic-version": "2030-01-01"})
    assert sent(own, speaks=spoken).headers["anthropic-version"] == "2030-01-01"
    assert "anthropic-version" not in sent(said(raw)).headers


def test_the_trace_goes_on_under_the_span_of_the_attempt_and_not_the_callers() -> None:
    x = said(b'{"model":"asked","messages":[]}', headers={"traceparent": "00-" + "c" * 32 + "-" + "d" * 16 + "-01"})
    assert sent(x).headers["traceparent"] == TRACEPARENT


def test_a_json_body_is_said_to_be_one() -> None:
    x = said(b'{"model":"asked","messages":[]}', headers={"content-type": "application/json; charset=utf-8"})
    assert sent(x).headers["content-type"] == "application/json"
