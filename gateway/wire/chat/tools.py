"""Tools and tool choice of chat completions, read and written."""

from typing import Any

from gateway.wire.chat.parts import refuse
from gateway.wire.fields import Fields
from gateway.wire.neutral import Request, Tool, ToolChoice

# What other dialects may say of a tool that changes no meaning here: prices, streaming manners, hints for the search of tools.
_HINTS = {"cache_control", "eager_input_streaming", "defer_loading", "allowed_callers", "input_examples", "type"}

_MODES = "'none', 'auto', 'required', or an object that names a tool"


def read_tools(body: Fields) -> tuple[list[Tool], list[dict[str, Any]]]:
    """(functions and custom tools, tools the vendor runs itself). The legacy `functions` are functions too."""
    tools: list[Tool] = []
    hosted: list[dict[str, Any]] = []
    for tool in body.each("tools"):
        whole = dict(tool.left)
        kind = tool.needed_text("type")
        if kind == "function":
            tools.append(_read_function(tool.needed_fields("function"), tool.rest()))
        elif kind == "custom":
            tools.append(_read_custom(tool.needed_fields("custom"), tool.rest()))
        else:
            hosted.append(whole)
    tools += [_read_function(function, {}) for function in body.each("functions")]
    return tools, hosted


def _read_function(function: Fields, outer: dict[str, Any]) -> Tool:
    tool = Tool(
        name=function.needed_text("name"),
        description=function.text("description"),
        parameters=function.mapping("parameters"),
        strict=function.flag("strict"),
    )
    inner = function.rest()
    tool.extras = {**outer, "function": inner} if inner else outer
    return tool


def _read_custom(custom: Fields, outer: dict[str, Any]) -> Tool:
    name, description = custom.needed_text("name"), custom.text("description")
    return Tool(name=name, description=description, custom=True, extras={**outer, **custom.rest()})


def read_tool_choice(body: Fields) -> ToolChoice | dict[str, Any] | None:
    """A dictionary is a form that only this dialect knows (`allowed_tools`), as it came."""
    legacy = body.any("function_call")
    value = body.any("tool_choice")
    if value is None and isinstance(legacy, dict):
        return ToolChoice(mode="tool", name=Fields(legacy, body.place("function_call")).needed_text("name"))
    value = legacy if value is None else value
    if value is None:
        return None
    if isinstance(value, str):
        if value not in _WORDS:
            raise body.unknown(_MODES, "tool_choice")
        return _WORDS[value]()
    if not isinstance(value, dict):
        raise body.wrong(_MODES, value, "tool_choice")
    choice = Fields(value, body.place("tool_choice"))
    kind = choice.needed_text("type")
    if kind in ("function", "custom"):
        named = choice.needed_fields(kind)
        return ToolChoice(mode="tool", name=named.needed_text("name"), extras=choice.rest())
    return value


_WORDS = {
    "auto": lambda: ToolChoice(mode="auto"),
    "none": lambda: ToolChoice(mode="none"),
    "required": lambda: ToolChoice(mode="required"),
    "any": lambda: ToolChoice(mode="required"),  # Mistral's word
}


def write_tools(request: Request, native: bool) -> list[dict[str, Any]]:
    if request.hosted and not native:
        refuse(f"The hosted tool {request.hosted[0].get('type')!r}", "tools")
    written = [_write_tool(tool, native, f"tools.{index}") for index, tool in enumerate(request.tools)]
    return written + request.hosted


def _write_tool(tool: Tool, native: bool, at: str) -> dict[str, Any]:
    extras = dict(tool.extras) if native else _own(tool, at)
    inner: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        inner["description"] = tool.description
    if tool.custom:
        return {"type": "custom", "custom": {**inner, **extras}}
    if tool.parameters is not None:
        inner["parameters"] = tool.parameters
    if tool.strict is not None:
        inner["strict"] = tool.strict
    return {"type": "function", "function": {**inner, **extras.pop("function", {})}, **extras}


def _own(tool: Tool, at: str) -> dict[str, Any]:
    """Another dialect's extras: hints go, the grammar of a custom tool is said as chat says it, the rest is refused."""
    own: dict[str, Any] = {}
    for name, value in tool.extras.items():
        if tool.custom and name == "format" and isinstance(value, dict):
            own["format"] = _grammar(value)
        elif value is not None and name not in _HINTS:
            refuse(f"The field {name!r} of a tool", f"{at}.{name}")
    return own


def _grammar(form: dict[str, Any]) -> dict[str, Any]:
    """Responses says a grammar flat, chat in an object of its own."""
    if form.get("type") != "grammar" or "grammar" in form:
        return form
    return {"type": "grammar", "grammar": {name: value for name, value in form.items() if name != "type"}}


def write_tool_choice(request: Request) -> Any:
    choice = request.tool_choice
    if choice is None:
        return None
    if choice.mode != "tool":
        return choice.mode
    kind = "custom" if any(tool.custom and tool.name == choice.name for tool in request.tools) else "function"
    return {"type": kind, kind: {"name": choice.name}}
