"""What a request needs of a target, read from its body: values for routing, no text."""

from typing import Any, Final

from gateway.config.structs import Capability

_IMAGES: Final = frozenset({"image_url", "input_image", "image"})
_AUDIO: Final = frozenset({"input_audio"})
_FILES: Final = frozenset({"file", "input_file", "document"})
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
            content = turn.get("content") if isinstance(turn, dict) else None
            if isinstance(content, list):
                found |= _of_parts(content)
    return frozenset(found)


def estimated_tokens(raw_bytes: int) -> int:
    """A first guess for routing alone: bytes over four. Billing never uses it where an upstream reports usage."""
    return raw_bytes // _BYTES_PER_TOKEN


def prefix(body: dict[str, Any]) -> str:
    """What stays the same over the turns of one conversation: its cache key if given, or how it begins."""
    if isinstance(key := body.get("prompt_cache_key") or body.get("user"), str):
        return key
    turns = body.get("messages", body.get("input"))
    head = turns[:2] if isinstance(turns, list) else turns
    return repr((body.get("system"), body.get("instructions"), head))


def _of_parts(parts: list[Any]) -> set[Capability]:
    found: set[Capability] = set()
    for part in parts:
        kind = _kind(part)
        if kind in _IMAGES:
            found.add("images")
        elif kind in _AUDIO:
            found.add("audio")
        elif kind in _FILES:
            found.add("files")
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
