"""Items of the Responses API, read into neutral turns and written from them.

What the model says in one go is spread over items here (reasoning, message, calls) and is one neutral turn; tool outputs and
what the user says right after them are one turn of the user. Reading joins, writing splits, and nothing changes its order.
"""

from typing import Any, Final

from gateway.wire.fields import Fields
from gateway.wire.neutral import File, Image, Message, Opaque, Part, Reasoning, Role, Text, ToolCall, ToolResult
from gateway.wire.responses.parts import (
    NAME,
    is_content,
    own_extras,
    read_content,
    refuse,
    write_content,
    write_part,
)
from gateway.wire.responses.seal import opened, sealed_content

_ROLES: Final[dict[str, Role]] = {name: name for name in ("user", "assistant", "system", "developer")}
# Items of hosted tools that the caller writes; those that end so, and these. The model writes the others.
_BY_CALLER: Final = ("_output", "mcp_approval_response", "item_reference", "additional_tools", "compaction_trigger")


def read_input(body: Fields) -> list[Message]:
    """The field `input`: a string, or a list of items. Absent where a stored conversation or prompt stands for it."""
    value = body.any("input")
    if value is None:
        return []
    if isinstance(value, str):
        return [Message(role="user", parts=[Text(text=value)])]
    if not isinstance(value, list):
        raise body.wrong("a string or a list of items", value, "input")
    at = body.place("input")
    return read_items([Fields(item, f"{at}.{index}", body.code) for index, item in enumerate(value)])


def read_items(items: list[Fields]) -> list[Message]:
    turns: list[Message] = []
    for item in items:
        _join(turns, _read_item(item))
    return turns


def _join(turns: list[Message], turn: Message) -> None:
    last = turns[-1] if turns else None
    if last is None or last.role != turn.role or turn.extras or last.extras:
        turns.append(turn)
    elif turn.role == "assistant" or (turn.role == "user" and _only_results(last)):
        last.parts += turn.parts
    else:
        turns.append(turn)


def _only_results(turn: Message) -> bool:
    return bool(turn.parts) and all(isinstance(part, ToolResult) for part in turn.parts)


def _read_item(item: Fields) -> Message:
    whole = dict(item.left)
    kind = item.text("type")
    if kind is None:
        if "role" not in item.left:
            raise item.missing("the kind of the item", "type")
        kind = "message"
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(item)
    return Message(role="user" if kind.endswith(_BY_CALLER) else "assistant", parts=[Opaque(dialect=NAME, value=whole)])


def _read_message(item: Fields) -> Message:
    role = item.needed_text("role")
    if role not in _ROLES:
        raise item.unknown(f"one of {', '.join(_ROLES)}", "role")
    parts = read_content(item, "content")
    return Message(role=_ROLES[role], parts=parts, extras={} if role == "assistant" else _rest(item))


def _read_function_call(item: Fields) -> Message:
    call = ToolCall(
        id=item.needed_text("call_id"), name=item.needed_text("name"), arguments=item.needed_text("arguments")
    )
    call.extras = _rest(item)
    return Message(role="assistant", parts=[call])


def _read_custom_call(item: Fields) -> Message:
    call = ToolCall(
        id=item.needed_text("call_id"), name=item.needed_text("name"), arguments=item.needed_text("input"), custom=True
    )
    call.extras = _rest(item)
    return Message(role="assistant", parts=[call])


def _read_output(item: Fields) -> Message:
    call_id = item.needed_text("call_id")
    if (output := item.left.get("output")) is None:
        raise item.missing("a string or a list of parts", "output")
    if output == "":
        item.any("output")
    parts: list[Text | Image | File | Opaque] = []
    for index, part in enumerate(read_content(item, "output")):
        if not isinstance(part, Text | Image | File | Opaque):
            raise item.unknown("input_text, input_image or input_file", f"output.{index}.type")
        parts.append(part)
    return Message(role="user", parts=[ToolResult(call_id=call_id, parts=parts, extras=_rest(item))])


def _read_reasoning(item: Fields) -> Message:
    return Message(role="assistant", parts=[read_reasoning(item)])


