"""What one attempt sends: the caller's request in the words of this target."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec

from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.routing.candidate import Candidate
from gateway.upstream.given import Giving
from gateway.upstream.http import Outbound, Upstream
from gateway.upstream.providers import Quirks
from gateway.upstream.remembering import Remembering
from gateway.upstream.resources import KEEPING, Sealing
from gateway.wire.body import with_model as with_model_named
from gateway.wire.chat.watch import StreamWatch
from gateway.wire.dialect import Dialect
from gateway.wire.frames import Frame, body
from gateway.wire.messages import COUNT_TOKENS, estimate_tokens, write_count
from gateway.wire.messages.request import read_count_request
from gateway.wire.multipart import with_model
from gateway.wire.opaque import OpaqueWatch
from gateway.wire.passage import Native, Passage, translate, way
from gateway.wire.responses import refuse_untranslatable
from gateway.wire.responses.conversation import PREVIOUS
from gateway.wire.sealed import Sealer

_encode = msgspec.json.Encoder().encode

# Callers' headers that go along: a few whoever is asked, a vendor's own where its API is asked. What names an account or
# opens one never does. What tracing carries may hold users' names, and is for targets in the house.
_ALWAYS: Final = frozenset({"accept-language"})
_WITHIN: Final = _ALWAYS | {"tracestate", "baggage"}
_ACCOUNT: Final = frozenset({"organization", "project", "workspace"})
_OPENS: Final = ("-key", "-authorization", "-token")


class Local(NamedTuple):
    """An answer that needs no upstream."""

    frame: Frame


def outgoing(
    x: Exchange,
    candidate: Candidate,
    upstream: Upstream,
    dialects: Mapping[str, Dialect],
    sealer: Sealer,
    traceparent: str,
) -> tuple[Outbound | Local, Passage]:
    """Raises `unsupported_parameter` for what this target cannot be told. `traceparent` names the span of this attempt."""
    name = way(x.dialect.name, upstream.speaks)
    if name is None:
        return _counted(x), Native(OpaqueWatch())
    dialect = dialects[name]
    headers = _headers(x, candidate, dialect, sealer)
    headers["traceparent"] = traceparent
    if x.target_path:
        return _handed_on(x, candidate, upstream, headers, sealer)
    if x.body is None:
        raise GatewayError("invalid_request", "The request has no body.")
    native = dialect is x.dialect and x.goes_on_from is None
    if native:
        said = {**x.body, "model": candidate.model}
        dialect.prepare(said)
        watch = dialect.watch(x.asked_usage, x.streamed)
        if upstream.row.quirks.usage_per_choice and isinstance(watch, StreamWatch):
            watch.per_choice = True
        passage: Passage = Native(watch)
    else:
        said, passage = _translated(x, candidate, upstream, dialect)
    if name == "chat":
        _adapt(said, upstream.row.quirks)
    if x.remember is not None:
        passage = Remembering(passage, x.dialect.name, x.remember, upstream.name)
    if name == "responses" and x.dialect.name == "responses" and x.principal is not None:
        passage = Sealing(passage, sealer, x.principal.id, upstream.name, x.give)
    elif name == "messages" and x.dialect.name == "messages" and x.give is not None:
        passage = Giving(passage, x.give, upstream.name)
    payload = (_as_it_came(x, said, candidate.model) if native else None) or _encode(said)
    return Outbound(dialect, "POST", dialect.path, headers, payload, x.streamed), passage


def _as_it_came(x: Exchange, said: dict[str, Any], model: str) -> bytes | None:
    """The caller's own bytes where only the model's name is another: a long prompt is not written anew."""
    if x.body is None or x.body is not x.parsed or len(said) != len(x.body):
        return None
    for name, value in x.body.items():
        if said.get(name) is not value and name != "model":
            return None
    return with_model_named(x.raw, x.model, model)


def _handed_on(
    x: Exchange, candidate: Candidate, upstream: Upstream, headers: dict[str, str], sealer: Sealer
) -> tuple[Outbound, Passage]:
    """Method, path and body as the caller's; only the model's name and the ids of stored resources change."""
    payload: bytes | BinaryIO = x.upload
    if x.body is not None:
        payload = _encode({**x.body, "model": candidate.model} if "model" in x.body else x.body)
    elif not isinstance(x.upload, bytes) and x.model_place is not None and x.model != candidate.model:
        payload = with_model(x.upload, x.model_place, candidate.model)
    passage: Passage = Native(x.dialect.watch(False, True) if x.streamed else OpaqueWatch())
    if x.dialect.name in KEEPING and x.principal is not None:
        passage = Sealing(passage, sealer, x.principal.id, upstream.name, x.give)
    verbatim = x.method == "GET" and x.target_path.partition("?")[0].endswith("/content")
    return Outbound(x.dialect, x.method, x.target_path, headers, payload, x.streamed, verbatim), passage


def _counted(x: Exchange) -> Local:
    """Only counting tokens has an answer of our own; every other request has been planned for targets that can serve it."""
    if x.dialect.name != COUNT_TOKENS.name or x.body is None:
        raise GatewayError("unsupported_parameter", f"No target of {x.model!r} can be asked through this API.")
    return Local(body(write_count(estimate_tokens(read_count_request(x.body)))))


def _translated(
    x: Exchange, candidate: Candidate, upstream: Upstream, dialect: Dialect
) -> tuple[dict[str, Any], Passage]:
    if x.dialect.read_request is None or x.body is None:
        raise GatewayError("unsupported_parameter", f"A {x.dialect.name} request cannot be translated.")
    if x.dialect.name == "responses":
        refuse_untranslatable(x.body)
    request = x.dialect.read_request(x.body)
    request.model = candidate.model  # what a target takes depends on its model, not on the name it was asked by
    request.include_usage = x.asked_usage
    if x.goes_on_from is not None:
        request.echo[PREVIOUS] = (
            x.goes_on_from
        )  # the answer repeats it, though the request holds the conversation itself
    body, passage = translate(dialect, x.dialect, request, int(x.wall))
    body["model"] = candidate.model
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
    for field in quirks.drop:
        body.pop(field, None)


def _headers(x: Exchange, candidate: Candidate, dialect: Dialect, sealer: Sealer) -> dict[str, str]:
    vendor = "anthropic-" if dialect.name in ("messages", "count_tokens") else "openai-"
    always = _WITHIN if candidate.zone == "internal" else _ALWAYS
    headers = {
        name: value
        for name, value in x.headers.items()
        if name in always or (name.startswith(vendor) and not _names_an_account(name))
    }
    if x.principal is not None and (key := x.headers.get("idempotency-key")) is not None:
        # All callers share the account, and a fallback to another model is another request.
        headers["idempotency-key"] = sealer.disguised(x.principal.id, f"{candidate.model}\n{key}")
    if vendor == "anthropic-":
        headers.setdefault("anthropic-version", "2023-06-01")
    if x.body is not None:
        headers["content-type"] = "application/json"
    elif content_type := x.headers.get("content-type"):
        headers["content-type"] = content_type
    return headers


def _names_an_account(header: str) -> bool:
    return header.endswith(_OPENS) or not _ACCOUNT.isdisjoint(header.split("-"))
