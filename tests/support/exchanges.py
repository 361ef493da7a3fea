"""Exchanges as the border makes them, for tests of what looks at one."""

from typing import Any

import msgspec

from gateway.dialects import DIALECTS
from gateway.exchange import Exchange
from gateway.limits.keys import Principal
from gateway.routing.candidate import Candidate
from gateway.routing.plan import Plan
from gateway.routing.routes import Group
from tests.unit.routing.shapes import target

SOMEBODY = Principal(id="0123456789abcdef", name="anna", team="blue")


def exchange(dialect: str = "chat", started: float = 100.0, seconds: float = 60.0, **fields: Any) -> Exchange:
    """One of which only the head is known."""
    given: dict[str, Any] = {
        "id": "req_1",
        "dialect": DIALECTS[dialect],
        "method": "POST",
        "path": "/v1/chat/completions",
        "query": "",
        "headers": {},
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
        "started": started,
        "deadline": started + seconds,
        "principal": SOMEBODY,
    }
    return Exchange(**(given | fields))


def said(raw: bytes, dialect: str = "chat", **fields: Any) -> Exchange:
    """One whose JSON body has been read."""
    body = msgspec.json.decode(raw)
    model = body.get("model", "")
    return exchange(dialect, raw=raw, body=body, parsed=body, model=model, streamed=bool(body.get("stream")), **fields)


def candidate(model: str = "served", provider: str = "house", asked: str = "asked") -> Candidate:
    name = f"{asked}/0:{provider}/{model}"
    return Candidate(
        name=name,
        label=name,
        provider=provider,
        kind="openai_compatible",
        model=model,
        target=target(f"{provider}/{model}"),
        region=None,
        zone="external",
        prices=None,
        weight=1.0,
        context_tokens=None,
        lacks=frozenset(),
    )


def plan_of(*candidates: Candidate, asked: str = "asked", model: str = "asked") -> Plan:
    """A plan of one group. `asked` is the caller's word, `model` the configuration's."""
    return Plan(asked=asked, groups=(Group(model=model, strategy="ordered", candidates=candidates, fallbacks={}),))
