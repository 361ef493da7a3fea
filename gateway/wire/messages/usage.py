"""Token counts and stop reasons of the Messages API, to and from the neutral form.

The API counts cached and cache-written input apart from `input_tokens`; the neutral form counts them in.
"""

from typing import Any, Final

from gateway.wire.neutral import Extras, Finish, Usage

FINISH_OF: Final[dict[str, Finish]] = {
    "end_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "stop_sequence": "stop_sequence",
    "refusal": "refusal",
    "pause_turn": "pause",
}

STOP_OF: Final[dict[Finish, str]] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "stop_sequence": "stop_sequence",
    "refusal": "refusal",
    "content_filter": "refusal",
    "pause": "pause_turn",
}

# What only this API reports; other dialects' extras never reach its callers.
USAGE_EXTRAS: Final = ("cache_creation", "server_tool_use", "service_tier", "inference_geo", "speed")


def read_finish(reason: str) -> tuple[Finish, Extras]:
    """The finish, and what else must be kept to write the same word again."""
    finish = FINISH_OF.get(reason, "stop")
    return finish, {} if STOP_OF[finish] == reason else {"stop_reason": reason}


def write_finish(finish: Finish | None, extras: Extras) -> str | None:
    """The stop reason; the exact word where the answer came from this API."""
    if finish is None:
        return None
    kept = extras.get("stop_reason")
    return kept if isinstance(kept, str) and read_finish(kept)[0] == finish else STOP_OF[finish]


def read_usage(value: dict[str, Any]) -> Usage:
    """Counts that are missing, null or no number are 0."""
    cached = _count(value, "cache_read_input_tokens")
    written = _count(value, "cache_creation_input_tokens")
    details = value.get("output_tokens_details")
    return Usage(
        input_tokens=_count(value, "input_tokens") + cached + written,
        output_tokens=_count(value, "output_tokens"),
        cached_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=_count(details, "thinking_tokens") if isinstance(details, dict) else 0,
        estimated=value.get("estimated") is True,
        extras={name: value[name] for name in USAGE_EXTRAS if value.get(name) is not None},
    )


def write_usage(usage: Usage | None) -> dict[str, Any]:
    """The exact inverse of `read_usage`, as long as the cached counts are part of the input."""
    usage = usage or Usage()
    value: dict[str, Any] = {
        "input_tokens": max(usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens, 0),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
    }
    if usage.reasoning_tokens:
        value["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    if usage.estimated:
        value["estimated"] = True
    return value | {name: usage.extras[name] for name in USAGE_EXTRAS if name in usage.extras}


def _count(value: dict[str, Any], name: str) -> int:
    count = value.get(name)
    return count if isinstance(count, int) and not isinstance(count, bool) else 0
