"""What leaves the ledger as lines for others: figures of requests as a table, and texts as examples that models are trained on. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from gateway.ledger.views import Body
from gateway.record.feedback import Feedback
from gateway.record.row import Row

Kind = Literal["text", "number", "float", "flag"]
_FIELDS: Final[dict[str, Kind]] = {
    "time": "float",
    "request_id": "text",
    "trace_id": "text",
    "key": "text",
    "team": "text",
    "user": "text",
    "dialect": "text",
    "model": "text",
    "model_served": "text",
    "provider": "text",
    "region": "text",
    "outcome": "text",
    "code": "text",
    "status": "number",
    "streamed": "flag",
    "seconds": "float",
    "first_token_seconds": "float",
    "overhead_seconds": "float",
    "finish": "text",
    "input_tokens": "number",
    "output_tokens": "number",
    "cached_tokens": "number",
    "reasoning_tokens": "number",
    "usage_estimated": "flag",
    "cost_nanodollars": "number",
    "cache": "text",
    "similarity": "float",
    "saved_nanodollars": "number",
    "policy_digest": "text",
    "guarantee": "text",
    "prompt": "text",
    "conversation": "text",
    "response_id": "text",
}
"""Of a row, as they stand there."""

COLUMNS: Final[dict[str, Kind]] = {**_FIELDS, "attempts": "number", "feedback": "number", "feedback_bad": "number"}
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def figures(row: Row, said: Sequence[Feedback]) -> dict[str, Any]:
    """By column. `feedback` counts what was said of its answer."""
    found = {name: getattr(row, name) for name in _FIELDS}
    bad = sum(one.bad for one in said)
    return {**found, "attempts": len(row.attempts), "feedback": len(said), "feedback_bad": bad}


def cell(value: Any) -> Any:
    """For a table that a program for sheets opens: a name that callers choose is no formula there."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def example(body: Body, said: Sequence[Feedback]) -> bytes | None:
    """A conversation with its answer, or with what the last correction says, as fine-tuning takes it.

    None where the texts do not tell one, and where the answer was called bad and nobody said what would have been good.
    """
    corrected = next((one.correction for one in reversed(said) if one.correction), None)
    if corrected is None and any(one.bad for one in said):
        return None
    asked, answered = _asked(body.request), corrected or _answered(body.answer)
    if not asked or not answered:
        return None
    return _encode({"messages": [*asked, {"role": "assistant", "content": answered}]})


def pair(body: Body, one: Feedback) -> bytes | None:
    """What the model said, and what somebody says that it ought to have said."""
    asked, answered = _asked(body.request), _answered(body.answer)
    if not asked or not answered or not one.correction or one.correction == answered:
        return None
    said: list[dict[str, str]] = [{"role": "assistant", "content": text} for text in (one.correction, answered)]
    return _encode({"input": {"messages": asked}, "preferred_output": said[:1], "non_preferred_output": said[1:]})


def _asked(text: str | None) -> list[dict[str, str]]:
    """Of a request in any of the three APIs; a plain text is a user's."""
    body = _json(text)
    if not isinstance(body, Mapping):
        return [{"role": "user", "content": text}] if text else []
    system = _content(body.get("system")) or _content(body.get("instructions"))
    turns = body.get("messages", body.get("input"))
    if isinstance(turns, str):
        turns = [{"role": "user", "content": turns}]
    found = [{"role": "system", "content": system}] if system else []
    for turn in turns if isinstance(turns, list) else ():
        if not isinstance(turn, Mapping) or not isinstance(role := turn.get("role"), str):
            return []  # calls of tools and their results: none of it can be left out
        if (content := _content(turn.get("content"))) is None:
            return []
        found.append({"role": role, "content": content})
    return found


def _answered(text: str | None) -> str | None:
    """The text of an answer in any of the three APIs; a plain text is one."""
    body = _json(text)
    if not isinstance(body, Mapping):
        return text
    choices, output = body.get("choices"), body.get("output")
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        message = choices[0].get("message")
        return _content(message.get("content")) if isinstance(message, Mapping) else None
    if isinstance(output, list):
        said = [
            _content(one.get("content")) for one in output if isinstance(one, Mapping) and one.get("type") == "message"
        ]
        return "".join(one or "" for one in said) or None
    return _content(body.get("content"))


def _content(value: Any) -> str | None:
    """None for what is not text alone."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return None
    texts = [text for part in value if isinstance(part, Mapping) and isinstance(text := part.get("text"), str)]
    return "".join(texts) if texts and len(texts) == len(value) else None


def _json(text: str | None) -> Any:
    try:
        return _decode(text) if text else None
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
