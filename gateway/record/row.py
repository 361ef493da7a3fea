"""What is kept of an exchange that is over: figures, names and verdicts, never a text of the request or the answer.

One struct for every place that tells of it (file, ledger, trace, console), so that they agree.
"""

from typing import Any

from msgspec import Struct, field

from gateway.exchange import Exchange
from gateway.policy.guarding import Guarding
from gateway.record.named import conversation_of, prompt_of
from gateway.record.overhead import overhead
from gateway.record.steps import Step, micros, steps_of

__all__ = ["Row", "Step", "row"]


class Row(Struct, omit_defaults=False, gc=False):
    """One line of the record file. No cycle can run through it, and hundreds wait at a time: the collector need not look at them."""

    time: float
    request_id: str
    trace_id: str
    span_id: str
    key: str | None
    team: str | None
    dialect: str
    model: str | None
    served_by: str | None
    outcome: str
    code: str | None
    status: int
    streamed: bool
    attempts: list[tuple[str, str | None]]
    seconds: float
    first_token_seconds: float | None
    finish: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    usage_estimated: bool | None
    cost_nanodollars: int | None
    cache: str | None  # `hit`, `semantic`, `miss`, `bypass` or `shadow`; null where nothing is kept
    similarity: float | None  # of the question whose answer was given, or would have been
    saved_nanodollars: int | None  # what the answer cost when it was asked for
    policies: list[str] | None  # `name@version` of those that applied
    exempted: list[str] | None  # names of the exemptions that took a rule away
    verdicts: list[tuple[str, str, str, str, str, str, int]] | None  # policy, rule, place, entity, effect, said, count
    unscanned: dict[str, int] | None  # what no rule could read
    guarantee: str | None  # of what was sent: `proven`, `segment` or `full`; null where no rule looks at answers
    held: int | None  # most characters that waited for a check at once; null where none did
    vault: list[tuple[str, str]] | None  # what was kept for later turns or looked for, and how that went
    parent_span_id: str | None = None  # of the caller's trace
    sampled: bool | None = None  # what the caller's trace context says; null without one
    user: str | None = None  # the end user that the request names, as `record.users` lets it be told
    model_served: str | None = None  # as the provider calls it
    provider: str | None = None
    region: str | None = None
    zone: str | None = None
    cache_write_tokens: int | None = None
    overhead_seconds: float | None = None  # time that was not spent waiting for upstreams
    policy_digest: str | None = None  # of all rules that applied
    response_id: str | None = None  # as the caller was told it
    conversation: str | None = None  # as the caller names it
    prompt: str | None = None  # name and version of the prompt, as the caller names it
    steps: list[Step] = field(default_factory=list)


def row(x: Exchange, ended: float) -> Row:
    """What is kept of an exchange that is over."""
    usage = x.usage
    return Row(
        micros(x.wall),
        x.id,
        x.trace_id,
        x.span_id,
        x.principal.name if x.principal else None,
        x.principal.team if x.principal else None,
        x.dialect.name,
        x.plan.asked if x.plan else None,
        x.served_by.name if x.served_by else None,
        x.outcome,
        x.error.code if x.error else None,
        x.error.status if x.error and not x.committed else x.reply_status,
        x.form == "events",
        [(one.candidate, one.failure.kind if one.failure else None) for one in x.attempts],
        micros(ended - x.started),
        micros(x.first_token - x.started) if x.first_token is not None else None,
        x.finish,
        usage.input_tokens if usage else None,
        usage.output_tokens if usage else None,
        usage.cached_tokens if usage else None,
        usage.reasoning_tokens if usage else None,
        usage.estimated if usage else None,
        x.cost_nanodollars,
        x.cached.status if x.cached else None,
        round(x.cached.similarity, 4) if x.cached and x.cached.similarity is not None else None,
        x.cached.saved_nanodollars if x.cached else None,
        *_judged(x.guarding),
        x.vault or None,
        parent_span_id=x.parent_span_id,
        sampled=x.sampled,
        model_served=x.served_by.model if x.served_by else None,
        provider=x.served_by.provider if x.served_by else None,
        region=x.served_by.region if x.served_by else None,
        zone=x.served_by.zone if x.served_by else None,
        cache_write_tokens=usage.cache_write_tokens if usage else None,
        overhead_seconds=micros(overhead(x, ended)),
        response_id=x.answer_id,
        conversation=conversation_of(x),
        prompt=prompt_of(x),
        steps=steps_of(x),
        policy_digest=x.guarding.bound.digest if x.guarding else None,
    )


def _judged(guarding: Guarding | None) -> tuple[Any, Any, Any, Any, Any, Any]:
    if guarding is None:
        return None, None, None, None, None, None
    bound, verdicts = guarding.bound, guarding.verdicts
    return (
        [f"{name}@{version}" for name, version in bound.policies],
        [one.name for one in bound.exempted],
        [(*verdict, count) for verdict, count in verdicts],
        dict(verdicts.unscanned),
        guarding.guarantee,
        guarding.held,
    )
