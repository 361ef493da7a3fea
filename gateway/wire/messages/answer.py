"""A whole answer of the Messages API, read into the neutral form and written from it. It has exactly one choice."""

from collections.abc import Iterable
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.wire.fields import Fields
from gateway.wire.messages.blocks import NAME, as_object, read_content
from gateway.wire.messages.turns import write_thinking
from gateway.wire.messages.usage import read_finish, read_usage, write_finish, write_usage
from gateway.wire.neutral import (
    Answer,
    Audio,
    Choice,
    Extras,
    File,
    Finish,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
)

_BAD: Final = "upstream_invalid_response"

# What only this API says of an answer: known when it begins, or when it ends. Other dialects' extras never reach its callers.
OF_ANSWER: Final = ("diagnostics",)
OF_CHOICE: Final = ("container", "stop_details", "context_management")
_OF_CALL: Final = ("caller", "toolset_name")


def read_answer(body: dict[str, Any]) -> Answer:
    """Raises `upstream_invalid_response` where the upstream's body is no message. This API gives no time: `created` is 0."""
    fields = Fields(body, code=_BAD)
    if fields.left.get("content") is None:
        raise fields.missing("a list of blocks", "content")
    parts = read_content(fields)
    for part in parts:
        if isinstance(part, Reasoning):
            part.origin = NAME
    usage = fields.mapping("usage")
    choice = Choice(index=0, parts=parts, stop_sequence=fields.text("stop_sequence"), extras=kept(body, OF_CHOICE))
    if (reason := fields.text("stop_reason")) is not None:
        choice.finish, exact = read_finish(reason)
        choice.extras |= exact
    return Answer(
        id=fields.text("id") or "",
        model=fields.text("model") or "",
        created=0,
        choices=[choice],
        usage=None if usage is None else read_usage(usage),
        extras=kept(body, OF_ANSWER),
    )


def kept(held: dict[str, Any], names: Iterable[str]) -> Extras:
    return {name: held[name] for name in names if held.get(name) is not None}


def write_answer(answer: Answer, _request: Request) -> dict[str, Any]:
    choice = only_choice(answer)
    return {
        "id": answer.id,
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [block for part in choice.parts if (block := write_said(part)) is not None],
        "stop_reason": write_finish(told_finish(choice.finish, choice.parts), choice.extras),
        "stop_sequence": choice.stop_sequence,
        "usage": write_usage(answer.usage),
        **kept(choice.extras, OF_CHOICE),
        **kept(answer.extras, OF_ANSWER),
    }


def only_choice(answer: Answer) -> Choice:
    if len(answer.choices) != 1:
        raise invalid(f"{len(answer.choices)} answers where one was asked for")
    return answer.choices[0]


def told_finish(finish: Finish | None, parts: Iterable[Part]) -> Finish | None:
    """Other APIs mark a refusal on the text, this one in the stop reason."""
    return "refusal" if finish == "stop" and any(isinstance(part, Refusal) for part in parts) else finish


def write_said(part: Part) -> dict[str, Any] | None:
    """A part of an answer as a block; None for what says nothing here: empty text, another vendor's items and seals."""
    match part:
        case Text() | Refusal():
            return text_block(part.text, citations(part)) if part.text else None
        case Reasoning():
            return write_thinking(part) or thinking_block(part.text) if part.text or part.origin == NAME else None
        case ToolCall():
            return _write_call(part)
        case Opaque():
            return part.value if part.dialect == NAME else None
        case Image() | Audio() | File() | ToolResult():
            raise invalid(f"a part of kind {type(part).__name__}, which this API has no block for")


def text_block(text: str, quoted: list[Any]) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "text", "text": text}
    return block | {"citations": quoted} if quoted else block


def thinking_block(text: str) -> dict[str, Any]:
    """Reasoning that nobody signed. The empty signature tells our own reader that the vendor would not take it back."""
    return {"type": "thinking", "thinking": text, "signature": ""}


def citations(part: Text | Refusal) -> list[Any]:
    found = part.extras.get("citations")
    return found if isinstance(found, list) else []


def call_block(call_id: str, name: str, extras: Extras, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments, **kept(extras, _OF_CALL)}


def _write_call(call: ToolCall) -> dict[str, Any]:
    """`input` must be an object. Arguments cut off in the middle are not passed off as whole ones."""
    arguments = None if call.custom else as_object(call.arguments)
    if arguments is None:
        raise invalid("a tool call whose arguments are not a JSON object")
    return call_block(call.id, call.name, call.extras, arguments)


def invalid(what: str) -> GatewayError:
    return GatewayError(_BAD, f"The upstream answered with {what}.")
