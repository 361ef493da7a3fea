"""Tools, tool choice, structured output and reasoning options of the Responses API, read and written."""

from typing import Any, Final, cast

from gateway.wire.chat.request import BUDGETS
from gateway.wire.fields import Fields
from gateway.wire.neutral import Format, Request, Thinking, Tool, ToolChoice
from gateway.wire.responses.parts import NAME, refuse

# What other dialects may say of a tool that changes no meaning here.
_HINTS: Final = {"cache_control", "eager_input_streaming", "defer_loading", "allowed_callers", "input_examples", "type"}
_MODES: Final = ("auto", "none", "required")
_KINDS: Final[dict[str, Any]] = {"text": "text", "json_object": "json", "json_schema": "schema"}
_WORDS: Final = {kind: word for word, kind in _KINDS.items()}


def read_tools(body: Fields) -> tuple[list[Tool], list[dict[str, Any]]]:
    """(functions and custom tools, tools the vendor runs itself)."""
    tools: list[Tool] = []
    hosted: list[dict[str, Any]] = []
    for tool in body.each("tools"):
        whole = dict(tool.left)
        kind = tool.needed_text("type")
        if kind in ("function", "custom"):
            tools.append(_read_tool(tool, custom=kind == "custom"))
        else:
            hosted.append(whole)
    return tools, hosted


def _read_tool(tool: Fields, *, custom: bool) -> Tool:
    found = Tool(name=tool.needed_text("name"), description=tool.text("description"), custom=custom)
    if not custom:
        found.parameters, found.strict = tool.mapping("parameters"), tool.flag("strict")
    found.extras = tool.rest()
    return found


def read_tool_choice(body: Fields) -> ToolChoice | dict[str, Any] | None:
    """A dictionary is a form that only this dialect knows (`allowed_tools`, a hosted tool), as it came."""
    value = body.any("tool_choice")
    if value is None:
        return None
    if isinstance(value, str):
        if value not in _MODES:
            raise body.unknown("'none', 'auto', 'required', or an object that names a tool", "tool_choice")
        return ToolChoice(mode=cast("Any", value))
    choice = Fields(value, body.place("tool_choice"))
    kind = choice.needed_text("type")
    if kind in ("function", "custom"):
        return ToolChoice(mode="tool", name=choice.needed_text("name"))
    if kind == "allowed_tools":
        choice.text("mode")
        for tool in choice.each("tools"):
            tool.needed_text("type")
    return cast("dict[str, Any]", value)


def read_format(text: Fields | None) -> Format | None:
    """`text.format`; what else `text` holds stays in it."""
    form = text.fields("format") if text else None
    if form is None:
        return None
    kind = form.needed_text("type")
    if kind not in _KINDS:
        raise form.unknown(f"one of {', '.join(_KINDS)}", "type")
    found = Format(kind=_KINDS[kind])
    if kind == "json_schema":
        found.name = form.needed_text("name")
        found.schema, found.strict = form.mapping("schema"), form.flag("strict")
        found.description = form.text("description")
    found.extras = form.rest()
    return found


def read_thinking(body: Fields) -> Thinking | None:
    """The effort `none` switches reasoning off. `generate_summary` is the old name of `summary`."""
    reasoning = body.fields("reasoning")
    if reasoning is None:
        return None
    effort = reasoning.text("effort")
    summary, older = reasoning.text("summary"), reasoning.text("generate_summary")
    found = Thinking(effort=effort, summary=summary or older, enabled=False if effort == "none" else None)
    found.extras = reasoning.rest()
    return found


# --- writing ---------------------------------------------------------------------------------------------------------


def write_tools(request: Request, native: bool) -> list[dict[str, Any]]:
    if request.hosted and not native:
        refuse(f"The hosted tool {request.hosted[0].get('type')!r}", "tools")
    return [_write_tool(tool, native, f"tools.{index}") for index, tool in enumerate(request.tools)] + request.hosted


def _write_tool(tool: Tool, native: bool, at: str) -> dict[str, Any]:
    """Functions are strict here unless told otherwise, and not strict elsewhere: what was not said is said."""
    extras = dict(tool.extras) if native else _own(tool, at)
    written: dict[str, Any] = {"type": "custom" if tool.custom else "function", "name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    if not tool.custom:
        written["parameters"] = tool.parameters
        written["strict"] = tool.strict if native else bool(tool.strict)
    return {**written, **extras}


def _own(tool: Tool, at: str) -> dict[str, Any]:
    """Another dialect's extras: hints go, the grammar of a custom tool is said as Responses says it, the rest is refused."""
    own: dict[str, Any] = {}
    for name, value in tool.extras.items():
        if tool.custom and name == "format" and isinstance(value, dict):
            grammar = value.get("grammar")
            own[name] = {"type": "grammar", **grammar} if isinstance(grammar, dict) else value
        elif value is not None and name not in _HINTS:
            refuse(f"The field {name!r}", f"{at}.{name}")
    return own


def write_tool_choice(request: Request) -> Any:
    """A word, or an object; the forms that chat alone has stand in its extras."""
    choice = request.tool_choice
    if choice is not None and choice.mode == "tool":
        custom = any(tool.custom for tool in request.tools if tool.name == choice.name)
        return {"type": "custom" if custom else "function", "name": choice.name}
    if choice is not None:
        return choice.mode
    kept = request.extras.get("tool_choice")
    if request.dialect == NAME or not isinstance(kept, dict):
        return kept
    allowed = kept.get("allowed_tools")
    if kept.get("type") != "allowed_tools" or not isinstance(allowed, dict):
        refuse(f"The tool choice {kept.get('type')!r}", "tool_choice")
    tools = [_flat(tool) for tool in allowed.get("tools") or [] if isinstance(tool, dict)]
    return {"type": "allowed_tools", "mode": allowed.get("mode", "auto"), "tools": tools}


def _flat(tool: dict[str, Any]) -> dict[str, Any]:
    kind = str(tool.get("type"))
    inner = tool.get(kind)
    return {"type": kind, **inner} if isinstance(inner, dict) else tool


def write_format(form: Format | None, native: bool) -> dict[str, Any] | None:
    """A schema must have a name here; other dialects need none."""
    if form is None:
        return None
    written: dict[str, Any] = {"type": _WORDS[form.kind]}
    if form.kind == "schema":
        written["name"] = form.name or "answer"
        written["schema"] = form.schema
        further = {"description": form.description, "strict": form.strict}
        written |= {name: value for name, value in further.items() if value is not None}
    return {**written, **form.extras} if native else written


def write_thinking(thinking: Thinking | None, native: bool) -> dict[str, Any] | None:
    """A budget becomes a word, in the steps that chat has. Switched off without a word, nothing is said: most models never began."""
    if thinking is None:
        return None
    effort = thinking.effort
    if effort is None and thinking.budget_tokens is not None and thinking.enabled is not False:
        effort = next((word for bound, word in BUDGETS if thinking.budget_tokens <= bound), "high")
    said = {"effort": effort, "summary": thinking.summary, **(thinking.extras if native else {})}
    return {name: value for name, value in said.items() if value is not None} or None
