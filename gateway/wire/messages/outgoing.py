"""A request written for the Messages API.

From this API itself everything goes back as it was. From other dialects: what is said otherwise here is mapped, what cannot change what
the caller gets is dropped (`DROPPED` says each, and why), and what cannot be said is refused with `unsupported_parameter`.
"""

from collections.abc import Callable
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.wire.messages.blocks import NAME
from gateway.wire.messages.effort import Effort, Model, effort_of, model_of
from gateway.wire.messages.turns import refuse, write_turns
from gateway.wire.neutral import Format, Request, Thinking, Tool

# What is dropped, always or where it is in the way, and why that is no loss, or the lesser one.
DROPPED: Final[dict[str, str]] = {
    "seed": "a hint: no vendor promises equal answers for it",
    "n": "only 1, which is what every request gets",
    "presence_penalty": "only 0, which asks for nothing",
    "frequency_penalty": "only 0, which asks for nothing",
    "logprobs": "only false, which asks for nothing",
    "temperature": "above 1 it becomes 1; with thinking on, and for models that refuse it, the model's own",
    "top_p": "beside a temperature (one of both is taken), below 0.95 with thinking on, and for models that refuse it",
    "top_k": "with thinking on, and for models that refuse it",
    "stop": "sequences of white space alone, which are refused here",
    "messages.name": "a label of the speaker; what is said stays",
    "messages.reasoning": "reasoning of other vendors, which nobody here can verify",
    "detail": "a hint on how closely to look at an image",
    "response_format.name": "a label; a schema is always strict here",
    "tool_choice": "`none` where no tools are declared",
    "metadata": "labels for a vendor's own store",
    "service_tier": "tiers that do not exist here",
    "store": "the gateway keeps what must be kept",
    "include": "asks for details of parts that do not exist here",
    "stream_options": "usage is part of every stream here",
    "previous_response_id": "the conversation has been put together before",
    "prompt_cache_key": "a hint for a cache that works otherwise here",
    "prompt_cache_retention": "a hint for a cache that works otherwise here",
    "prediction": "makes an answer faster, not different",
    "verbosity": "a hint on length",
    "max_tool_calls": "counts hosted tools, which are refused by themselves",
    "truncation": "only `disabled`, which is how it always is here",
    "background": "only false",
    "modalities": "only text",
}
_HARMLESS: Final[dict[str, tuple[Any, ...]]] = {
    "truncation": ("disabled",),
    "background": (False,),
    "modalities": (["text"],),
}
# Fields of this API that callers of other APIs may add to theirs.
_OWN: Final = frozenset(
    {
        "cache_control",
        "container",
        "context_management",
        "inference_geo",
        "mcp_servers",
        "output_config",
        "speed",
        "thinking",
    }
)

_TIERS: Final[dict[str, str]] = {
    "auto": "auto",
    "priority": "auto",
    "default": "standard_only",
    "standard_only": "standard_only",
}
_CHOICES: Final[dict[str, str]] = {"auto": "auto", "required": "any", "none": "none", "tool": "tool"}

# (field, whether the request asks for it, what to say)
_UNSAYABLE: Final[tuple[tuple[str, Callable[[Request], bool], str], ...]] = (
    ("n", lambda asked: asked.n != 1, "More than one answer"),
    ("logprobs", lambda asked: bool(asked.logprobs) or bool(asked.top_logprobs), "Log-probabilities"),
    ("logit_bias", lambda asked: bool(asked.logit_bias), "Biased tokens"),
    ("presence_penalty", lambda asked: bool(asked.presence_penalty), "A penalty other than 0"),
    ("frequency_penalty", lambda asked: bool(asked.frequency_penalty), "A penalty other than 0"),
    (
        "response_format",
        lambda asked: (
            asked.format is not None and (asked.format.kind == "json" or not _is_schema_or_text(asked.format))
        ),
        "JSON without a schema (give a json_schema instead)",
    ),
    (
        "tools",
        lambda asked: any(tool.custom for tool in asked.tools),
        "A tool that takes free text (declare a function instead)",
    ),
)


def prepare(body: dict[str, Any]) -> None:
    """Takes thinking without a signature out of a native history: another upstream wrote it, and the vendor refuses it.

    Everything else stays as it came. The messages are replaced, not changed: they may still go to another target.
    """
    turns = body.get("messages")
    if isinstance(turns, list) and any(_unsigned(block) for turn in turns for block in _blocks(turn)):
        kept = [_signed(turn) for turn in turns]
        body["messages"] = [turn for turn in kept if not isinstance(turn, dict) or turn.get("content") != []]


def _signed(turn: Any) -> Any:
    blocks = _blocks(turn)
    if not any(_unsigned(block) for block in blocks):
        return turn
    return {**turn, "content": [block for block in blocks if not _unsigned(block)]}


def _blocks(turn: Any) -> list[Any]:
    content = turn.get("content") if isinstance(turn, dict) and turn.get("role") == "assistant" else None
    return content if isinstance(content, list) else []


