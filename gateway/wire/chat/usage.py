"""Token counts as the OpenAI dialects with `prompt_tokens` report them, read and written."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.wire.neutral import Usage

_KNOWN = {"prompt_tokens", "completion_tokens", "total_tokens", "estimated"}
_MODELLED = {"cached_tokens", "cache_write_tokens", "reasoning_tokens"}
_NONE: Mapping[str, Any] = MappingProxyType({})
_PROMPT, _COMPLETION = "prompt_tokens_details", "completion_tokens_details"


def read_usage(value: dict[str, Any]) -> Usage:
    """Never fails: a count that is no positive number is 0. What is not modelled (audio, predictions, costs) goes to extras."""
    usage = counted(value)
    extras = {name: held for name, held in value.items() if name not in _KNOWN and held is not None}
    for name in (_PROMPT, _COMPLETION):
        details = {key: held for key, held in _details(value, name).items() if key not in _MODELLED}
        extras.pop(name, None)
        if details:
            extras[name] = details
    usage.extras = extras
    return usage


def counted(value: dict[str, Any]) -> Usage:
    """The same without the extras: all that billing needs."""
    prompt = held if isinstance(held := value.get(_PROMPT), dict) else _NONE
    completion = held if isinstance(held := value.get(_COMPLETION), dict) else _NONE
    return Usage(
        input_tokens=_count(value, "prompt_tokens"),
        output_tokens=_count(value, "completion_tokens"),
        # DeepSeek and Moonshot report their cache beside the details.
        cached_tokens=_count(prompt, "cached_tokens")
        or _count(value, "prompt_cache_hit_tokens")
        or _count(value, "cached_tokens"),
        cache_write_tokens=_count(prompt, "cache_write_tokens"),
        reasoning_tokens=_count(completion, "reasoning_tokens"),
        estimated=value.get("estimated") is True,
    )


def added(one: Usage, other: Usage) -> Usage:
    """Of two choices for the same prompt, which was read once: the counts of the larger prompt, and all of the output."""
    prompt = other if other.input_tokens > one.input_tokens else one
    return Usage(
        input_tokens=prompt.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cached_tokens=prompt.cached_tokens,
        cache_write_tokens=prompt.cache_write_tokens,
        reasoning_tokens=one.reasoning_tokens + other.reasoning_tokens,
        estimated=one.estimated or other.estimated,
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """With both details, as OpenAI writes them. `estimated` and `cache_write_tokens` only where they say something."""
    extras = dict(usage.extras)
    prompt = {"cached_tokens": usage.cached_tokens, **_details(extras, _PROMPT)}
    if usage.cache_write_tokens:
        prompt["cache_write_tokens"] = usage.cache_write_tokens
    completion = {"reasoning_tokens": usage.reasoning_tokens, **_details(extras, _COMPLETION)}
    written = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        **extras,
        _PROMPT: prompt,
        _COMPLETION: completion,
    }
    return {**written, "estimated": True} if usage.estimated else written


def _details(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return {key: held for key, held in found.items() if held is not None} if isinstance(found, dict) else {}


def _count(value: Mapping[str, Any], name: str) -> int:
    """What JSON gives as a number without a point is an `int` and nothing else; true and false are not."""
    count = value.get(name)
    return count if type(count) is int and count > 0 else 0
