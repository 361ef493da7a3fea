"""Token counts as the OpenAI dialects with `prompt_tokens` report them, read and written."""

from typing import Any

from gateway.wire.neutral import Usage

_KNOWN = {"prompt_tokens", "completion_tokens", "total_tokens", "estimated"}
_PROMPT, _COMPLETION = "prompt_tokens_details", "completion_tokens_details"


def read_usage(value: dict[str, Any]) -> Usage:
    """Never fails: a count that is no positive number is 0. What is not modelled (audio, predictions, costs) goes to extras."""
    prompt, completion = _details(value, _PROMPT), _details(value, _COMPLETION)
    extras = {name: held for name, held in value.items() if name not in _KNOWN and held is not None}
    usage = Usage(
        input_tokens=_count(value.get("prompt_tokens")),
        output_tokens=_count(value.get("completion_tokens")),
        # DeepSeek and Moonshot report their cache beside the details.
        cached_tokens=_count(prompt.pop("cached_tokens", 0))
        or _count(value.get("prompt_cache_hit_tokens"))
        or _count(value.get("cached_tokens")),
        cache_write_tokens=_count(prompt.pop("cache_write_tokens", 0)),
        reasoning_tokens=_count(completion.pop("reasoning_tokens", 0)),
        estimated=value.get("estimated") is True,
    )
    for name, details in ((_PROMPT, prompt), (_COMPLETION, completion)):
        extras.pop(name, None)
        if details:
            extras[name] = details
    usage.extras = extras
    return usage


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


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
