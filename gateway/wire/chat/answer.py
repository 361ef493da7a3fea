"""A whole answer of chat completions, read into the neutral form and written from it."""

from typing import Any

from gateway.wire.chat.finish import read_finish, write_finish
from gateway.wire.chat.parts import write_part
from gateway.wire.chat.turns import read_said, write_call
from gateway.wire.chat.usage import read_usage, write_usage
from gateway.wire.fields import Fields
from gateway.wire.neutral import Answer, Choice, Image, Opaque, Part, Reasoning, Refusal, Request, Text, ToolCall

_BAD = "upstream_invalid_response"


def read_answer(body: dict[str, Any]) -> Answer:
    """Raises `upstream_invalid_response` where the upstream's body is no answer of this dialect."""
    fields = Fields(body, code=_BAD)
    answer_id = fields.text("id") or ""
    if fields.left.get("choices") is None:
        raise fields.missing("a list of choices", "choices")
    usage = fields.mapping("usage")
    answer = Answer(
        id=answer_id,
        model=fields.text("model") or "",
        created=read_time(fields),
        choices=[_read_choice(choice, place, answer_id) for place, choice in enumerate(fields.each("choices"))],
        usage=None if usage is None else read_usage(usage),
    )
    fields.any("object")
    answer.extras = fields.rest()
    return answer


def read_time(fields: Fields) -> int:
    """Seconds since 1970; some servers give a fraction, some nothing."""
    return int(fields.number("created") or 0)


def _read_choice(choice: Fields, place: int, answer_id: str) -> Choice:
    index = choice.integer("index")
    index = place if index is None else index
    message = choice.needed_fields("message")
    annotations = message.items("annotations")
    parts = read_said(message, f"call_{answer_id}_{index}")
    attach_annotations(parts, annotations)
    found = Choice(index=index, parts=parts, logprobs=choice.mapping("logprobs"))
    read_finish(choice, found)
    message.any("role")
    found.extras = choice.rest()
    if rest := message.rest():
        found.extras["message"] = rest
    return found


def attach_annotations(parts: list[Part], annotations: list[Any] | None) -> None:
    """Citations belong to the text they stand under; the neutral form has them as chat writes them."""
    text = next((part for part in reversed(parts) if isinstance(part, Text)), None)
    if annotations and text is not None:
        text.extras = {**text.extras, "annotations": annotations}


# --- writing ---------------------------------------------------------------------------------------------------------


def write_answer(answer: Answer, request: Request) -> dict[str, Any]:
    """Blocks that chat has no place for (another vendor's signatures, the traces of its hosted tools) are left out."""
    body: dict[str, Any] = {
        "id": answer.id,
        "object": "chat.completion",
        "created": answer.created,
        "model": answer.model,
        "choices": [_write_choice(choice, request) for choice in answer.choices],
    }
    if answer.usage is not None:
        body["usage"] = write_usage(answer.usage)
    return {**body, **answer.extras}


def _write_choice(choice: Choice, request: Request) -> dict[str, Any]:
    extras = dict(choice.extras)
    message = {**write_spoken(choice.parts, request), **extras.pop("message", {})}
    return {
        "index": choice.index,
        "message": message,
        "logprobs": choice.logprobs,
        **write_finish(choice, request),
        **extras,
    }


def write_spoken(parts: list[Part], request: Request) -> dict[str, Any]:
    """The `message` of an answer: runs of one kind are joined, for that is how its reader sees them."""
    texts = [part for part in parts if isinstance(part, Text)]
    refusals = [part.text for part in parts if isinstance(part, Refusal)]
    thoughts = [part.text for part in parts if isinstance(part, Reasoning) and part.text]
    calls = [write_call(part, native=True) for part in parts if isinstance(part, ToolCall)]
    images = [write_part(part, native=True, at="") for part in parts if isinstance(part, Image)]
    opaque = [part.value for part in parts if isinstance(part, Opaque) and part.dialect == "chat"]
    message: dict[str, Any] = {"role": "assistant", "content": "".join(text.text for text in texts) if texts else None}
    if opaque:
        message["content"] = [*({"type": "text", "text": text.text} for text in texts), *opaque]
    message["refusal"] = "".join(refusals) if refusals else None
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    annotations = [note for text in texts for note in text.extras.get("annotations", [])]
    if annotations:
        message["annotations"] = annotations
    if images:
        message["images"] = images
    if calls and request.legacy_functions:
        message["function_call"] = calls[0].get("function") or calls[0]["custom"]
    elif calls:
        message["tool_calls"] = calls
    return message
