"""A request of the Responses API, read into the neutral form and written from it.

Three kinds of fields are its own. Those that change what is answered or done (`conversation`, `truncation: auto`, …) are extras,
which another dialect's writer refuses. Those that ask nothing of the model (`include`, `store`, …) and those that the answer
repeats stand in `echo`, where no other writer looks. What is shared with chat by name is an extra too.
"""

from typing import Any, Final

from gateway.wire.fields import Fields
from gateway.wire.neutral import Message, Request, Text, ToolChoice
from gateway.wire.responses.parts import NAME, refuse
from gateway.wire.responses.tools import (
    read_format,
    read_thinking,
    read_tool_choice,
    read_tools,
    write_format,
    write_thinking,
    write_tool_choice,
    write_tools,
)
from gateway.wire.responses.turns import read_input, write_items

LOGPROBS: Final = "message.output_text.logprobs"
# Repeated by the answer as the caller wrote them, though the neutral request holds them elsewhere.
_REPEATED: Final = ("tools", "tool_choice", "text", "reasoning", "instructions", "previous_response_id")
# Ask nothing that another dialect's upstream would do differently.
_QUIET: Final = ("store", "include", "max_tool_calls", "stream_options", "prompt_cache_options")
# Values with which a field asks for nothing.
_IDLE: Final[dict[str, Any]] = {"background": False, "truncation": "disabled", "context_management": []}


def read_request(body: dict[str, Any]) -> Request:
    """`instructions` become the first message, a system one; whether there are any is told by `echo`."""
    fields = Fields(body)
    echo = {name: body[name] for name in (*_REPEATED, *_QUIET, *_IDLE) if body.get(name) is not None}
    for name in _QUIET:
        fields.any(name)
    for name, idle in _IDLE.items():
        if fields.left.get(name) == idle:
            fields.any(name)
    instructions = fields.text("instructions")
    include = _read_include(body)
    tools, hosted = read_tools(fields)
    choice = read_tool_choice(fields)
    text = fields.fields("text")
    ranked = fields.integer("top_logprobs")
    request = Request(
        dialect=NAME,
        model=fields.needed_text("model"),
        messages=read_input(fields),
        tools=tools,
        hosted=hosted,
        tool_choice=choice if isinstance(choice, ToolChoice) else None,
        parallel_tools=fields.flag("parallel_tool_calls"),
        max_tokens=fields.integer("max_output_tokens"),
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        logprobs=True if LOGPROBS in include or ranked else None,
        top_logprobs=ranked or None,
        format=read_format(text),
        thinking=read_thinking(fields),
        stream=fields.flag("stream") or False,
        include_usage=True,  # every answer of this dialect reports it
        user=fields.text("user"),
        metadata=fields.mapping("metadata"),
        service_tier=fields.text("service_tier"),
        echo=echo,
    )
    if instructions:
        request.messages.insert(0, Message(role="system", parts=[Text(text=instructions)]))
    request.extras = fields.rest()
    if isinstance(choice, dict):
        request.extras["tool_choice"] = choice
    return request


def _read_include(body: dict[str, Any]) -> list[str]:
    wanted = Fields(body).items("include") or []
    for index, name in enumerate(wanted):
        if not isinstance(name, str):
            raise Fields({}, "include").wrong("a string", name, index)
    return wanted


# --- writing ---------------------------------------------------------------------------------------------------------

# Fields of the neutral form that this API has no place for: name here, value that asks for nothing, name by dialect.
_ABSENT: Final[tuple[tuple[str, tuple[Any, ...], dict[str, str]], ...]] = (
    ("stop", ([],), {"messages": "stop_sequences"}),
    ("n", (1,), {}),
    ("seed", (None,), {}),
    ("top_k", (None,), {}),
    ("presence_penalty", (None, 0), {}),
    ("frequency_penalty", (None, 0), {}),
    ("logit_bias", (None, {}), {}),
)
# Fields that chat and Responses have in common, by name and meaning.
_SHARED: Final = {"store", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "safety_identifier"}
# Fields of other dialects that may be left out: with one of these values, or (None) whatever they say.
_DROPPABLE: Final[dict[str, tuple[Any, ...] | None]] = {
    "stream_options": None,
    "prediction": None,  # a wish for speed
    "modalities": (["text"],),
    "cache_control": None,
    "inference_geo": ("global", "not_available"),
}
# Written by hand elsewhere in this file.
_PLACED: Final = {"verbosity", "tool_choice"}
# Anthropic's word for "never the priority capacity".
_TIERS: Final = {"standard_only": "default"}


def write_request(request: Request) -> dict[str, Any]:
    """A request of another dialect asks that nothing be stored: its caller never asked for that."""
    native = request.dialect == NAME
    for name, idle, names in _ABSENT:
        if getattr(request, name) not in idle:
            refuse(f"The parameter {names.get(request.dialect, name)!r}", names.get(request.dialect, name))
    instructions, messages = _split_instructions(request)
    body = {
        "model": request.model,
        "instructions": instructions,
        "input": write_items(messages, native),
        "tools": write_tools(request, native) or None,
        "tool_choice": write_tool_choice(request),
        "parallel_tool_calls": request.parallel_tools,
        "max_output_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_logprobs": request.top_logprobs or None,
        "text": _write_text(request, native),
        "reasoning": write_thinking(request.thinking, native),
        "stream": request.stream or None,
        **_write_owner(request, native),
        "service_tier": _TIERS.get(request.service_tier or "", request.service_tier),
        **(_kept(request) if native else {"store": False, **_own_extras(request)}),
        "include": _write_include(request),
    }
    return {name: value for name, value in body.items() if value is not None}


def _split_instructions(request: Request) -> tuple[str | None, list[Message]]:
    first = request.messages[0] if request.messages else None
    if request.echo.get("instructions") and first is not None and first.role == "system":
        return "".join(part.text for part in first.parts if isinstance(part, Text)), request.messages[1:]
    return None, request.messages


def _kept(request: Request) -> dict[str, Any]:
    """The fields of a caller of this very dialect."""
    own = {name: request.echo[name] for name in (*_QUIET, *_IDLE) if name in request.echo}
    return {**own, **{name: value for name, value in request.extras.items() if name not in _PLACED}}


def _own_extras(request: Request) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for name, value in request.extras.items():
        if name in _SHARED:
            own[name] = value
        elif name in _DROPPABLE:
            harmless = _DROPPABLE[name]
            if harmless is not None and value not in harmless:
                refuse(f"The parameter {name!r} with this value", name)
        elif value is not None and name not in _PLACED:
            refuse(f"The parameter {name!r}", name)
    return own


def _write_include(request: Request) -> list[Any] | None:
    wanted = [name for name in request.echo.get("include", []) if name != LOGPROBS]
    return [*wanted, LOGPROBS] if request.logprobs else wanted or None


def _write_text(request: Request, native: bool) -> dict[str, Any] | None:
    """`text.format`, and beside it what a Responses caller said there, or chat's `verbosity`."""
    said = request.echo.get("text") if native else {"verbosity": request.extras.get("verbosity")}
    text = {name: value for name, value in (said or {}).items() if name != "format" and value is not None}
    form = write_format(request.format, native)
    return {**({"format": form} if form else {}), **text} or None


def _write_owner(request: Request, native: bool) -> dict[str, Any]:
    """Who the end user is: `metadata.user_id` in the Messages API, whose metadata holds nothing else."""
    if native or request.dialect != "messages":
        return {"user": request.user, "metadata": request.metadata}
    named = (request.metadata or {}).get("user_id")
    return {"user": request.user if request.user is not None or not isinstance(named, str) else named}
