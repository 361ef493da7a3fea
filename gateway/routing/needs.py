"""What a request needs of a target, read from its body: values for routing, no text."""

from typing import Any, Final

from gateway.config.structs import Capability

_IMAGES: Final = frozenset({"image_url", "input_image", "image"})
_AUDIO: Final = frozenset({"input_audio"})
_FILES: Final = frozenset({"file", "input_file", "document"})
_CALLERS_TOOLS: Final = frozenset({None, "function", "custom"})
# What the vendor does or keeps, by the dialect it is asked for in. An empty object asks for the defaults.
_ACTING: Final = {
    "chat": ("web_search_options",),
    "responses": ("background", "conversation", "prompt"),
    "messages": ("mcp_servers", "container"),
}
_NOTHING_ASKED: Final[tuple[Any, ...]] = (None, False, [])
_BYTES_PER_TOKEN: Final = 4


def needs(body: dict[str, Any]) -> frozenset[Capability]:
    """Capabilities, the same words in every dialect."""
    found: set[Capability] = set()
    if body.get("tools") or body.get("functions"):
        found.add("tools")
    if (body.get("n") or 1) != 1:
        found.add("n")
    if body.get("logprobs") or body.get("top_logprobs"):
        found.add("logprobs")
    if _wants_schema(body):
        found.add("structured")
    if body.get("reasoning") or body.get("reasoning_effort") or _kind(body.get("thinking")) in ("enabled", "adaptive"):
        found.add("reasoning")
    turns = body.get("messages", body.get("input"))
    if isinstance(turns, list):
        for turn in turns:
            if isinstance(turn, dict):
                found |= _of_parts(turn.get("content")) | _of_parts(turn.get("output"))
    return frozenset(found)


def estimated_tokens(raw_bytes: int) -> int:
    """A first guess for routing alone: bytes over four. Billing never uses it where an upstream reports usage."""
    return raw_bytes // _BYTES_PER_TOKEN


def output_limit(body: dict[str, Any]) -> int | None:
    """The caller's own limit on the answer, in tokens."""
    for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"):
        if isinstance(limit := body.get(name), int):
            return limit
    return None


def acts_twice(dialect: str, body: dict[str, Any]) -> bool:
    """Whether asking twice may do something twice at the vendor: an answer is stored, or made in the background, or tools run there.

    `store` counts where it is asked for. The Responses API also stores where nothing is said; if that counted, plain requests
    would lose every retry after a time-out, for an answer that is stored twice at worst. And whether the request goes to a
    target that it is translated for, where nothing is stored at all, is not known yet.
    """
    acting = _ACTING.get(dialect)
    if acting is None:
        return False
    if body.get("store") is True:
        return True
    for name in acting:
        if name in body and body[name] not in _NOTHING_ASKED:
            return True
    tools = body.get("tools")
    return isinstance(tools, list) and any(_kind(tool) not in _CALLERS_TOOLS for tool in tools)


def prefix(body: dict[str, Any]) -> str:
    """What stays the same over the turns of one conversation: its cache key if given, or how it begins."""
    if isinstance(key := body.get("prompt_cache_key"), str):
        return key
    turns = body.get("messages", body.get("input"))
    if isinstance(turns, list):
        first = next((at for at, turn in enumerate(turns) if isinstance(turn, dict) and turn.get("role") == "user"), 0)
        turns = turns[: first + 1]
    return repr(_unmarked([body.get("system"), body.get("instructions"), turns]))


def _unmarked(value: Any) -> Any:
    """Without the marks of the vendor's cache, which callers move along as a conversation grows."""
    if isinstance(value, dict):
        return {name: _unmarked(one) for name, one in value.items() if name != "cache_control"}
    return [_unmarked(one) for one in value] if isinstance(value, list) else value


def _of_parts(parts: Any) -> set[Capability]:
    found: set[Capability] = set()
    for part in parts if isinstance(parts, list) else ():
        kind = _kind(part)
        if kind in _IMAGES:
            found.add("images")
        elif kind in _AUDIO:
            found.add("audio")
        elif kind in _FILES:
            found.add("files")
        elif kind == "tool_result":
            found |= _of_parts(part.get("content"))
    return found


def _kind(value: Any) -> str | None:
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None


def _wants_schema(body: dict[str, Any]) -> bool:
    text = body.get("text")
    output = body.get("output_config")
    held = [
        body.get("response_format"),
        text.get("format") if isinstance(text, dict) else None,
        output.get("format") if isinstance(output, dict) else None,
    ]
    return any(_kind(one) == "json_schema" for one in held)
