"""Messages of chat completions, read into neutral turns and written from them.

A neutral turn holds what chat spreads over several messages: tool results are parts of the user's turn here and messages of
their own there. Reading joins, writing splits, and the order within each stays.
"""

from typing import Any

import msgspec

from gateway.wire.chat.parts import NAME, foreign_extras, read_content, refuse, write_content, write_part
from gateway.wire.fields import Fields
from gateway.wire.neutral import (
    Audio,
    File,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)

_ROLES = "one of system, developer, user, assistant, tool, function"
_PLAIN: dict[str, Role] = {"system": "system", "developer": "developer", "user": "user"}


def read_messages(messages: list[Fields]) -> list[Message]:
    turns: list[Message] = []
    legacy: dict[str, str] = {}  # name of a function -> id made up for its last call
    for index, message in enumerate(messages):
        role = message.needed_text("role")
        if role in ("tool", "function"):
            _join_result(turns, _read_result(message, role, legacy))
        elif role == "assistant":
            turns.append(_read_assistant(message, f"call_{index}", legacy))
        elif role in _PLAIN:
            _join_user(turns, _read_plain(message, _PLAIN[role]))
        else:
            raise message.unknown(_ROLES, "role")
    return turns


def _read_plain(message: Fields, role: Role) -> Message:
    name = message.text("name")
    parts = read_content(message)
    return Message(role=role, parts=parts, name=name, extras=message.rest())


def _join_user(turns: list[Message], turn: Message) -> None:
    """What the user says right after tool results belongs to the same turn, unless it carries marks of its own."""
    plain = turn.role == "user" and turn.name is None and not turn.extras
    if plain and turns and _only_results(turns[-1]):
        turns[-1].parts.extend(turn.parts)
    else:
        turns.append(turn)


def _join_result(turns: list[Message], result: ToolResult) -> None:
    if turns and _only_results(turns[-1]):
        turns[-1].parts.append(result)
    else:
        turns.append(Message(role="user", parts=[result]))


def _only_results(turn: Message) -> bool:
    return bool(turn.parts) and all(isinstance(part, ToolResult) for part in turn.parts)


def _read_result(message: Fields, role: str, legacy: dict[str, str]) -> ToolResult:
    if role == "function":
        name = message.needed_text("name")
        call_id = legacy.get(name, f"call_{name}")
    else:
        call_id = message.needed_text("tool_call_id")
    parts: list[Text | Image | File | Opaque] = []
    for index, part in enumerate(read_content(message)):
        if not isinstance(part, Text | Image | File | Opaque):
            raise message.unknown("a text part in a tool message", f"content.{index}.type")
        parts.append(part)
    return ToolResult(call_id=call_id, parts=parts, extras=message.rest())


def _read_assistant(message: Fields, made_up_id: str, legacy: dict[str, str]) -> Message:
    name = message.text("name")
    parts = read_said(message, made_up_id)
    legacy.update({part.name: part.id for part in parts if isinstance(part, ToolCall) and part.id == made_up_id})
    return Message(role="assistant", parts=parts, name=name, extras=message.rest())


def read_said(message: Fields, made_up_id: str) -> list[Part]:
    """What a model said, in a history or in an answer: reasoning, content, refusal, calls, in this order.

    `made_up_id` stands in for the id of a legacy function call, and with a number for calls of servers that give none.
    """
    parts: list[Part] = []
    thought, other = message.text("reasoning_content"), message.any("reasoning")
    if thought is None and isinstance(other, str):
        thought = other
    if thought:
        parts.append(Reasoning(text=thought, origin=NAME))
    parts += read_content(message)
    if (refusal := message.text("refusal")) is not None:
        parts.append(Refusal(text=refusal))
    for index, call in enumerate(message.each("tool_calls")):
        parts.append(_read_call(call, f"{made_up_id}_{index}"))
    if (legacy := message.fields("function_call")) is not None:
        arguments = read_arguments(legacy)
        parts.append(
            ToolCall(id=made_up_id, name=legacy.needed_text("name"), arguments=arguments, extras=legacy.rest())
        )
    return parts


def _read_call(call: Fields, made_up_id: str) -> ToolCall:
    call_id = call.text("id") or made_up_id
    kind = call.text("type") or "function"
    call.any("index")
    if kind == "function":
        function = call.needed_fields("function")
        arguments = read_arguments(function)
        return ToolCall(id=call_id, name=function.needed_text("name"), arguments=arguments, extras=call.rest())
    if kind == "custom":
        custom = call.needed_fields("custom")
        text = custom.text("input") or ""
        return ToolCall(id=call_id, name=custom.needed_text("name"), arguments=text, custom=True, extras=call.rest())
    raise call.unknown("'function' or 'custom'", "type")


