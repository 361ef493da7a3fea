"""A request of chat completions, read into the neutral form and written from it.

Written requests say `max_tokens`, which all but OpenAI's reasoning models take, and `top_k` where the caller gave one, which is
not OpenAI's but most self-hosted servers' own: a provider's row renames or strips such fields. What chat cannot say at all
raises `unsupported_parameter`.
"""

from typing import Any

from gateway.wire.chat.parts import NAME, refuse
from gateway.wire.chat.tools import read_tool_choice, read_tools, write_tool_choice, write_tools
from gateway.wire.chat.turns import read_messages, write_messages
from gateway.wire.fields import Fields
from gateway.wire.neutral import Format, Request, Thinking, ToolChoice


def read_request(body: dict[str, Any]) -> Request:
    fields = Fields(body)
    legacy = isinstance(body.get("functions"), list)
    tools, hosted = read_tools(fields)
    choice = read_tool_choice(fields)
    options = fields.fields("stream_options")
    newer, older = fields.integer("max_completion_tokens"), fields.integer("max_tokens")
    count = fields.integer("n")
    form = _read_format(fields)
    request = Request(
        dialect=NAME,
        model=fields.needed_text("model"),
        messages=read_messages(list(_needed_messages(fields))),
        tools=tools,
        hosted=hosted,
        tool_choice=choice if isinstance(choice, ToolChoice) else None,
        legacy_functions=legacy,
        parallel_tools=fields.flag("parallel_tool_calls"),
        max_tokens=older if newer is None else newer,
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        top_k=fields.integer("top_k"),
        stop=_read_stop(fields),
        n=1 if count is None else count,
        seed=fields.integer("seed"),
        presence_penalty=fields.number("presence_penalty"),
        frequency_penalty=fields.number("frequency_penalty"),
        logit_bias=_read_bias(fields),
        logprobs=fields.flag("logprobs"),
        top_logprobs=fields.integer("top_logprobs"),
        format=form if isinstance(form, Format) else None,
        thinking=_read_thinking(fields),
        stream=fields.flag("stream") or False,
        include_usage=(options.flag("include_usage") or False) if options else False,
        user=fields.text("user"),
        metadata=fields.mapping("metadata"),
        service_tier=fields.text("service_tier"),
    )
    kept = {
        "tool_choice": choice if isinstance(choice, dict) else None,
        "response_format": form if isinstance(form, dict) else None,
        "stream_options": options.rest() if options else None,
    }
    request.extras = {**fields.rest(), **{name: value for name, value in kept.items() if value}}
    return request


def _needed_messages(fields: Fields) -> list[Fields]:
    if fields.left.get("messages") is None:
        raise fields.missing("a list of messages", "messages")
    return list(fields.each("messages"))


def _read_stop(fields: Fields) -> list[str]:
    value = fields.any("stop")
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise fields.wrong("a string or a list of strings", value, "stop")
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise Fields({}, fields.place("stop")).wrong("a string", item, index)
    return list(value)


def _read_bias(fields: Fields) -> dict[str, float] | None:
    bias = fields.fields("logit_bias")
    if bias is None:
        return None
    return {token: value for token in list(bias.left) if (value := bias.number(token)) is not None}


_KINDS = {"text": "text", "json_object": "json"}


def _read_format(fields: Fields) -> Format | dict[str, Any] | None:
    """A dictionary is a form that only some servers know (a grammar, a regular expression), as it came."""
    form = fields.fields("response_format")
    if form is None:
        return None
    whole = dict(form.left)
    kind = form.needed_text("type")
    if kind == "text":
        return Format(kind="text", extras=form.rest())
    if kind == "json_object":
        return Format(kind="json", extras=form.rest())
    if kind != "json_schema":
        return whole
    schema = form.needed_fields("json_schema")
    found = Format(
        kind="schema",
        name=schema.needed_text("name"),
        schema=schema.mapping("schema"),
        strict=schema.flag("strict"),
        description=schema.text("description"),
    )
    inner, outer = schema.rest(), form.rest()
    found.extras = {**outer, "json_schema": inner} if inner else outer
    return found


def _read_thinking(fields: Fields) -> Thinking | None:
    """The word `none` switches reasoning off."""
    effort = fields.text("reasoning_effort")
    if effort is None:
        return None
    return Thinking(effort=effort, enabled=False if effort == "none" else None)


# --- writing ---------------------------------------------------------------------------------------------------------


