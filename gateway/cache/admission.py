"""Which requests may be answered from the cache at all, and which answers may be kept. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.cache.tape import Tape
from gateway.exchange import Exchange
from gateway.guards.verdicts import Verdicts
from gateway.wire.neutral import Finish, Opaque, Request

SERVED: Final = frozenset({"chat", "responses", "messages", "completions", "embeddings"})
"""Dialects whose answers are kept: what computes an answer, changes nothing, and is read by the gateway."""
_STATEFUL: Final = ("previous_response_id", "conversation", "background", "container", "prompt", "context_management")
_ACTING: Final = ("web_search_options", "mcp_servers", "plugins")
_SAID: Final = ("stop", "stop_sequence")
_OTHERWISE: Final = ("tool_calls", "content_filter", "refusal")
_UNTOUCHED: Final = frozenset({"annotate", "log"})
_ANSWER_PLACES: Final = frozenset({"content", "reasoning", "refusal", "tool_args"})

# In JSON; inside a text these quotes would be escaped.
_ACTED: Final = re.compile(
    rb'"refusal":\s*"|"tool_calls":\s*\[\s*\{|"function_call":\s*\{'
    rb'|"type":\s*"(?:refusal|[a-z_]*tool_use|[a-z_]*tool_result|[a-z_]+_call)"'
)
_REASON: Final = re.compile(rb'"finish_reason":\s*"([^"]*)"')


def may_look(dialect: str, body: Mapping[str, Any], request: Request | None) -> bool:
    """Not for requests that go on from what is stored elsewhere, or that have the vendor do something."""
    if dialect not in SERVED or any(body.get(name) for name in (*_STATEFUL, *_ACTING)):
        return False
    return request is None or (not request.hosted and not _holds_opaque(request))


def _holds_opaque(request: Request) -> bool:
    return any(isinstance(part, Opaque) for turn in request.messages for part in turn.parts)


def repeats(dialect: str, body: Mapping[str, Any]) -> bool:
    """Whether whoever asks it again wants the same answer: an embedding, or what has a seed or a temperature of 0, by name.

    No vendor promises it. It is what the caller has asked for.
    """
    temperature, seed = body.get("temperature"), body.get("seed")
    cold = isinstance(temperature, int | float) and not isinstance(temperature, bool) and temperature == 0
    return dialect == "embeddings" or cold or (isinstance(seed, int) and not isinstance(seed, bool))


def may_keep(dialect: str, finish: Finish | None, raw: bytes, verdicts: Verdicts | None) -> bool:
    """Of an answer that is complete: whether all of it was said, and nothing done or refused.

    A rule that changed the answer, or could not look at something, keeps it out: what is kept is what the model said and what
    every rule let pass.
    """
    if dialect != "embeddings" and (finish not in _SAID or _ACTED.search(raw)):
        return False
    if any(reason not in (b"stop", b"") for reason in _REASON.findall(raw)):  # of several choices `finish` is one's
        return False
    return verdicts is None or not _touched(verdicts)


def why_not_kept(x: Exchange, tape: Tape) -> str:
    """In a word; empty where it may be kept."""
    if not tape.whole or tape.watch is None:
        return "too_large"
    if x.plan is None or x.served_by is None or x.starts or x.served_by not in x.plan.groups[0].candidates:
        return "not_the_asked_model"
    if x.reply_status != 200:
        return "status"
    verdicts = None if x.guarding is None else x.guarding.verdicts
    if not may_keep(x.dialect.name, tape.watch.finish, tape.raw, verdicts):
        return "not_clean"
    return ""


def did_otherwise(finish: Finish | None, raw: bytes) -> bool:
    """Whether the model called a tool or refused, where another answer would have been given in its place. Of one that was only cut
    off, nothing can be said.
    """
    return finish in _OTHERWISE or _ACTED.search(raw) is not None


def _touched(verdicts: Verdicts) -> bool:
    return bool(verdicts.unscanned) or any(
        verdict.place in _ANSWER_PLACES
        and (verdict.said == "failed" or (verdict.said != "shadow" and verdict.effect not in _UNTOUCHED))
        for verdict, _ in verdicts
    )
