"""A request of the Messages API, read into the neutral form. `outgoing` writes one.

Wrong types raise `invalid_request` with the place as `param`. What only this API knows stays in `extras`, or whole.
"""

from typing import Any, Final

from gateway.wire.fields import Fields
from gateway.wire.messages.blocks import NAME, read_content, read_text
from gateway.wire.neutral import Format, Message, Request, Role, Text, Thinking, Tool, ToolChoice

_ROLES: Final[dict[str, Role]] = {"user": "user", "assistant": "assistant", "system": "system"}


def read_request(body: dict[str, Any]) -> Request:
    """The vendor demands `max_tokens`, so we do."""
    fields = Fields(body)
    if fields.left.get("max_tokens") is None:
        raise fields.missing("an integer", "max_tokens")
    return _read(fields)


def read_count_request(body: dict[str, Any]) -> Request:
    """A request to count tokens: the same without `max_tokens`."""
    return _read(Fields(body))


def _read(fields: Fields) -> Request:
    tools, hosted = _read_tools(fields)
    choice, parallel = _read_choice(fields)
    settings = fields.fields("output_config")
    stream = fields.flag("stream") or False
    user, metadata = _read_metadata(fields)
    request = Request(
        dialect=NAME,
        model=fields.needed_text("model"),
        messages=[*_read_system(fields), *_read_messages(fields)],
        tools=tools,
        hosted=hosted,
        tool_choice=choice,
        parallel_tools=parallel,
        max_tokens=fields.integer("max_tokens"),
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        top_k=fields.integer("top_k"),
        stop=_read_stop(fields),
        format=_read_format(fields, settings),
        thinking=_read_thinking(fields, settings),
        stream=stream,
        include_usage=stream,  # part of every stream of this API
        user=user,
        metadata=metadata,
        service_tier=fields.text("service_tier"),
    )
    request.extras = fields.rest()
    if settings is not None and (rest := settings.rest()):
        request.extras["output_config"] = rest
    return request


def _read_system(fields: Fields) -> list[Message]:
    """`system` becomes the first message."""
    value = fields.left.get("system")
    if value is None or isinstance(value, str):
        text = fields.text("system")
        return [] if text is None else [Message(role="system", parts=[Text(text=text)])]
    if not isinstance(value, list):
        raise fields.wrong("a string or a list of text blocks", value, "system")
    message = Message(role="system", parts=[])
    for block in fields.each("system"):
        if block.needed_text("type") != "text":
            raise block.unknown("'text'", "type")
        message.parts.append(read_text(block))
    return [message]


def _read_messages(fields: Fields) -> list[Message]:
    if fields.left.get("messages") is None:
        raise fields.missing("a list of messages", "messages")
    return [_read_message(message) for message in fields.each("messages")]


def _read_message(message: Fields) -> Message:
    role = _ROLES.get(message.needed_text("role"))
    if role is None:
        raise message.unknown("one of user, assistant, system", "role")
    if message.left.get("content") is None:
        raise message.missing("a string or a list of blocks", "content")
    parts = read_content(message)
    return Message(role=role, parts=parts, extras=message.rest())


def _read_tools(fields: Fields) -> tuple[list[Tool], list[dict[str, Any]]]:
    """A tool with a type of its own is the vendor's, whoever runs it, and is kept whole."""
    tools: list[Tool] = []
    hosted: list[dict[str, Any]] = []
    for tool in fields.each("tools"):
        whole = dict(tool.left)
        if (tool.text("type") or "custom") != "custom":
            hosted.append(whole)
            continue
        tools.append(
            Tool(
                name=tool.needed_text("name"),
                description=tool.text("description"),
                parameters=tool.needed_fields("input_schema").left,
                strict=tool.flag("strict"),
                extras=tool.rest(),
            )
        )
    return tools, hosted


def _read_choice(fields: Fields) -> tuple[ToolChoice | None, bool | None]:
    """The choice, and whether tools may be called in parallel."""
    choice = fields.fields("tool_choice")
    if choice is None:
        return None, None
    kind = choice.needed_text("type")
    alone = choice.flag("disable_parallel_tool_use")
    parallel = None if alone is None else not alone
    if kind == "auto":
        return ToolChoice(mode="auto", extras=choice.rest()), parallel
    if kind == "any":
        return ToolChoice(mode="required", extras=choice.rest()), parallel
    if kind == "none":
        return ToolChoice(mode="none", extras=choice.rest()), parallel
    if kind == "tool":
        return ToolChoice(mode="tool", name=choice.needed_text("name"), extras=choice.rest()), parallel
    raise choice.unknown("one of auto, any, tool, none", "type")


def _read_stop(fields: Fields) -> list[str]:
    items = fields.items("stop_sequences") or []
    for index, item in enumerate(items):
        if not isinstance(item, str):
            raise Fields({}, fields.place("stop_sequences")).wrong("a string", item, index)
    return items


def _read_format(fields: Fields, settings: Fields | None) -> Format | None:
    """`output_config.format`, or the older `output_format`. The vendor's structured output is always strict."""
    older = fields.fields("output_format")
    form = (settings.fields("format") if settings is not None else None) or older
    if form is None:
        return None
    if form.needed_text("type") != "json_schema":
        raise form.unknown("'json_schema'", "type")
    return Format(kind="schema", schema=form.needed_fields("schema").left, strict=True, extras=form.rest())


def _read_thinking(fields: Fields, settings: Fields | None) -> Thinking | None:
    """A manner of thinking without a budget (`adaptive`, `between_tools`) keeps its name in `extras.type`.

    `display: summarized` is a wish for a summary; any other display stays as it is.
    """
    effort = settings.text("effort") if settings is not None else None
    thinking = fields.fields("thinking")
    if thinking is None:
        return None if effort is None else Thinking(effort=effort)
    kind = thinking.needed_text("type")
    found = Thinking(enabled=kind != "disabled", effort=effort)
    if kind == "enabled":
        found.budget_tokens = thinking.integer("budget_tokens")
        if found.budget_tokens is None:
            raise thinking.missing("an integer", "budget_tokens")
    if thinking.left.get("display") == "summarized":
        thinking.any("display")
        found.summary = "auto"
    found.extras = thinking.rest() | ({} if kind in ("enabled", "disabled") else {"type": kind})
    return found


def _read_metadata(fields: Fields) -> tuple[str | None, dict[str, Any] | None]:
    metadata = fields.fields("metadata")
    if metadata is None:
        return None, None
    return metadata.text("user_id"), metadata.rest() or None