def read_arguments(function: Fields) -> str:
    """Arguments are JSON text; some servers send the object itself, or nothing."""
    value = function.any("arguments")
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    raise function.wrong("a string of JSON", value, "arguments")


# --- writing ---------------------------------------------------------------------------------------------------------


def write_messages(turns: list[Message], native: bool) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = []
    for index, turn in enumerate(turns):
        at = f"messages.{index}"
        written += _write_assistant(turn, native, at) if turn.role == "assistant" else _write_turn(turn, native, at)
    return written


def _write_assistant(turn: Message, native: bool, at: str) -> list[dict[str, Any]]:
    """One message, unless nothing is left to say once another vendor's sealed reasoning is taken out.

    Extras on what the model itself wrote are echoes of an earlier answer: those of another dialect are dropped.
    """
    said = write_said(turn.parts, native, at)
    if said["content"] is None and said.keys() <= {"content"} and not native:
        return []
    return [{"role": "assistant", **_named(turn), **said, **(turn.extras if native else {})}]


def write_said(parts: list[Part], native: bool, at: str) -> dict[str, Any]:
    """`content`, and where there are some `reasoning_content` and `tool_calls`. Reasoning is written only if chat wrote it."""
    content: list[Part] = []
    calls: list[dict[str, Any]] = []
    thoughts: list[str] = []
    for index, part in enumerate(parts):
        if isinstance(part, Reasoning):
            if part.origin == NAME and part.text:
                thoughts.append(part.text)
        elif isinstance(part, ToolCall):
            calls.append(write_call(part, native))
        elif isinstance(part, ToolResult):
            refuse("A tool result inside an assistant's turn", f"{at}.content.{index}")
        else:
            content.append(part if native else _without_echoes(part))
    said: dict[str, Any] = {"content": write_content(content, native, at)}
    if thoughts:
        said["reasoning_content"] = "".join(thoughts)
    if calls:
        said["tool_calls"] = calls
    return said


def _without_echoes(part: Part) -> Part:
    return part if isinstance(part, Opaque) else msgspec.structs.replace(part, extras={})


def write_call(call: ToolCall, native: bool) -> dict[str, Any]:
    extras = call.extras if native else {}
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}, **extras}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}, **extras}


def _write_turn(turn: Message, native: bool, at: str) -> list[dict[str, Any]]:
    """Tool results first, each a message of its own; then what they held that is no text; then the rest of the turn."""
    results: list[dict[str, Any]] = []
    moved: list[Part] = []
    rest: list[Part] = []
    for index, part in enumerate(turn.parts):
        if isinstance(part, ToolResult):
            results.append(_write_result(part, moved, native, f"{at}.content.{index}"))
        elif isinstance(part, Reasoning | ToolCall):
            refuse(f"A part of kind {type(part).__name__} outside an assistant's turn", f"{at}.content.{index}")
        else:
            rest.append(part)
    if results and not rest and not moved:
        return results
    content = write_content([*moved, *rest], native, at)
    extras = foreign_extras(turn.extras, native, at)
    return [*results, {"role": turn.role, **_named(turn), "content": "" if content is None else content, **extras}]


def _write_result(result: ToolResult, moved: list[Part], native: bool, at: str) -> dict[str, Any]:
    """A `tool` message holds text alone: what else the tool gave goes to `moved`, behind a line that says whose it is.

    Chat has no mark for a failed tool, so the text of one begins with `Error`.
    """
    texts: list[Part] = [part for part in result.parts if isinstance(part, Text)]
    others: list[Part] = [part for part in result.parts if isinstance(part, Image | File | Audio)]
    opaque = [part for part in result.parts if isinstance(part, Opaque)]
    if opaque and not native:
        write_part(opaque[0], native, at)
    if result.is_error:
        texts = _as_error(texts)
    if others:
        moved += [Text(text=f"From the result of the tool call {result.call_id}:"), *others]
    content = write_content([*texts, *opaque], native, at)
    extras = foreign_extras(result.extras, native, at)
    return {"role": "tool", "tool_call_id": result.call_id, "content": "" if content is None else content, **extras}


def _as_error(texts: list[Part]) -> list[Part]:
    first = texts[0] if texts else Text(text="")
    if not isinstance(first, Text) or first.text.lstrip().lower().startswith("error"):
        return texts
    return [msgspec.structs.replace(first, text=f"Error: {first.text}".rstrip()), *texts[1:]]


def _named(turn: Message) -> dict[str, Any]:
    return {} if turn.name is None else {"name": turn.name}