def _unsigned(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "thinking" and not block.get("signature")


def write_request(request: Request) -> dict[str, Any]:
    native = request.dialect == NAME
    if not native:
        _refuse_unsayable(request)
    model = model_of(request.model)
    effort = _as_asked(request, model) if native else effort_of(request, model)
    system, messages = write_turns(request, native)
    extras = dict(request.extras) if native else _own_extras(request)
    settings = {
        "effort": effort.effort,
        "format": _write_format(request.format, native),
        **extras.pop("output_config", {}),
    }
    tools = [_write_tool(tool, native, f"tools.{index}") for index, tool in enumerate(request.tools)] + request.hosted
    body = {
        "model": request.model,
        "max_tokens": effort.max_tokens,
        "system": system,
        "messages": messages,
        "tools": tools or None,
        "tool_choice": _write_choice(request, native),
        "thinking": effort.thinking,
        "output_config": {name: value for name, value in settings.items() if value is not None} or None,
        **_write_sampling(request, native, model, effort),
        "stop_sequences": (request.stop if native else [text for text in request.stop if text.strip()]) or None,
        "metadata": _write_metadata(request, native),
        "service_tier": request.service_tier if native else _TIERS.get(request.service_tier or ""),
        "stream": request.stream or None,
    }
    return {**{name: value for name, value in body.items() if value is not None}, **extras}


def _refuse_unsayable(request: Request) -> None:
    for param, asked, what in _UNSAYABLE:
        if asked(request):
            refuse(what, param)
    if request.hosted:
        refuse(f"The hosted tool {request.hosted[0].get('type')!r}", "tools")


def _is_schema_or_text(form: Format) -> bool:
    return form.kind == "text" or form.schema is not None


def _own_extras(request: Request) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for name, value in request.extras.items():
        if name in _OWN:
            own[name] = value
        elif name in _HARMLESS and value not in _HARMLESS[name]:
            refuse(f"The parameter {name!r} with this value", name)
        elif name not in DROPPED and name != "safety_identifier" and value is not None:
            refuse(f"The parameter {name!r}", name)
        elif name == "tool_choice" and value is not None:
            refuse("A tool choice of this form", name)
    return own


def _write_metadata(request: Request, native: bool) -> dict[str, Any] | None:
    """Who the end user is; OpenAI's newer name for it is `safety_identifier`."""
    user = request.user
    if native:
        return {**(request.metadata or {}), **({} if user is None else {"user_id": user})} or None
    user = user if user is not None else request.extras.get("safety_identifier")
    return {"user_id": user} if isinstance(user, str) else None


def _write_tool(tool: Tool, native: bool, at: str) -> dict[str, Any]:
    """A schema says that it is an object's, which is taken for granted elsewhere."""
    schema = dict(tool.parameters or {})
    if not native and "type" not in schema:
        schema = {"type": "object", "properties": {}, **schema}
    written: dict[str, Any] = {"name": tool.name, "input_schema": schema}
    if tool.description is not None:
        written["description"] = tool.description
    if tool.strict is not None:
        written["strict"] = tool.strict
    extras = dict(tool.extras)
    if not native:
        cached = extras.pop("cache_control", None)
        if foreign := sorted(name for name, value in extras.items() if value is not None):
            refuse(f"The field {foreign[0]!r} of a tool", f"{at}.{foreign[0]}")
        extras = {"cache_control": cached} if isinstance(cached, dict) else {}
    return {**written, **extras}


def _write_choice(request: Request, native: bool) -> dict[str, Any] | None:
    """Parallel calls are switched off inside the choice, so that switching them off makes one."""
    choice, parallel = request.tool_choice, request.parallel_tools
    if not native and not request.tools:
        return None
    if choice is None:
        return {"type": "auto", "disable_parallel_tool_use": True} if parallel is False else None
    written: dict[str, Any] = {"type": _CHOICES[choice.mode]}
    if choice.name is not None:
        written["name"] = choice.name
    if parallel is not None and choice.mode != "none":
        written["disable_parallel_tool_use"] = not parallel
    return {**written, **(choice.extras if native else {})}


def _write_format(form: Format | None, native: bool) -> dict[str, Any] | None:
    if form is None or form.kind != "schema":
        return None
    return {"type": "json_schema", "schema": form.schema, **(form.extras if native else {})}


def _as_asked(request: Request, model: Model) -> Effort:
    """A caller of this API has said all this in its own words."""
    thinking = request.thinking
    room = model.max_tokens if request.max_tokens is None else request.max_tokens
    if thinking is None:
        return Effort(room)
    return Effort(room, _thinking_as_asked(thinking), thinking.effort)


def _thinking_as_asked(thinking: Thinking) -> dict[str, Any] | None:
    if thinking.enabled is None:
        return None
    written: dict[str, Any] = {"type": "disabled"}
    if thinking.enabled:
        written["type"] = "adaptive" if thinking.budget_tokens is None else "enabled"
    if thinking.budget_tokens is not None:
        written["budget_tokens"] = thinking.budget_tokens
    if thinking.summary is not None:
        written["display"] = "summarized"
    return written | thinking.extras


def _write_sampling(request: Request, native: bool, model: Model, effort: Effort) -> dict[str, Any]:
    """Temperature goes to 2 elsewhere and to 1 here. Thinking allows none but 1, no top_k, and top_p from 0.95."""
    temperature, top_p, top_k = request.temperature, request.top_p, request.top_k
    if native:
        return {"temperature": temperature, "top_p": top_p, "top_k": top_k}
    if not model.sampling:
        return {}
    if effort.thinks:
        return {"top_p": top_p if top_p is not None and top_p >= 0.95 else None}
    if temperature is not None and temperature < 0:
        raise GatewayError("invalid_request", "temperature: expected a number from 0 to 2", param="temperature")
    if temperature is not None:
        temperature = min(temperature, 1)
    if not model.both and temperature is not None and top_p is not None:
        temperature, top_p = (None, top_p) if temperature == 1 and top_p != 1 else (temperature, None)
    return {"temperature": temperature, "top_p": top_p, "top_k": top_k}
