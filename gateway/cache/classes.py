"""Classes of traffic: which one a request belongs to, and whether answers to like questions may serve there. Pure."""

from typing import Any, Final

from gateway.cache.volatile import is_personal, is_timely
from gateway.config.cache import Cache, CacheClass
from gateway.limits.keys import Principal
from gateway.routing.features import permits
from gateway.wire.neutral import Audio, File, Image, Request, ToolCall, ToolResult

DEFAULT_TEMPERATURE: Final = 1.0
"""The vendors' own, where a request names none."""
LONGEST: Final = 4_000
"""Characters of a question beyond which no other is like it."""

LONGEST_ANSWER: Final = 20_000
"""Characters of an answer that a reviewer reads. What is longer serves no other question, as nobody has seen whether it may."""

Reason = str


def class_of(settings: Cache, model: str, principal: Principal) -> tuple[str, CacheClass] | None:
    """The first, in the order of the configuration, that this request belongs to."""
    if settings.semantic is None:
        return None
    for name, one in settings.semantic.classes.items():
        if not permits(tuple(one.models), model):
            continue
        if one.teams is not None and principal.team not in one.teams:
            continue
        if one.tags is not None and principal.tags.isdisjoint(one.tags):
            continue
        return name, one
    return None


def unlike(request: Request, question: str, one: CacheClass, share: str) -> Reason | None:
    """Why no other answer may serve, in a word; None where one may."""
    if not question or len(question) > LONGEST:
        return "no_question"
    if request.n > 1 or request.logprobs or request.top_logprobs or request.logit_bias:
        return "sampling"
    temperature = DEFAULT_TEMPERATURE if request.temperature is None else request.temperature
    if temperature > one.temperature:
        return "temperature"
    if any(_acts(part) for turn in request.messages for part in turn.parts):
        return "not_text"
    if not one.volatile and is_timely(question):
        return "timely"
    if share != "user" and is_personal(question):
        return "personal"
    return None


def _acts(part: Any) -> bool:
    return isinstance(part, ToolCall | ToolResult | Image | Audio | File)