def read_reasoning(item: Fields) -> Reasoning:
    """The summary where there is one, else the reasoning itself; several parts are joined by a blank line."""
    texts = [part.needed_text("text") for name in ("summary", "content") for part in item.each(name)]
    return opened("\n\n".join(texts), item.text("encrypted_content"), item.text("id"))


def _rest(item: Fields) -> dict[str, Any]:
    return {name: value for name, value in item.rest().items() if name not in {"id", "status", "phase"}}


_READERS: Final = {
    "message": _read_message,
    "function_call": _read_function_call,
    "function_call_output": _read_output,
    "custom_tool_call": _read_custom_call,
    "custom_tool_call_output": _read_output,
    "reasoning": _read_reasoning,
}


# --- writing ---------------------------------------------------------------------------------------------------------


def write_items(turns: list[Message], native: bool) -> list[dict[str, Any]]:
    """`native`: the request came in this dialect. Places in errors are those of a list of messages."""
    items: list[dict[str, Any]] = []
    custom: set[str] = set()
    for index, turn in enumerate(turns):
        items += _write_turn(turn, custom, native, f"messages.{index}")
    return items


def _write_turn(turn: Message, custom: set[str], native: bool, at: str) -> list[dict[str, Any]]:
    """Runs of content become messages; calls, results and reasoning items of their own between them."""
    if turn.name is not None:
        refuse("The name of a participant", f"{at}.name")
    items: list[dict[str, Any]] = []
    run: list[tuple[str, Part]] = []
    for index, part in enumerate(turn.parts):
        place = f"{at}.content.{index}"
        if is_content(part):
            run.append((place, part))
            continue
        _flush(run, turn, native, at, items)
        if isinstance(part, ToolCall) and part.custom:
            custom.add(part.id)
        items += _write_item(part, custom, native, place)
    _flush(run, turn, native, at, items)
    if not turn.parts:
        items.append({"type": "message", "role": turn.role, "content": ""})
    return items


def _flush(run: list[tuple[str, Part]], turn: Message, native: bool, at: str, items: list[dict[str, Any]]) -> None:
    if not run:
        return
    assistant = turn.role == "assistant"
    content = write_content(run, assistant, native)
    extras = {} if assistant else own_extras(turn, native, at)
    items.append({"type": "message", "role": turn.role, "content": content, **extras})
    run.clear()


def _write_item(part: Part, custom: set[str], native: bool, at: str) -> list[dict[str, Any]]:
    if isinstance(part, ToolCall):
        return [write_call(part, native)]
    if isinstance(part, ToolResult):
        return [_write_output(part, part.call_id in custom, native, at)]
    if isinstance(part, Reasoning):
        return write_reasoning(part)
    return [write_part(part, assistant=False, native=native, at=at)]


def write_call(call: ToolCall, native: bool) -> dict[str, Any]:
    extras = dict(call.extras) if native else {}
    if call.custom:
        return {"type": "custom_tool_call", "call_id": call.id, "name": call.name, "input": call.arguments, **extras}
    return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments, **extras}


def _write_output(result: ToolResult, custom: bool, native: bool, at: str) -> dict[str, Any]:
    """The API has no mark for a failed tool, so the text of one begins with `Error`."""
    parts: list[Part] = list(result.parts)
    first = parts[0] if parts else None
    if result.is_error and not (isinstance(first, Text) and first.text.lstrip().lower().startswith("error")):
        if isinstance(first, Text):
            parts[0] = Text(text=f"Error: {first.text}", extras=first.extras)
        else:
            parts.insert(0, Text(text="Error"))
    return {
        "type": "custom_tool_call_output" if custom else "function_call_output",
        "call_id": result.call_id,
        "output": write_content([(at, part) for part in parts], assistant=False, native=native) if parts else "",
        **own_extras(result, native, at),
    }


def write_reasoning(block: Reasoning) -> list[dict[str, Any]]:
    """An item only for what this dialect wrote itself: reasoning of another vendor means nothing to a Responses upstream."""
    if block.origin != NAME:
        return []
    return [reasoning_item(block)]


def reasoning_item(block: Reasoning) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": block.text}] if block.text else []
    item: dict[str, Any] = {"type": "reasoning", "id": block.id or "rs_0", "summary": summary}
    sealed = sealed_content(block)
    return item if sealed is None else {**item, "encrypted_content": sealed}
