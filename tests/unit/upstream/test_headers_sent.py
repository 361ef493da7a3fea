"""Which of a caller's headers go along: the account upstream is shared, and its vendor is not always one of us."""

from types import MappingProxyType

import pytest
from msgspec.structs import replace

from gateway.config.strict import Zone
from gateway.config.structs import Timeouts
from gateway.dialects import DIALECTS
from gateway.limits.keys import Principal
from gateway.upstream.http import Outbound, Upstream
from gateway.upstream.outgoing import outgoing
from gateway.upstream.providers import PROVIDERS
from gateway.wire.sealed import Sealer
from tests.support.exchanges import SOMEBODY, candidate, said
from tests.unit.upstream.test_as_it_came import TRACEPARENT, _Unasked


def sent(
    headers: dict[str, str],
    dialect: str = "chat",
    *,
    owner: Principal | None = SOMEBODY,
    zone: Zone = "external",
    model: str = "served",
    secret: bytes = b"k" * 32,
) -> dict[str, str]:
    """The headers that a target of this zone would get."""
    row = PROVIDERS["openai_compatible"]
    speaks = frozenset({dialect})
    upstream = Upstream("house", row, "http://127.0.0.1:1", speaks, Timeouts(), _Unasked(), MappingProxyType({}))
    x = said(b'{"model":"asked","messages":[]}', dialect, headers=headers, principal=owner)
    target = replace(candidate(model), zone=zone)
    outbound, _ = outgoing(x, target, upstream, DIALECTS, Sealer(secret), TRACEPARENT)
    assert isinstance(outbound, Outbound)
    return dict(outbound.headers)


def key(**asked: object) -> str:
    return sent({"idempotency-key": "order-1"}, **asked)["idempotency-key"]  # type: ignore[arg-type]  # as `sent` has them


def test_the_same_request_of_the_same_caller_has_the_same_key() -> None:
    assert key() == key() == key(secret=b"k" * 32)
    assert len(key()) == 64
    assert set(key()) <= set("0123456789abcdef")


def test_a_key_of_one_caller_is_never_that_of_another() -> None:
    """Else one would be given the other's answer by the vendor. Nor can one be written so that it becomes another's."""
    assert key() != key(owner=Principal("another", "bea"))
    split = {
        sent({"idempotency-key": rest}, owner=Principal(own, "x"))["idempotency-key"]
        for own, rest in [("ab", "c"), ("a", "bc"), ("", "abc")]
    }
    assert len(split) == 3
    assert key() != key(secret=b"another")
    assert key() != sent({"idempotency-key": "order-2"})["idempotency-key"]


def test_a_key_is_one_of_a_request_so_another_model_gets_another() -> None:
    """A vendor refuses a key that comes again with another body, as that of a fallback is."""
    assert key() != key(model="other")


def test_nobody_in_particular_sends_no_key() -> None:
    assert "idempotency-key" not in sent({"idempotency-key": "order-1"}, owner=None)


@pytest.mark.parametrize("name", ["baggage", "tracestate"])
def test_what_tracing_carries_stays_within_the_house(name: str) -> None:
    """It may hold users' names and what other systems wrote. The zone is the target's, whatever its provider's row says."""
    assert sent({name: "user=anna"}, zone="internal")[name] == "user=anna"
    assert name not in sent({name: "user=anna"}, zone="external")


@pytest.mark.parametrize(
    "name",
    [
        "openai-api-key",
        "openai-authorization",
        "openai-session-token",
        "openai-organization",
        "openai-organization-id",
        "openai-project",
        "openai-project-id",
        "anthropic-api-key",
        "anthropic-authorization",
        "anthropic-auth-token",
        "anthropic-organization-id",
        "anthropic-workspace-id",
    ],
)
def test_a_vendors_headers_that_name_an_account_or_open_it_stay_here(name: str) -> None:
    dialect = "messages" if name.startswith("anthropic") else "chat"
    assert name not in sent({name: "v"}, dialect)


@pytest.mark.parametrize(
    "name", ["openai-beta", "openai-anything", "anthropic-version", "anthropic-beta", "anthropic-x"]
)
def test_a_vendors_other_headers_go_along(name: str) -> None:
    dialect = "messages" if name.startswith("anthropic") else "chat"
    assert sent({name: "v"}, dialect)[name] == "v"