def write_request(request: Request) -> dict[str, Any]:
    native = request.dialect == NAME
    extras = dict(request.extras) if native else _own_extras(request)
    options = extras.pop("stream_options", {})
    if request.include_usage and request.stream:  # refused beside an answer that is not streamed
        options = {"include_usage": True, **options}
    body = {
        "model": request.model,
        "messages": write_messages(request.messages, native),
        "tools": write_tools(request, native) or None,
        "tool_choice": write_tool_choice(request),
        "parallel_tool_calls": request.parallel_tools,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
        "stop": request.stop or None,
        "n": None if request.n == 1 else request.n,
        "seed": request.seed,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "logit_bias": request.logit_bias,
        "logprobs": request.logprobs,
        "top_logprobs": request.top_logprobs,
        "response_format": _write_format(request.format, native),
        "reasoning_effort": effort_word(request.thinking, native),
        "stream": request.stream or None,
        "stream_options": options or None,
        **_write_owner(request, native),
        "service_tier": _TIERS.get(request.service_tier or "", request.service_tier),
    }
    return {**{name: value for name, value in body.items() if value is not None}, **extras}


# Anthropic's word for "never the priority capacity".
_TIERS = {"standard_only": "default"}


def _write_owner(request: Request, native: bool) -> dict[str, Any]:
    """Who the end user is. Chat takes metadata only for completions it stores, so another dialect's stays with the caller."""
    if native:
        return {"user": request.user, "metadata": request.metadata}
    named = (request.metadata or {}).get("user_id") if request.dialect == "messages" else None
    return {"user": request.user if request.user is not None or not isinstance(named, str) else named}


# A budget of reasoning tokens as a word: the first row whose bound is not below it. Anthropic's least budget is 1,024.
BUDGETS = ((4_096, "low"), (16_384, "medium"))


def effort_word(thinking: Thinking | None, native: bool) -> str | None:
    """`reasoning_effort`: the word if one was given, else from the budget; None leaves it to the model.

    A wish for a summary of the reasoning has no place in chat and is dropped: what the server shows, it shows.
    """
    if thinking is None:
        return None
    if thinking.enabled is False:
        return "none"
    if thinking.effort is not None:
        return "xhigh" if thinking.effort == "max" and not native else thinking.effort
    if thinking.budget_tokens is None:
        return None
    return next((word for bound, word in BUDGETS if thinking.budget_tokens <= bound), "high")


def _write_format(form: Format | None, native: bool) -> dict[str, Any] | None:
    """`json_schema` must have a name; other dialects need none."""
    if form is None:
        return None
    extras = dict(form.extras) if native else {}
    if form.kind == "text":
        return {"type": "text", **extras}
    if form.kind == "json":
        return {"type": "json_object", **extras}
    said = {"description": form.description, "schema": form.schema, "strict": form.strict}
    schema = {"name": form.name or "answer", **{name: value for name, value in said.items() if value is not None}}
    return {"type": "json_schema", "json_schema": {**schema, **extras.pop("json_schema", {})}, **extras}


# Fields that Responses and chat have in common, by name and meaning.
_SHARED = {"prompt_cache_key", "prompt_cache_retention", "safety_identifier", "stream_options", "verbosity"}
# Fields of other dialects that may be left out: a field with any of these values asks for nothing that chat does not do anyway.
_DROPPABLE: dict[str, tuple[Any, ...] | None] = {
    "store": None,  # the gateway keeps what must be kept
    "include": None,  # wishes for encrypted or detailed echoes of parts that a chat answer does not have
    "truncation": ("disabled",),
    "background": (False,),
    "max_tool_calls": None,  # counts hosted tools, which are refused by themselves
    "previous_response_id": None,  # the conversation has been put together before
    "cache_control": None,
    "inference_geo": ("global", "not_available"),
    "speed": None,  # the same answer, sooner
}
# Only for callers of the Messages API, where it makes a long conversation shorter: what is not shortened is all still there.
_SHORTENING = "context_management"


def _own_extras(request: Request) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for name, value in request.extras.items():
        if name in _SHARED:
            own[name] = value
        elif name == "tool_choice" and isinstance(value, dict) and value.get("type") == "allowed_tools":
            own[name] = _allowed_tools(value)
        elif name == _SHORTENING and request.dialect == "messages":
            continue
        elif name in _DROPPABLE:
            harmless = _DROPPABLE[name]
            if harmless is not None and value not in harmless:
                refuse(f"The parameter {name!r} with this value", name)
        elif value not in (None, [], {}):
            refuse(f"The parameter {name!r}", name)
    return own


def _allowed_tools(choice: dict[str, Any]) -> dict[str, Any]:
    """Responses names the allowed tools flat, chat each in an object of its kind."""
    tools = [
        {"type": tool["type"], tool["type"]: {"name": tool.get("name")}}
        for tool in choice.get("tools") or []
        if isinstance(tool, dict) and tool.get("type") in ("function", "custom")
    ]
    return {"type": "allowed_tools", "allowed_tools": {"mode": choice.get("mode", "auto"), "tools": tools}}
