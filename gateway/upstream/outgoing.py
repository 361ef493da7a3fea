"""What one attempt sends: the caller's request in the words of this target."""

from typing import Any, Final

import msgspec

from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.routing.candidate import Candidate
from gateway.upstream.http import Outbound, Upstream
from gateway.upstream.providers import Quirks
from gateway.wire.dialect import Dialect
from gateway.wire.passage import Native, Passage, translate, way

_encode = msgspec.json.Encoder().encode

# Callers' headers that go along, by the dialect the target is asked in. What belongs to an account (keys, organisation,
# project, cookies) never does.
_ACCOUNT: Final = frozenset({"openai-organization", "openai-project"})
_ALWAYS: Final = frozenset({"idempotency-key", "accept-language", "tracestate", "baggage"})


def outgoing(
    x: Exchange, candidate: Candidate, upstream: Upstream, dialects: dict[str, Dialect], span_id: str
) -> tuple[Outbound, Passage]:
    """Raises `unsupported_parameter` for what this target cannot be told."""
    name = way(x.dialect.name, upstream.speaks)
    if name is None:
        raise GatewayError(
            "unsupported_parameter",
            f"The target of {x.model!r} cannot be asked through this API; it speaks {', '.join(sorted(upstream.speaks))}.",
        )
    dialect = dialects[name]
    path = x.path.removeprefix("/v1") if name == x.dialect.name and x.dialect.opaque else dialect.path
    headers = _headers(x, dialect, span_id)
    if x.body is None:
        outbound = Outbound(dialect, x.method, path + x.query, headers, x.upload)
        return outbound, Native(dialect.watch(x.asked_usage, x.streamed))
    if dialect is x.dialect:
        body = {**x.body, "model": candidate.model}
        if upstream.row.quirks.ask_usage:
            dialect.prepare(body)
        passage: Passage = Native(dialect.watch(x.asked_usage, x.streamed))
    else:
        body, passage = _translated(x, candidate, upstream, dialect)
    if name == "chat":
        _adapt(body, upstream.row.quirks)
    return Outbound(dialect, x.method, path, headers, _encode(body), x.streamed), passage


def _translated(
    x: Exchange, candidate: Candidate, upstream: Upstream, dialect: Dialect
) -> tuple[dict[str, Any], Passage]:
    if x.dialect.read_request is None or x.body is None:
        raise GatewayError("unsupported_parameter", f"A {x.dialect.name} request cannot be translated.")
    request = x.dialect.read_request(x.body)
    request.include_usage = x.asked_usage
    body, passage = translate(dialect, x.dialect, request)
    body["model"] = candidate.model
    if upstream.row.quirks.ask_usage:
        dialect.prepare(body)
    for field in upstream.row.quirks.unknown:
        if dialect.name == "chat" and body.get(field) is not None:
            raise GatewayError(
                "unsupported_parameter",
                f"The provider {upstream.row.title} has no `{field}`; leave it out.",
                param=field,
            )
    return body, passage


def _adapt(body: dict[str, Any], quirks: Quirks) -> None:
    for old, new in quirks.rename:
        if old in body:
            body.setdefault(new, body.pop(old))
            body.pop(old, None)
    for field in quirks.drop:
        body.pop(field, None)


def _headers(x: Exchange, dialect: Dialect, span_id: str) -> dict[str, str]:
    vendor = "anthropic-" if dialect.name in ("messages", "count_tokens") else "openai-"
    headers = {
        name: value
        for name, value in x.headers.items()
        if name in _ALWAYS or (name.startswith(vendor) and name not in _ACCOUNT)
    }
    if vendor == "anthropic-":
        headers.setdefault("anthropic-version", "2023-06-01")
    if x.body is not None:
        headers["content-type"] = "application/json"
    elif content_type := x.headers.get("content-type"):
        headers["content-type"] = content_type
    headers["traceparent"] = f"00-{x.trace_id}-{span_id}-01"
    return headers
